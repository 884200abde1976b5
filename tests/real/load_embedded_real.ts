/** Loads into the embedded catalog, run as a server, with its warehouse on local disk. */
import { defineLoadCases } from "./load_cases.ts";
import { startServe } from "./tool.ts";

defineLoadCases({
  name: "embedded",
  keepsHistory: true,
  formatVersions: [1, 2, 3],
  start: async () => {
    const serve = await startServe();
    const { uri, warehouse } = serve;
    return {
      uri,
      warehouse,
      env: {},
      servers: [serve],
      pyiceberg: { type: "rest", uri, warehouse },
      duckdb: "scan",
    };
  },
});
