/** Loads into Nessie on MinIO. No S3 keys are given: the catalog vends them, one table at a time. */
import { defineLoadCases } from "./load_cases.ts";
import { startMinio } from "./parts/minio.ts";
import { startNessie } from "./parts/nessie.ts";

defineLoadCases({
  name: "nessie",
  // Nessie answers with the current snapshot only, and makes v2 tables whatever one asks for.
  keepsHistory: false,
  formatVersions: [2],
  start: async () => {
    const s3 = await startMinio();
    const nessie = await startNessie(s3);
    const { uri, warehouse } = nessie;
    return {
      uri,
      warehouse,
      env: {},
      servers: [s3, nessie],
      pyiceberg: { type: "rest", uri, warehouse },
      duckdb: "attach",
      delegation: "vended_credentials",
    };
  },
});
