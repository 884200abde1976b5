/** Which catalog a command uses: the one configured, else the default URL, else the embedded one. */
import { CatalogError, UsageError } from "../errors.ts";
import { startInProcessCatalog } from "../server/in_process.ts";
import type { CatalogTarget } from "../load/options.ts";
import {
  type CatalogSettings,
  embeddedDirectory,
  readToken,
  resolveCatalogSettings,
} from "./config/catalog_settings.ts";
import type { PyicebergEnvironment } from "./config/pyiceberg.ts";
import { pyicebergCatalogs, pyicebergPlace, saysCatalogs } from "./config/pyiceberg.ts";
import type { Flag, FlagValues } from "./flags.ts";
import type { Term } from "./verb.ts";

/** Where Lakekeeper and `serve` listen unless told otherwise. */
export const CATALOG_URL_DEFAULT = "http://localhost:8181/catalog";

/** Directory of the embedded catalog's warehouse when nothing names another. */
export const WAREHOUSE_DIRECTORY_DEFAULT = "./warehouse";

/** The flags that name a catalog. */
export const CATALOG_FLAGS: readonly Flag[] = [
  {
    flags: "--uri <URI>",
    description: "Iceberg REST catalog, or embedded:DIR for a catalog of the tool's own",
    group: "Catalog",
    fallback: CATALOG_URL_DEFAULT,
    originalVariables: ["CATALOG_URL"],
  },
  {
    flags: "--warehouse <NAME>",
    description: "warehouse of the catalog",
    group: "Catalog",
    fallback: "demo",
    originalVariables: ["WAREHOUSE"],
  },
  {
    flags: "--catalog <NAME>",
    description: "name of the catalog in messages and in pyiceberg's configuration",
    group: "Catalog",
    fallback: "my_catalog",
    originalVariables: ["CATALOG_NAME"],
  },
  {
    flags: "--token-file <FILE>",
    description: "file with the bearer token; CATALOG_TOKEN holds the token itself",
    path: "file",
    group: "Catalog",
  },
  {
    flags: "--property <KEY=VALUE>",
    description: "catalog or store property, such as s3.endpoint=http://…; may be repeated",
    group: "Catalog",
    repeats: true,
  },
];

/** Variables that say how an S3 store is reached. */
export const STORE_VARIABLES: readonly Term[] = [
  [
    "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN",
    "keys to an S3 store, where the catalog gives none",
  ],
  ["AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL_S3", "the same of its keys, region and place"],
];

/** Variables beside the flags that every verb with a catalog heeds. */
export const CATALOG_VARIABLES: readonly Term[] = [
  ["CATALOG_TOKEN", "the bearer token itself; keep it out of command lines and logs"],
  ...STORE_VARIABLES,
];

/** The catalog in use; `close` ends the embedded one. */
export interface ChosenCatalog {
  /** Where requests go, and with what. */
  readonly target: CatalogTarget;
  /** What a person should know about the choice. */
  readonly notice: string | undefined;
  /** How the tables can be read later, when the catalog ends with this command. */
  readonly afterwards: string | undefined;
  /** Ends the embedded catalog; does nothing to another. */
  close(): Promise<void>;
}

/** What the choice depends on beside the flags. */
export interface ChoiceEnvironment extends PyicebergEnvironment {
  /** Whether nothing at all listens where the default URL points. */
  readonly defaultRefuses: () => Promise<boolean>;
}

/** Which catalog is to be used; nothing has been opened or asked. */
export type CatalogDecision =
  & {
    readonly settings: CatalogSettings;
    /** What a person should know about the choice. */
    readonly notice: string | undefined;
    readonly target: Omit<CatalogTarget, "uri">;
  }
  & (
    | { readonly kind: "rest"; readonly uri: string }
    | { readonly kind: "embedded"; readonly directory: string }
  );

/**
 * Decides on the catalog. The embedded one is taken only when no setting names a catalog and the
 * default URL's port refuses connections; a configured catalog that does not answer is an error
 * later, never a reason for another.
 *
 * @throws {UsageError} when a setting cannot be read, or asks for what is not supported.
 */
export async function decideCatalog(
  values: FlagValues,
  environment: ChoiceEnvironment,
): Promise<CatalogDecision> {
  const settings = await resolveCatalogSettings(values, environment);
  const [problem] = settings.problems;
  if (problem !== undefined) throw problem;
  const uri = settings.uri.value;
  const directory = embeddedDirectory(uri);
  if (directory === "") {
    throw new UsageError('Cannot use --uri "embedded:": it takes a directory, embedded:DIR');
  }
  if (directory === undefined) checkUri(uri);
  const target = {
    name: settings.name.value,
    warehouse: settings.warehouse.value,
    token: await readToken(settings.token),
    properties: Object.fromEntries(
      [...settings.properties].map(([name, { value }]) => [name, value]),
    ),
  };
  const decided = { settings, target, notice: settings.notices.join("\n") || undefined };
  if (directory !== undefined) return { ...decided, kind: "embedded", directory };
  if (settings.isConfigured || !(await environment.defaultRefuses())) {
    return { ...decided, kind: "rest", uri };
  }
  checkNotPyiceberg(settings);
  const notice = `No catalog is configured and none answers at ${CATALOG_URL_DEFAULT}: using the ` +
    `embedded catalog in ${WAREHOUSE_DIRECTORY_DEFAULT} (choose another with --uri or CATALOG_URL)`;
  return {
    ...decided,
    kind: "embedded",
    directory: WAREHOUSE_DIRECTORY_DEFAULT,
    notice: [notice, ...settings.notices].join("\n"),
  };
}

/**
 * Whoever has configured pyiceberg has a catalog, and would not expect another one.
 *
 * @throws {CatalogError}
 */
function checkNotPyiceberg({ pyiceberg, name }: CatalogSettings): void {
  if (pyiceberg === undefined || !saysCatalogs(pyiceberg)) return;
  const names = pyicebergCatalogs(pyiceberg);
  const choice = names.length === 0 ? "" : `Name one of its catalogs (${names.join(", ")}) with ` +
    "--catalog, or ";
  const hint = `${choice}name the catalog with --uri, or give --uri embedded:DIR for one of the ` +
    "tool's own";
  throw new CatalogError(
    `Cannot choose a catalog: pyiceberg is configured (${
      pyicebergPlace(pyiceberg)
    }), but not for ` +
      `"${name.value}", and nothing answers at ${CATALOG_URL_DEFAULT}`,
    { hint: hint.charAt(0).toUpperCase() + hint.slice(1) },
  );
}

/**
 * Opens the catalog decided on.
 *
 * @throws {ToolError} when the embedded one cannot be opened.
 */
export async function openCatalog(decision: CatalogDecision): Promise<ChosenCatalog> {
  const { kind, notice, target } = decision;
  if (kind === "embedded") {
    return await openEmbedded(decision.directory, { ...target, notice });
  }
  return {
    target: { ...target, uri: decision.uri },
    notice,
    afterwards: undefined,
    close: () => Promise.resolve(),
  };
}

/**
 * Decides on the catalog and opens it.
 *
 * @throws {ToolError} when it cannot be decided on, or the embedded one cannot be opened.
 */
export async function chooseCatalog(
  values: FlagValues,
  environment: ChoiceEnvironment,
): Promise<ChosenCatalog> {
  return await openCatalog(await decideCatalog(values, environment));
}

/** A password in a URI would be shown with every message that names the catalog. */
function checkUri(uri: string): void {
  const url = URL.parse(uri);
  if (url !== null && (url.username !== "" || url.password !== "")) {
    throw new UsageError("Cannot use a catalog URI that holds a user name or a password", {
      hint: "Give a token with --token-file or CATALOG_TOKEN",
    });
  }
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new UsageError(
      `Cannot use --uri "${uri}": it takes http://…, https://… or embedded:DIR`,
    );
  }
}

async function openEmbedded(
  directory: string,
  options: Omit<CatalogTarget, "uri"> & { readonly notice: string | undefined },
): Promise<ChosenCatalog> {
  const { notice, ...common } = options;
  const running = await startInProcessCatalog({
    warehouseDirectory: directory,
    warehouseName: common.warehouse,
  });
  return {
    target: { ...common, uri: running.uri },
    notice,
    afterwards: `Read it with any Iceberg client: lakekeeper-ingest serve --warehouse ` +
      `${common.warehouse}=${directory}`,
    close: () => running.close(),
  };
}

/** Whether both loopback addresses refuse a connection to the default URL's port. */
export async function defaultRefuses(): Promise<boolean> {
  const port = Number(new URL(CATALOG_URL_DEFAULT).port);
  const refusals = await Promise.all(
    ["127.0.0.1", "::1"].map((hostname) => refuses(hostname, port)),
  );
  return refusals.every((refused) => refused);
}

/** A port that neither accepts nor refuses in this time belongs to somebody. */
const CONNECT_MS_MAX = 2000;

async function refuses(hostname: string, port: number): Promise<boolean> {
  // Refused, or an address family that this machine does not have: either way nobody is there.
  const attempt = Deno.connect({ hostname, port }).then((connection) => {
    connection.close();
    return false;
  }, () => true);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const giveUp = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), CONNECT_MS_MAX);
  });
  try {
    return await Promise.race([attempt, giveUp]);
  } finally {
    clearTimeout(timer);
  }
}

/** The process's own environment. */
export const processEnvironment: ChoiceEnvironment = {
  variable: (name) => Deno.env.get(name),
  variableNames: () => Object.keys(Deno.env.toObject()),
  defaultRefuses,
};
