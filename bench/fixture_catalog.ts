/** Iceberg's own REST catalog, as a benchmark uses it: JdbcCatalog on PostgreSQL, on local disk. */
import { type RestCatalog, startLocalFixture } from "../tests/real/parts/fixture.ts";
import { startPostgres } from "../tests/real/parts/postgres.ts";
import { BENCH_NAMESPACE, catalogBase, type CatalogRun } from "./catalog_run.ts";
import { makeRunFolder } from "./leftovers.ts";
import { warmUp } from "./raw_table.ts";

/** One catalog for all runs: a JVM that is started anew for each would be measured cold. */
export class FixtureCatalog {
  readonly #stops: Array<() => Promise<void>> = [];
  #running: Promise<RestCatalog> | undefined;

  /** Lets `use` have the catalog, without any table in it that a run before has loaded. */
  readonly within = async <T>(use: (catalog: CatalogRun) => Promise<T>): Promise<T> => {
    const { uri, warehouse } = await (this.#running ??= this.#start());
    const catalog = { uri, warehouse, directory: await makeRunFolder() };
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

  async #start(): Promise<RestCatalog> {
    const postgres = await startPostgres({ durable: true });
    this.#stops.push(postgres.stop);
    const fixture = await startLocalFixture(postgres, await makeRunFolder());
    this.#stops.push(fixture.stop);
    await warmUp(fixture);
    return fixture;
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
