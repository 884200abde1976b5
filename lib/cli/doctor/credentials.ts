/** How a table's store is reached: which keys, from where, and for how long. Pure; no secret is told. */
import type { LoadedTable } from "../../rest/catalog.ts";
import type { StoreProperties } from "../../store/credentials.ts";
import { formatDuration } from "../values.ts";
import { failed, type Finding, ok, warning } from "./check.ts";

const KEY_ID = "s3.access-key-id";
const EXPIRY = "s3.session-token-expires-at-ms";
const SIGNING = "s3.remote-signing-enabled";

/** Fewer are hardly enough for a load to begin. */
const SHORT_MS = 5 * 60_000;

/**
 * Judges what the catalog gave for a table's files.
 *
 * @param of.properties with which the store is opened: the catalog's, the user's, the table's.
 * @param of.environment tells the `AWS_*` variables.
 */
export function judgeCredentials(
  table: LoadedTable,
  of: {
    readonly properties: StoreProperties;
    readonly environment: (name: string) => string | undefined;
    readonly nowMs: number;
  },
): Finding {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(table.metadata.location)?.[1]?.toLowerCase() ??
    "file";
  if (scheme === "file") return ok("none needed: the table's files lie on a local disk");
  if (!/^s3[an]?$/.test(scheme)) {
    return failed(`the table's files lie on a store of another kind (${scheme}:)`, {
      hint: "Tables on local disk (file:) and on S3 (s3:) can be written",
      exitCode: 2,
    });
  }
  const { properties, environment } = of;
  const keyId = properties[KEY_ID];
  const fits = table.storageCredentials.find(({ config }) => config[KEY_ID] === keyId);
  if (keyId !== undefined) {
    const from = fits !== undefined
      ? `vended by the catalog for ${fits.prefix} (storage-credentials)`
      : table.config[KEY_ID] === keyId
      ? "vended by the catalog (config of the table)"
      : "from properties of the catalog or of yours";
    return judgeExpiry(properties, { from, nowMs: of.nowMs });
  }
  const variables = ["AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE"]
    .filter((name) => environment(name));
  if (variables.length > 0) return ok(`none vended: taken from ${variables.join(", ")}`);
  if (properties[SIGNING]?.toLowerCase() === "true") {
    return failed("the catalog offers signatures only, which this tool does not use", {
      hint: "Let the warehouse vend credentials (STS), or set AWS_ACCESS_KEY_ID and " +
        "AWS_SECRET_ACCESS_KEY",
    });
  }
  return warning(
    "none vended, and none in AWS_* variables: left to the files and roles of the AWS SDK",
    "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or s3.access-key-id and " +
      "s3.secret-access-key with --property, or let the warehouse vend credentials",
  );
}

function judgeExpiry(
  properties: StoreProperties,
  of: { readonly from: string; readonly nowMs: number },
): Finding {
  const { from, nowMs } = of;
  const text = properties[EXPIRY];
  if (text === undefined || !/^\d{1,15}$/.test(text)) {
    const session = properties["s3.session-token"] === undefined
      ? ""
      : ", with a session token that tells no expiry";
    return ok(`${from}${session}`);
  }
  const leftMs = Number(text) - nowMs;
  const until = new Date(Number(text)).toISOString();
  if (leftMs <= 0) {
    return failed(`${from}, but they expired at ${until}`, {
      hint: "Compare the clocks of catalog, store and this machine",
      exitCode: 6,
    });
  }
  const detail = `${from}, until ${until} (${formatDuration(leftMs)})`;
  return leftMs < SHORT_MS
    ? warning(detail, "They are renewed in time, but a longer life costs fewer requests")
    : ok(detail);
}
