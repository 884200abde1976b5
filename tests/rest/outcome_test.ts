/** What each answer to a commit means, row by row, over a real socket. */
import assert from "node:assert/strict";
import type { HttpAnswer } from "../../lib/rest/http.ts";
import { type Outcome, readRetryAfterMs } from "../../lib/rest/outcome.ts";
import { type RawConnection, type RawResponse, serveRaw } from "../raw_http.ts";
import { COMMIT, connect, IDENTITY, KEY, metadataWith, TABLE } from "./support.ts";

interface Committed {
  readonly outcome: Outcome;
  readonly answer: HttpAnswer;
}

/** Commits once to a server that handles the post as told. */
async function commitTo(
  handlePost: (connection: RawConnection) => Promise<void>,
  requestTimeoutMs = 10_000,
): Promise<Committed> {
  const server = serveRaw(async (connection) => {
    const request = await connection.read();
    if (request?.method === "POST") return await handlePost(connection);
    await connection.respond({
      status: 200,
      headers: { connection: "close" },
      body: `{"defaults":{},"overrides":{}}`,
    });
  });
  try {
    const client = await connect(server.origin, { requestTimeoutMs });
    return await client.commit(TABLE, COMMIT, {
      identity: IDENTITY,
      idempotencyKey: KEY,
    });
  } finally {
    await server.close();
  }
}

function commitAnswered(response: RawResponse): Promise<Committed> {
  return commitTo((connection) => connection.respond(response));
}

function errorBody(type: string, message = "said so"): string {
  return JSON.stringify({ error: { message, type, code: 0 } });
}

interface Row {
  readonly name: string;
  readonly response: RawResponse;
  readonly expected: {
    readonly kind: Outcome["kind"];
    readonly status?: number;
    readonly type?: string;
    readonly retryAfterMs?: number;
  };
  readonly reason?: RegExp;
}

const HTML = "<html><body><h1>It  works</h1></body></html>";
const OTHER_LIST = { ...IDENTITY, manifestList: "s3://b/t/metadata/another.avro" };
const OTHER_ID = { ...IDENTITY, snapshotId: IDENTITY.snapshotId + 1n };

const ROWS: readonly Row[] = [
  {
    name: "200 with our snapshot and manifest list",
    response: { status: 200, body: metadataWith(IDENTITY) },
    expected: { kind: "committed", status: 200 },
  },
  {
    name: "200 with our snapshot id and another manifest list",
    response: { status: 200, body: metadataWith(OTHER_LIST) },
    expected: { kind: "unknown", status: 200 },
    reason: /does not hold the snapshot/,
  },
  {
    name: "200 without our snapshot, whose id differs beyond 2^53 only",
    response: { status: 200, body: metadataWith(OTHER_ID) },
    expected: { kind: "unknown", status: 200 },
    reason: /does not hold the snapshot/,
  },
  {
    name: "200 with metadata that has no snapshots",
    response: { status: 200, body: `{"metadata":{"table-uuid":"x"}}` },
    expected: { kind: "unknown", status: 200 },
  },
  {
    name: "an empty 200",
    response: { status: 200 },
    expected: { kind: "unknown", status: 200 },
    reason: /without table metadata/,
  },
  {
    name: "a 200 that is no JSON",
    response: { status: 200, body: `{"metadata":` },
    expected: { kind: "unknown", status: 200 },
    reason: /without table metadata/,
  },
  {
    name: "a 200 with a proxy's HTML page",
    response: { status: 200, headers: { "content-type": "text/html" }, body: HTML },
    expected: { kind: "unknown", status: 200 },
  },
  { name: "201", response: { status: 201 }, expected: { kind: "unknown", status: 201 } },
  { name: "204", response: { status: 204 }, expected: { kind: "unknown", status: 204 } },
  {
    name: "302",
    response: { status: 302, headers: { location: "/login" } },
    expected: { kind: "unknown", status: 302 },
  },
  {
    name: "307",
    response: { status: 307, headers: { location: "/v1/elsewhere" } },
    expected: { kind: "unknown", status: 307 },
  },
  {
    name: "409 CommitFailedException",
    response: { status: 409, body: errorBody("CommitFailedException", "main has changed") },
    expected: { kind: "conflict", status: 409, type: "CommitFailedException" },
    reason: /^HTTP 409 \(CommitFailedException: main has changed\)$/,
  },
  {
    name: "409 CatalogCommitConflicts",
    response: { status: 409, body: errorBody("CatalogCommitConflicts") },
    expected: { kind: "conflict", status: 409, type: "CatalogCommitConflicts" },
  },
  {
    name: "409 without a body",
    response: { status: 409 },
    expected: { kind: "conflict", status: 409 },
    reason: /^HTTP 409$/,
  },
  {
    name: "409 RequestInProgress",
    response: { status: 409, body: errorBody("RequestInProgress") },
    expected: { kind: "unknown", status: 409, type: "RequestInProgress" },
  },
  {
    name: "400 ConcurrentUpdateError",
    response: { status: 400, body: errorBody("ConcurrentUpdateError") },
    expected: { kind: "conflict", status: 400, type: "ConcurrentUpdateError" },
  },
  {
    name: "400 TableMetadataBuildFailed",
    response: { status: 400, body: errorBody("TableMetadataBuildFailed") },
    expected: { kind: "conflict", status: 400, type: "TableMetadataBuildFailed" },
  },
  {
    name: "400 Commit validation failed",
    response: { status: 400, body: errorBody("BadRequest", "Commit validation failed: x") },
    expected: { kind: "conflict", status: 400 },
  },
  {
    name: "400 for a sequence number that another commit took",
    response: {
      status: 400,
      body: errorBody(
        "BadRequestException",
        "Cannot add snapshot with sequence number 5 older than last sequence number 5",
      ),
    },
    expected: { kind: "conflict", status: 400 },
  },
  {
    name: "400 for a snapshot id that exists, which only a look can settle",
    response: { status: 400, body: errorBody("X", "Snapshot already exists for id 9") },
    expected: { kind: "conflict", status: 400 },
  },
  {
    name: "400 of any other kind",
    response: { status: 400, body: errorBody("BadRequestException", "Malformed request") },
    expected: { kind: "rejected", status: 400, type: "BadRequestException" },
  },
  {
    name: "401",
    response: { status: 401, body: errorBody("NotAuthorizedException") },
    expected: { kind: "rejected", status: 401 },
  },
  {
    name: "403",
    response: { status: 403, body: errorBody("ForbiddenException") },
    expected: { kind: "rejected", status: 403 },
  },
  {
    name: "404",
    response: { status: 404, body: errorBody("NoSuchTableException") },
    expected: { kind: "rejected", status: 404, type: "NoSuchTableException" },
  },
  { name: "419", response: { status: 419 }, expected: { kind: "rejected", status: 419 } },
  {
    name: "422 in plain text",
    response: { status: 422, headers: { "content-type": "text/plain" }, body: "Failed\nto read" },
    expected: { kind: "rejected", status: 422 },
    reason: /^HTTP 422 \(Failed to read\)$/,
  },
  {
    name: "429 with Retry-After",
    response: { status: 429, headers: { "retry-after": "7" } },
    expected: { kind: "notApplied", status: 429, retryAfterMs: 7000 },
  },
  { name: "429 without it", response: { status: 429 }, expected: { kind: "notApplied" } },
  { name: "500", response: { status: 500 }, expected: { kind: "unknown", status: 500 } },
  {
    name: "502 with a proxy's HTML page",
    response: { status: 502, headers: { "content-type": "text/html" }, body: HTML },
    expected: { kind: "unknown", status: 502 },
    reason: /<h1>It works<\/h1>/,
  },
  {
    name: "503 with Retry-After",
    response: { status: 503, headers: { "retry-after": "2" } },
    expected: { kind: "unknown", status: 503, retryAfterMs: 2000 },
  },
  { name: "503 without it", response: { status: 503 }, expected: { kind: "unknown", status: 503 } },
  { name: "504", response: { status: 504 }, expected: { kind: "unknown", status: 504 } },
  { name: "507", response: { status: 507 }, expected: { kind: "unknown", status: 507 } },
];

for (const { name, response, expected, reason } of ROWS) {
  Deno.test(`CatalogClient.commit() takes ${name} for ${expected.kind}`, async () => {
    const { outcome, answer } = await commitAnswered(response);
    assert.equal(answer.kind, "response");
    const found: Record<string, unknown> = { ...outcome };
    for (const [key, value] of Object.entries(expected)) assert.equal(found[key], value, key);
    if (!("retryAfterMs" in expected)) assert.equal(found.retryAfterMs, undefined);
    if (reason !== undefined) assert.match(String(found.reason), reason);
  });
}

Deno.test("CatalogClient.commit() gives the metadata that a success holds", async () => {
  const { outcome } = await commitAnswered({ status: 200, body: metadataWith(IDENTITY) });
  assert.equal(outcome.kind, "committed");
  const snapshot = outcome.kind === "committed" ? outcome.metadata.snapshots?.[0] : undefined;
  assert.equal(snapshot?.["snapshot-id"], IDENTITY.snapshotId);
});

Deno.test("CatalogClient.commit() reads Retry-After as a date", async () => {
  const date = new Date(Date.now() + 60_000).toUTCString();
  for (const [status, kind] of [[429, "notApplied"], [503, "unknown"]] as const) {
    const { outcome } = await commitAnswered({ status, headers: { "retry-after": date } });
    const waitMs = outcome.kind === kind ? outcome.retryAfterMs ?? 0 : 0;
    assert.ok(waitMs > 50_000 && waitMs <= 60_000, `${waitMs} ms`);
  }
});

Deno.test("CatalogClient.commit() takes a cut connection for unknown, wherever it is cut", async () => {
  const cuts: Array<(connection: RawConnection) => Promise<void>> = [
    () => Promise.resolve(),
    (connection) => connection.write("HTTP/1.1 200 OK\r\n"),
    (connection) => connection.write("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{}"),
  ];
  for (const cut of cuts) {
    const { outcome, answer } = await commitTo(cut);
    assert.equal(answer.kind, "cut");
    assert.equal(outcome.kind, "unknown");
  }
});

Deno.test("CatalogClient.commit() takes a body that breaks off for unknown, with its status", async () => {
  const body = metadataWith(IDENTITY);
  const { outcome } = await commitTo((connection) =>
    connection.write(
      `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body.slice(0, -1)}`,
    )
  );
  assert.equal(outcome.kind, "unknown");
  assert.equal(outcome.status, 200);
});

Deno.test("CatalogClient.commit() takes a time-out for unknown", async () => {
  const { outcome, answer } = await commitTo(async (connection) => {
    await connection.read();
  }, 200);
  assert.equal(answer.kind, "timeout");
  assert.equal(outcome.kind, "unknown");
});

Deno.test("CatalogClient.commit() takes a refused connection for not applied", async () => {
  const server = serveRaw(async (connection) => {
    await connection.read();
    await connection.respond({ status: 200, body: `{"defaults":{},"overrides":{}}` });
  });
  const client = await connect(server.origin);
  await server.close();
  const { outcome, answer } = await client.commit(TABLE, COMMIT, {
    identity: IDENTITY,
    idempotencyKey: KEY,
  });
  assert.equal(answer.kind, "refused");
  assert.equal(outcome.kind, "notApplied");
});

Deno.test("readRetryAfterMs() reads seconds and dates, and nothing else", () => {
  const nowMs = Date.UTC(2026, 0, 1);
  assert.equal(readRetryAfterMs(null), undefined);
  assert.equal(readRetryAfterMs("0"), 0);
  assert.equal(readRetryAfterMs(" 120 "), 120_000);
  assert.equal(readRetryAfterMs("Thu, 01 Jan 2026 00:00:30 GMT", nowMs), 30_000);
  assert.equal(readRetryAfterMs("Wed, 31 Dec 2025 23:59:59 GMT", nowMs), 0);
  assert.equal(readRetryAfterMs("soon", nowMs), undefined);
});
