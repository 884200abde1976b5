/** The catalogs that chaos is made on, each with the store behind it. */
import { fileURLToPath } from "node:url";
import { startInProcessCatalog } from "../../lib/server/in_process.ts";
import { openS3Store } from "../../lib/store/s3_store.ts";
import { startFixture } from "../real/parts/fixture.ts";
import { startMinio } from "../real/parts/minio.ts";
import { startNessie } from "../real/parts/nessie.ts";
import { startPostgres } from "../real/parts/postgres.ts";
import { pyicebergS3Properties, type S3Server } from "../real/parts/s3_server.ts";
import type { Server } from "../real/parts/child.ts";
import { startVersitygw } from "../real/parts/versitygw.ts";
import type { ReaderAccess } from "../real/read_back.ts";
import { startServe } from "../real/tool.ts";

/** Names for `--catalog`. */
export const SITE_NAMES = ["embedded", "fixture", "nessie"] as const;

/** One of {@linkcode SITE_NAMES}. */
export type SiteName = typeof SITE_NAMES[number];

/** A catalog that runs, as one reaches it without a proxy. */
export interface ChaosSite {
  readonly name: SiteName;
  /** Base URI of the catalog. */
  readonly uri: string;
  readonly warehouse: string;
  /** Where S3 is reached, when the store is one. */
  readonly s3Endpoint: string | undefined;
  /** Properties that the tool needs, but the endpoint. */
  readonly properties: Readonly<Record<string, string>>;
  /** Whether metadata lists all snapshots. */
  readonly keepsHistory: boolean;
  /**
   * Whether a first commit is refused where there is a snapshot. Nessie 0.99 carries it out whenever
   * it comes and takes the table back to it, so there no such commit may come twice or late.
   */
  readonly refusesSecondFirst: boolean;
  /** How the readers that are not ours reach it. */
  readonly readers: ReaderAccess;
  /** Reads a file of a table; undefined when it is not there. */
  read(location: string): Promise<Uint8Array | undefined>;
  /** Removes what a table has on the local disk. */
  forget(location: string): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a catalog of this name, and the servers that it needs. */
export function startSite(name: SiteName): Promise<ChaosSite> {
  switch (name) {
    case "embedded":
      return startEmbedded();
    case "fixture":
      return startFixtureSite();
    case "nessie":
      return startNessieSite();
  }
}

async function startEmbedded(): Promise<ChaosSite> {
  const directory = await Deno.makeTempDir({ prefix: "lakekeeper-ingest-chaos-" });
  const catalog = await startInProcessCatalog({ warehouseDirectory: directory });
  return {
    ...embeddedSite(catalog.uri),
    stop: async () => {
      await catalog.close();
      await Deno.remove(directory, { recursive: true });
    },
  };
}

/** Starts the embedded catalog as `serve`, a process of its own. */
export async function startServeSite(): Promise<ChaosSite> {
  const serve = await startServe();
  return { ...embeddedSite(serve.uri), stop: serve.stop };
}

/** The site of an embedded catalog that runs already, in this process or in another. */
export function embeddedSite(uri: string): Omit<ChaosSite, "stop"> {
  return {
    name: "embedded",
    uri,
    warehouse: "demo",
    s3Endpoint: undefined,
    properties: {},
    keepsHistory: true,
    refusesSecondFirst: true,
    readers: { pyiceberg: { type: "rest", uri, warehouse: "demo" }, duckdb: "scan" },
    read: readLocal,
    forget: (location) => Deno.remove(fileURLToPath(location), { recursive: true }),
  };
}

async function startFixtureSite(): Promise<ChaosSite> {
  const [postgres, s3] = await Promise.all([startPostgres(), startVersitygw()]);
  const fixture = await startFixture(postgres, s3);
  const { uri, warehouse } = fixture;
  const keys = {
    "s3.access-key-id": s3.accessKeyId,
    "s3.secret-access-key": s3.secretAccessKey,
    "s3.region": s3.region,
    "s3.path-style-access": "true",
  };
  return {
    name: "fixture",
    uri,
    warehouse,
    s3Endpoint: s3.endpoint,
    properties: keys,
    keepsHistory: true,
    refusesSecondFirst: true,
    readers: {
      pyiceberg: { type: "rest", uri, warehouse, ...pyicebergS3Properties(s3) },
      s3,
      duckdb: "scan",
    },
    ...s3Access(s3, [postgres, s3, fixture]),
  };
}

async function startNessieSite(): Promise<ChaosSite> {
  const s3 = await startMinio();
  const nessie = await startNessie(s3);
  const { uri, warehouse } = nessie;
  return {
    name: "nessie",
    uri,
    warehouse,
    // Nessie vends the endpoint that it was given, so no proxy comes before the store.
    s3Endpoint: undefined,
    properties: {},
    keepsHistory: false,
    refusesSecondFirst: false,
    readers: {
      pyiceberg: { type: "rest", uri, warehouse },
      duckdb: "attach",
      delegation: "vended_credentials",
    },
    ...s3Access(s3, [s3, nessie]),
  };
}

function s3Access(
  s3: S3Server,
  servers: readonly Server[],
): Pick<ChaosSite, "read" | "forget" | "stop"> {
  const store = openS3Store({
    "s3.endpoint": s3.endpoint,
    "s3.access-key-id": s3.accessKeyId,
    "s3.secret-access-key": s3.secretAccessKey,
    "s3.region": s3.region,
    "s3.path-style-access": "true",
  });
  return {
    read: async (location) => {
      try {
        return await store.read(location);
      } catch (error) {
        const { cause } = error as { readonly cause?: { readonly name?: string } };
        if (cause?.name === "NoSuchKey" || cause?.name === "NotFound") return undefined;
        throw error;
      }
    },
    // The servers' folders are removed when they stop.
    forget: () => Promise.resolve(),
    stop: async () => {
      store.close();
      for (const server of [...servers].reverse()) await server.stop();
    },
  };
}

async function readLocal(location: string): Promise<Uint8Array | undefined> {
  try {
    return await Deno.readFile(fileURLToPath(location));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
