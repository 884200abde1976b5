/**
 * Iceberg's own REST catalog, as a benchmark uses it: JdbcCatalog on PostgreSQL, with its tables on
 * local disk, or on MinIO as in the stack of `compose.yaml`.
 */
import { type RestCatalog, startFixture, startLocalFixture } from "../tests/real/parts/fixture.ts";
import { startMinio } from "../tests/real/parts/minio.ts";
import { startPostgres } from "../tests/real/parts/postgres.ts";
import type { S3Server } from "../tests/real/parts/s3_server.ts";
import { BENCH_NAMESPACE, catalogBase, type CatalogRun } from "./catalog_run.ts";
import { makeRunFolder } from "./leftovers.ts";
import { warmUp } from "./raw_table.ts";

/** Where a fixture has its tables. */
export type FixtureStore = "disk" | "minio";

interface Running extends RestCatalog {
  readonly s3?: S3Server;
}

/** One catalog for all runs: a JVM that is started anew for each would be measured cold. */
export class FixtureCatalog {
  readonly store: FixtureStore;
  readonly #stops: Array<() => Promise<void>> = [];
  #running: Promise<Running> | undefined;

  constructor(store: FixtureStore) {
    this.store = store;
  }

  /** Lets `use` have the catalog, without any table in it that a run before has loaded. */
  readonly within = async <T>(use: (catalog: CatalogRun) => Promise<T>): Promise<T> => {
    const { uri, warehouse, s3 } = await (this.#running ??= this.#start());
    const directory = await makeRunFolder();
    const catalog = { uri, warehouse, directory, ...(s3 === undefined ? {} : { s3 }) };
    try {
      return await use(catalog);
    } finally {
      await dropTables(catalog);
    }
  };

  /** Ends what runs. */
  async stop(): Promise<void> {
    for (const stop of this.#stops.splice(0).reverse()) await stop();
  }

  async #start(): Promise<Running> {
    const postgres = await this.#kept(startPostgres({ durable: true }));
    const running = this.store === "disk"
      ? await this.#kept(startLocalFixture(postgres, await makeRunFolder()))
      : await this.#startOnMinio(postgres);
    await warmUp(running);
    return running;
  }

  async #startOnMinio(postgres: Parameters<typeof startFixture>[0]): Promise<Running> {
    const s3 = await this.#kept(startMinio());
    return { ...await this.#kept(startFixture(postgres, s3, "long")), s3 };
  }

  /** What has started is ended with the others. */
  async #kept<T extends { readonly stop: () => Promise<void> }>(started: Promise<T>): Promise<T> {
    const server = await started;
    this.#stops.push(server.stop);
    return server;
  }
}

async function dropTables(catalog: CatalogRun): Promise<void> {
  const tables = `${await catalogBase(catalog)}/namespaces/${BENCH_NAMESPACE}/tables`;
  const { identifiers } = await (await fetch(tables)).json();
  for (const { name } of identifiers as ReadonlyArray<{ readonly name: string }>) {
    const response = await fetch(`${tables}/${name}`, { method: "DELETE" });
    await response.body?.cancel();
  }
}
