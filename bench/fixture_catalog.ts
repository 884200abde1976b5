/**
 * Iceberg's own REST catalog, as a benchmark uses it: JdbcCatalog on PostgreSQL, with its tables on
 * local disk, or on MinIO as in the stack of `compose.yaml`.
 */
import { startFixture, startLocalFixture } from "../tests/real/parts/fixture.ts";
import { startMinio } from "../tests/real/parts/minio.ts";
import { startPostgres } from "../tests/real/parts/postgres.ts";
import { BENCH_NAMESPACE, catalogBase, type CatalogRun } from "./catalog_run.ts";
import { makeRunFolder } from "./leftovers.ts";
import { type Place, Servers } from "./place.ts";
import { warmUp } from "./raw_table.ts";

/** Where a fixture has its tables. */
export type FixtureStore = "disk" | "minio";

/** One catalog for all runs: a JVM that is started anew for each would be measured cold. */
export class FixtureCatalog implements Place {
  readonly id: string;
  readonly name: string;
  readonly #store: FixtureStore;
  readonly #servers = new Servers();
  #running: Promise<Omit<CatalogRun, "directory">> | undefined;

  constructor(store: FixtureStore) {
    this.#store = store;
    const fixture = "Iceberg's REST fixture";
    [this.id, this.name] = store === "disk"
      ? ["fixture", fixture]
      : ["minio", `${fixture} and MinIO`];
  }

  /** Lets `use` have the catalog, without any table in it that a run before has loaded. */
  readonly within = async <T>(use: (catalog: CatalogRun) => Promise<T>): Promise<T> => {
    const running = await (this.#running ??= this.#start());
    const catalog = { ...running, directory: await makeRunFolder() };
    try {
      return await use(catalog);
    } finally {
      await dropTables(catalog);
    }
  };

  /** Ends what runs. */
  stop(): Promise<void> {
    return this.#servers.stop();
  }

  async #start(): Promise<Omit<CatalogRun, "directory">> {
    const servers = this.#servers;
    const postgres = await servers.started(startPostgres({ durable: true }));
    const s3 = this.#store === "disk" ? undefined : await servers.started(startMinio());
    const { uri, warehouse } = await servers.started(
      s3 === undefined
        ? startLocalFixture(postgres, await makeRunFolder())
        : startFixture(postgres, s3, "long"),
    );
    await warmUp({ uri, warehouse });
    return { uri, warehouse, ...(s3 === undefined ? {} : { s3 }) };
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
