/** Which of the requests that the tool makes a catalog says it answers (REST spec, `getConfig`). Pure. */
import { failed, type Finding, ok, warning } from "./check.ts";

const TABLES = "/v1/{prefix}/namespaces/{namespace}/tables";

/** Without these nothing can be loaded. */
const NEEDED: readonly string[] = [
  "GET /v1/{prefix}/namespaces/{namespace}",
  `GET ${TABLES}/{table}`,
  `POST ${TABLES}/{table}`,
];

/** What is lost without each of these. */
const WANTED: ReadonlyArray<readonly [endpoint: string, lost: string]> = [
  ["POST /v1/{prefix}/namespaces", "namespaces have to be there"],
  [`POST ${TABLES}`, "tables have to be there"],
  [`DELETE ${TABLES}/{table}`, "probe and doctor leave their tables"],
  ["DELETE /v1/{prefix}/namespaces/{namespace}", "probe and doctor leave their namespaces"],
];

/** Used by `probe --workload multi-table` alone. */
const TRANSACTIONS = "POST /v1/{prefix}/transactions/commit";

/**
 * Judges a list of endpoints.
 *
 * @param endpoints as listed, or undefined when the catalog lists none.
 */
export function judgeEndpoints(endpoints: ReadonlySet<string> | undefined): Finding {
  if (endpoints === undefined) return ok("the catalog lists none: the usual ones are expected");
  const missing = NEEDED.filter((endpoint) => !endpoints.has(endpoint));
  if (missing.length > 0) {
    return failed(`of ${endpoints.size} listed, these are missing: ${missing.join(", ")}`, {
      hint: "Nothing can be loaded through a catalog that does not answer these",
    });
  }
  const lost = WANTED.filter(([endpoint]) => !endpoints.has(endpoint));
  if (lost.length > 0) {
    return warning(
      `of ${endpoints.size} listed, these are missing: ` +
        lost.map(([endpoint, what]) => `${endpoint} (${what})`).join(", "),
    );
  }
  const transactions = endpoints.has(TRANSACTIONS) ? "" : "; no commits to several tables at once";
  return ok(`all that are used are among the ${endpoints.size} listed${transactions}`);
}
