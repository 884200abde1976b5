/** What the tests of the REST client share: a session with a server that answers as it is told. */
import { type CatalogClient, connectCatalog } from "../../lib/rest/catalog.ts";
import { createHttp, type HttpEvent } from "../../lib/rest/http.ts";
import type { CommitIdentity } from "../../lib/rest/outcome.ts";
import { stringifyJson } from "../../lib/table/json.ts";
import type { CommitRequest } from "../../lib/table/metadata.ts";

/** A table that no server has to know. */
export const TABLE = { namespace: ["ns"], name: "t" } as const;

/** An Idempotency-Key; these catalogs are not asked whether they know it. */
export const KEY = "01a205c4-fbfe-7591-bbca-bcbb8df99d6d";

/** Beyond 2^53, so that a number of JavaScript would not hold it. */
export const IDENTITY: CommitIdentity = {
  snapshotId: 9007199254740993n,
  manifestList: "s3://b/t/metadata/snap-9007199254740993-1.avro",
};

/** An append as a loader sends it. */
export const COMMIT: CommitRequest = {
  requirements: [{ type: "assert-ref-snapshot-id", ref: "main", "snapshot-id": null }],
  updates: [],
};

/** Metadata whose only snapshot has this id and manifest list. */
export function metadataWith(identity: CommitIdentity): string {
  return stringifyJson({
    "metadata-location": "s3://b/t/metadata/1.json",
    metadata: {
      "table-uuid": "0b9c8a3e-54b1-4f4e-8f43-6f3f2a1d9a01",
      snapshots: [{
        "snapshot-id": identity.snapshotId,
        "manifest-list": identity.manifestList,
      }],
    },
  });
}

/** Opens a session; the server has to answer `GET /v1/config`. */
export function connect(
  uri: string,
  options: {
    readonly onEvent?: (event: HttpEvent) => void;
    readonly requestTimeoutMs?: number;
    readonly properties?: Readonly<Record<string, string>>;
    readonly warehouse?: string;
  } = {},
): Promise<CatalogClient> {
  const { onEvent = () => {}, warehouse = "demo", ...rest } = options;
  const http = createHttp({ userAgent: "test/1", onEvent });
  return connectCatalog({ uri, warehouse, token: "a-token", http, ...rest });
}
