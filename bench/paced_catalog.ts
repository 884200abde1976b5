/**
 * `serve` on MinIO, made to wait with each request until it takes as long as Lakekeeper's did where
 * it was recorded (version 0.13.1 on PostgreSQL and MinIO: 42 bare commits a second from one writer,
 * half of them within 22 ms; a table loaded in 10 to 12 ms, made in 25). It shows what the tool
 * comes to beside a catalog of that pace, which has a machine of its own; it does not show Lakekeeper.
 */
import { startMinio } from "../tests/real/parts/minio.ts";
import type { S3Server } from "../tests/real/parts/s3_server.ts";
import { startServeOnS3 } from "../tests/real/serve_on_s3.ts";
import type { CatalogRun } from "./catalog_run.ts";
import { makeRunFolder } from "./leftovers.ts";
import { type Place, Servers } from "./place.ts";

/**
 * Beside what a request takes anyhow, by the group of operations that it is in. That a table is not
 * there is told late here, like a table: Lakekeeper does so in 4 ms.
 */
const DELAYS_MS = { config: 4, namespace: 2, create: 22, load: 9, commit: 17 };

/** A catalog for each run, on one store. */
export class PacedCatalog implements Place {
  readonly id = "paced";
  readonly name = "serve and MinIO, at the pace recorded of Lakekeeper";
  readonly #servers = new Servers();
  #s3: Promise<S3Server> | undefined;

  /** Starts a catalog, lets `use` have it, and ends it. */
  readonly within = async <T>(use: (catalog: CatalogRun) => Promise<T>): Promise<T> => {
    const s3 = await (this.#s3 ??= this.#servers.started(startMinio()));
    const directory = await makeRunFolder();
    const rules = Object.entries(DELAYS_MS).map(([target, ms]) => `${target}:delay=${ms}ms`);
    const flags = rules.flatMap((rule) => ["--fault", rule]);
    const serve = await startServeOnS3(s3, { directory, flags });
    try {
      return await use({ uri: serve.uri, warehouse: serve.warehouse, directory, s3 });
    } finally {
      await serve.stop();
    }
  };

  /** Ends what runs. */
  stop(): Promise<void> {
    return this.#servers.stop();
  }
}
