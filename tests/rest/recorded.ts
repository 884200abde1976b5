/** How the recorded exchanges with Lakekeeper are carried out through the client, and judged. */
import assert from "node:assert/strict";
import type { LoadedTable } from "../../lib/rest/catalog.ts";
import { member } from "../../lib/rest/error_body.ts";
import { createHttp, type HttpResponse } from "../../lib/rest/http.ts";
import type { CommitIdentity, Outcome } from "../../lib/rest/outcome.ts";
import { storeProperties } from "../../lib/store/credentials.ts";
import { s3ClientConfig } from "../../lib/store/s3_session.ts";
import { type Json, toBigInt } from "../../lib/table/json.ts";
import type { CommitRequest, SchemaJson } from "../../lib/table/metadata.ts";
import type { Exchange, Instead, Replay } from "./replay.ts";
import { connect, KEY } from "./support.ts";

/** The table of the record. */
export const TABLE = { namespace: ["facts0d61f4"], name: "t" };

/** Where it lies. */
export const LOCATION = "s3://examples/initial-warehouse/01a205c4-fc10-76b2-a1fb-259166bba886";

/** One exchange and the server that replays it. */
export interface Context {
  readonly exchange: Exchange;
  readonly replay: Replay;
}

/** What has to hold of an exchange. */
export interface Check {
  readonly instead?: Instead;
  readonly run: (context: Context) => Promise<void>;
}

/** Sends the request as it was recorded, for what the client has no call of its own. */
export async function sendRecorded({ exchange, replay }: Context): Promise<HttpResponse> {
  const { method, path, headers, body } = exchange.request;
  const http = createHttp({ userAgent: "test/1", onEvent() {} });
  const url = `${new URL(replay.uri).origin}${path}`;
  const answer = await http({ method, url, headers, ...(body === null ? {} : { body }) });
  if (answer.kind !== "response") assert.fail(answer.reason);
  return answer;
}

/** Posts the recorded commit through the client and checks what went over the wire. */
export async function commitRecorded({ exchange, replay }: Context): Promise<Outcome> {
  const client = await connect(replay.uri);
  const recorded = exchange.request.body;
  const request = (typeof recorded === "string" ? { requirements: [], updates: [] } : recorded) as
    & CommitRequest
    & Json;
  const { outcome } = await client.commit(TABLE, request, {
    identity: identityOf(request),
    idempotencyKey: KEY,
  });
  const [seen] = replay.seen;
  assert.equal(seen?.path, exchange.request.path);
  assert.deepEqual(seen?.body, { identifier: TABLE, ...request as object });
  return outcome;
}

function identityOf(request: CommitRequest): CommitIdentity {
  for (const update of request.updates) {
    if (update.action !== "add-snapshot") continue;
    const { "snapshot-id": id, "manifest-list": manifestList } = update.snapshot;
    return { snapshotId: toBigInt(id), manifestList };
  }
  return { snapshotId: 1n, manifestList: "none" };
}

/** A commit whose outcome is this one. */
export function commits(
  kind: Outcome["kind"],
  expected: { readonly status: number; readonly type?: string; readonly reason?: RegExp },
): Check {
  return {
    async run(context) {
      const outcome = await commitRecorded(context);
      assert.equal(outcome.kind, kind);
      assert.equal(outcome.status, expected.status);
      if (outcome.kind === "committed") return;
      assert.equal(outcome.type, expected.type);
      if (expected.reason !== undefined) assert.match(outcome.reason, expected.reason);
    },
  };
}

/** How Lakekeeper answers each lost race. */
export const CONFLICT = { status: 409, type: "CatalogCommitConflicts" };

/** Loads the recorded table, which is empty, through the client. */
export async function loadRecorded({ replay }: Context): Promise<LoadedTable> {
  const client = await connect(replay.uri);
  const loaded = await client.loadTable(TABLE);
  assert.ok(loaded);
  const [seen] = replay.seen;
  assert.equal(seen?.query, "?snapshots=all");
  assert.equal(seen?.headers.get("x-iceberg-access-delegation"), "vended-credentials");
  assert.equal(seen?.headers.get("authorization"), "Bearer a-token");
  assert.deepEqual(loaded.metadata.refs, {});
  assert.equal(loaded.metadata["current-snapshot-id"], undefined);
  assert.equal(loaded.metadata["last-sequence-number"], 0);
  return loaded;
}

/** The properties for a location, and what the S3 client makes of them. */
export function credentialsOf(loaded: LoadedTable, location: string) {
  const properties = storeProperties(location, { catalog: {}, access: loaded });
  return { properties, s3: s3ClientConfig(properties) };
}

/** Checks the credentials for all that lies below a location. */
export function checkVended(loaded: LoadedTable, location: string): void {
  assert.equal(loaded.storageCredentials.length, 1);
  assert.equal(loaded.storageCredentials[0]?.prefix, location);
  const { properties, s3 } = credentialsOf(loaded, `${location}/data/x.parquet`);
  // The credentials have what the table's config lacks: their end.
  assert.equal(properties["s3.session-token-expires-at-ms"], "1795396725000");
  assert.deepEqual(s3.credentials, {
    accessKeyId: "ACCESS-KEY",
    secretAccessKey: "SECRET-KEY",
    sessionToken: "SESSION-TOKEN",
  });
  assert.equal(s3.endpoint, "http://127.0.0.1:9000/");
  assert.equal(s3.region, "local-01");
  assert.equal(s3.forcePathStyle, true);
}

/** A load that brings credentials. */
export const LOADS_VENDED: Check = {
  async run(context) {
    checkVended(await loadRecorded(context), LOCATION);
  },
};

/** Creates the recorded table through the client. */
export async function createRecorded({ exchange, replay }: Context) {
  const client = await connect(replay.uri);
  const body = exchange.request.body as { name: string; schema: unknown; properties?: object };
  const made = await client.createTable({ ...TABLE, name: body.name }, {
    schema: body.schema as SchemaJson,
    properties: { ...body.properties },
  });
  const [seen] = replay.seen;
  assert.equal(seen?.path, exchange.request.path);
  assert.equal(member(seen?.body, "name"), body.name);
  assert.deepEqual(member(seen?.body, "schema"), body.schema);
  assert.equal(seen?.headers.get("x-iceberg-access-delegation"), "vended-credentials");
  return made;
}
