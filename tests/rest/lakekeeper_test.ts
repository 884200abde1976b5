/** Every answer that was recorded from a running Lakekeeper 0.13 is read right by the client. */
import assert from "node:assert/strict";
import { CatalogError, EXIT_CODE } from "../../lib/errors.ts";
import type { CatalogClient, LoadedTable } from "../../lib/rest/catalog.ts";
import { member } from "../../lib/rest/error_body.ts";
import type { Outcome } from "../../lib/rest/outcome.ts";
import { storeProperties } from "../../lib/store/credentials.ts";
import { type Json, stringifyJson } from "../../lib/table/json.ts";
import {
  type Check,
  checkVended,
  commitRecorded,
  commits,
  CONFLICT,
  createRecorded,
  credentialsOf,
  loadRecorded,
  LOADS_VENDED,
  LOCATION,
  sendRecorded,
  TABLE,
} from "./recorded.ts";
import { readExchanges, startReplay } from "./replay.ts";
import { connect, KEY } from "./support.ts";

const PREFIX = "1e2890a4-e6cd-11f1-8ade-f32e596f16b4";
const NAMESPACE = TABLE.namespace;
const FIRST_SNAPSHOT = 1602660499800630873n;

const EXCHANGES = readExchanges();
const CONFIG = EXCHANGES.find(({ name }) => name === "config")!;

async function rejects(promise: Promise<unknown>): Promise<CatalogError> {
  const error = await promise.then(() => assert.fail("it was accepted"), (error) => error);
  assert.ok(error instanceof CatalogError, String(error));
  return error;
}

const missesTable = (table: { namespace: string[]; name: string }): Check => ({
  async run({ exchange, replay }) {
    const client = await connect(replay.uri);
    assert.equal(await client.loadTable(table), undefined);
    assert.equal(replay.seen[0]?.path, exchange.request.path);
  },
});

/** One winner and seven losers; the winner's metadata is made up of what the losers were told. */
const WINNER = 398136424091879670n;
const BASE = 281247721597956892n;
let answered = 0;

const CHECKS: Readonly<Record<string, Check>> = {
  "config": {
    async run({ replay }) {
      const { config } = await connect(replay.uri);
      assert.equal(config.properties.prefix, PREFIX);
      assert.equal(config.properties["rest-page-size"], "100");
      assert.equal(config.properties.uri, replay.uri);
      assert.equal(config.idempotencyKeyLifetime, "PT30M");
      assert.equal(config.endpoints?.size, 25);
      const credentials = "GET /v1/{prefix}/namespaces/{namespace}/tables/{table}/credentials";
      assert.ok(config.endpoints?.has(credentials));
    },
  },
  "config of an unknown warehouse": {
    async run({ replay }) {
      const error = await rejects(connect(replay.uri, { warehouse: "nope" }));
      assert.equal(error.exitCode, EXIT_CODE.usage);
      assert.equal(error.status, 404);
      assert.equal(error.type, "NoSuchWarehouseException");
      assert.match(error.message, /warehouse "nope".*A warehouse 'nope' does not exist/);
    },
  },
  "config without a warehouse": {
    async run({ replay }) {
      const error = await rejects(connect(replay.uri, { warehouse: "" }));
      assert.equal(error.exitCode, EXIT_CODE.usage);
      assert.equal(error.type, "GetConfigNoWarehouseProvided");
      assert.match(error.hint ?? "", /--warehouse/);
    },
  },
  "create namespace": {
    async run({ exchange, replay }) {
      const client = await connect(replay.uri);
      assert.equal(await client.ensureNamespace(NAMESPACE), true);
      const posted = replay.seen.at(-1);
      assert.equal(posted?.path, exchange.request.path);
      assert.deepEqual(posted?.body, exchange.request.body);
    },
  },
  "create namespace again": {
    async run({ replay }) {
      const client = await connect(replay.uri);
      assert.equal(await client.ensureNamespace(NAMESPACE), false);
      assert.equal(replay.seen.at(-1)?.method, "POST");
    },
  },
  "load a missing table": missesTable(TABLE),
  "load a table of a missing namespace": missesTable({ namespace: ["nope"], name: "t" }),
  "create table": {
    async run(context) {
      const made = await createRecorded(context);
      assert.ok(made);
      assert.equal(made.metadata.location, LOCATION);
      assert.match(made.metadataLocation ?? "", /\/00000-.*\.gz\.metadata\.json$/);
      checkVended(made, LOCATION);
    },
  },
  "create table again": {
    async run(context) {
      assert.equal(await createRecorded(context), undefined);
    },
  },
  "load with vended credentials": LOADS_VENDED,
  "load with remote signing": {
    async run(context) {
      const loaded = await loadRecorded(context);
      assert.deepEqual(loaded.storageCredentials, []);
      const { properties, s3 } = credentialsOf(loaded, `${LOCATION}/data/x.parquet`);
      assert.equal(properties["s3.remote-signing-enabled"], "true");
      assert.equal(properties["signer.uri"], `${context.replay.uri}/`);
      // No key comes along, so the usual AWS variables have to serve.
      assert.equal(s3.credentials, undefined);
      assert.equal(s3.endpoint, "http://127.0.0.1:9000/");
    },
  },
  "load without delegation": LOADS_VENDED,
  "load with both": LOADS_VENDED,
  "load if-none-match": {
    async run(context) {
      const answer = await sendRecorded(context);
      assert.equal(answer.status, 304);
      assert.equal(answer.json, undefined);
      assert.equal(
        answer.headers.get("etag"),
        context.exchange.request.headers["If-None-Match"],
      );
      // One that was not asked for has no metadata, and is no table.
      const client = await connect(context.replay.uri);
      assert.equal((await rejects(client.loadTable(TABLE))).status, 304);
    },
  },
  "load snapshots=refs": LOADS_VENDED,
  "credentials": {
    async run(context) {
      const { json } = await sendRecorded(context);
      const credentials = member(json, "storage-credentials") as unknown;
      const access = {
        config: {},
        storageCredentials: credentials as LoadedTable["storageCredentials"],
      };
      const properties = storeProperties(`${LOCATION}/data/x`, { catalog: {}, access });
      assert.equal(properties["s3.access-key-id"], "ACCESS-KEY");
      const refresh = `${context.replay.uri}/v1/${PREFIX}/namespaces/facts0d61f4/tables/t`;
      assert.equal(properties["client.refresh-credentials-endpoint"], `${refresh}/credentials`);
    },
  },
  "first commit (null assertion), with an Idempotency-Key": {
    async run(context) {
      const outcome = await commitRecorded(context);
      assert.equal(outcome.kind, "committed");
      const head = outcome.kind === "committed" ? outcome.metadata.refs?.main : undefined;
      assert.equal(head?.["snapshot-id"], FIRST_SNAPSHOT);
      // The field is sent, with null.
      const text = stringifyJson(context.replay.seen[0]?.body);
      assert.match(text, /"assert-ref-snapshot-id","ref":"main","snapshot-id":null/);
    },
  },
  "the same body and key again": commits("committed", { status: 200 }),
  "the same body, no key (resend of a landed commit)": commits("conflict", {
    ...CONFLICT,
    reason: /Branch or tag `main` already exists/,
  }),
  "another body, same key": commits("unknown", {
    status: 200,
    reason: /does not hold the snapshot/,
  }),
  "a null assertion when main exists": commits("conflict", CONFLICT),
  "second commit": commits("committed", { status: 200 }),
  "stale base (lost race)": commits("conflict", {
    ...CONFLICT,
    reason: /`main`'s snapshot has changed/,
  }),
  "stale base again, same key": commits("conflict", CONFLICT),
  // The branch had not moved, or the answer would have been 409: another branch took the number.
  "sequence number too low": commits("conflict", { status: 400, type: "InvalidTableUpdate" }),
  "sequence number too high": commits("committed", { status: 200 }),
  "timestamp two hours in the past": commits("rejected", {
    status: 400,
    type: "InvalidTableUpdate",
    reason: /Invalid snapshot timestamp/,
  }),
  "existing snapshot id on a new base": commits("conflict", {
    status: 400,
    type: "InvalidTableUpdate",
    reason: /Snapshot already exists for: '1602660499800630873'/,
  }),
  "wrong table uuid": commits("conflict", { ...CONFLICT, reason: /Table UUID does not match/ }),
  "wrong current schema id": commits("conflict", {
    ...CONFLICT,
    reason: /Current schema id does not match/,
  }),
  "unknown requirement": commits("rejected", {
    status: 422,
    reason: /^HTTP 422 \(Failed to deserialize.*unknown variant `assert-nonsense`/,
  }),
  "unknown update": commits("rejected", { status: 422, reason: /unknown variant `nonsense`/ }),
  "not JSON": commits("rejected", { status: 422, reason: /expected struct CommitTableRequest/ }),
  "snapshot without parent though main exists": commits("committed", { status: 200 }),
  "metrics report": {
    async run(context) {
      const answer = await sendRecorded(context);
      assert.equal(answer.status, 204);
      assert.equal(answer.json, undefined);
    },
  },
  "stage-create": {
    async run(context) {
      const made = await createRecorded(context);
      assert.ok(made);
      assert.equal(made.metadataLocation, undefined);
      checkVended(made, made.metadata.location);
    },
  },
  "format v3 table": {
    async run(context) {
      const made = await createRecorded(context);
      assert.equal(made?.metadata["format-version"], 3);
      assert.equal(made?.metadata["next-row-id"], 0);
    },
  },
  "transactions/commit": {
    async run(context) {
      const answer = await sendRecorded(context);
      assert.equal(answer.status, 200);
      assert.equal(answer.text, "");
      assert.equal(answer.json, undefined);
    },
  },
  "eight commits at once from one base": {
    instead({ method, body }) {
      if (method !== "POST") return undefined;
      const { answers = [] } = EXCHANGES.find(({ name }) => name.startsWith("eight"))!;
      const [status, type, message] = answers[answered++]!;
      const json = status === 200
        ? { metadata: { "table-uuid": "x", snapshots: [addedSnapshot(body)] } }
        : { error: { message, type, code: status } };
      return new Response(stringifyJson(json), { status });
    },
    async run({ exchange, replay }) {
      const client = await connect(replay.uri);
      assert.equal(exchange.answers?.length, 8);
      const outcomes: Outcome[] = [];
      for (const _ of exchange.answers) outcomes.push(await commitWinner(client));
      assert.deepEqual(outcomes.map(({ kind }) => kind).sort(), [
        "committed",
        ...Array(7).fill("conflict"),
      ]);
      for (const outcome of outcomes) {
        if (outcome.kind === "committed") continue;
        assert.equal(outcome.type, "CatalogCommitConflicts");
        assert.ok(outcome.reason.includes(`expected: ${BASE}, found: ${WINNER}`), outcome.reason);
      }
    },
  },
  "drop table with purge": {
    async run(context) {
      const answer = await sendRecorded(context);
      assert.equal(answer.status, 204);
      assert.equal(answer.text, "");
    },
  },
  "commit to a dropped table": commits("rejected", { status: 404, type: "NoSuchTableException" }),
  "bad token path: unknown prefix": {
    // Whatever is asked for under that prefix is answered so.
    instead: ({ path }) => {
      const { response } = EXCHANGES.find(({ name }) => name.startsWith("bad token path"))!;
      return path === "/catalog/v1/config"
        ? undefined
        : Response.json(response.body, { status: response.status });
    },
    async run({ replay }) {
      const prefix = "00000000-0000-0000-0000-000000000001";
      const instead = { prefix };
      const client = await connect(replay.uri, { properties: instead });
      for (const asked of [client.loadTable(TABLE), client.ensureNamespace(NAMESPACE)]) {
        const error = await rejects(asked);
        assert.equal(error.status, 404);
        assert.equal(error.type, "NoSuchWarehouseException");
      }
      for (const { path } of replay.seen) assert.ok(path.startsWith(`/catalog/v1/${prefix}/`));
    },
  },
};

function addedSnapshot(body: Json | undefined): Json {
  const updates = member(body, "updates") as Json[];
  return member(updates[0], "snapshot")!;
}

async function commitWinner(client: CatalogClient): Promise<Outcome> {
  const manifestList = `${LOCATION}/metadata/snap-${WINNER}.avro`;
  const { outcome } = await client.commit(TABLE, {
    requirements: [{ type: "assert-ref-snapshot-id", ref: "main", "snapshot-id": BASE }],
    updates: [{
      action: "add-snapshot",
      snapshot: {
        "snapshot-id": WINNER,
        "parent-snapshot-id": BASE,
        "timestamp-ms": 1795393125700,
        "manifest-list": manifestList,
      },
    }],
  }, { identity: { snapshotId: WINNER, manifestList }, idempotencyKey: KEY });
  return outcome;
}

Deno.test("The record of Lakekeeper's answers has a check for each exchange", () => {
  assert.equal(EXCHANGES.length, 42);
  assert.deepEqual(EXCHANGES.map(({ name }) => name), Object.keys(CHECKS));
});

for (const exchange of EXCHANGES) {
  Deno.test(`CatalogClient reads Lakekeeper's answer to "${exchange.name}" right`, async () => {
    const check = CHECKS[exchange.name];
    assert.ok(check, "no check of this exchange");
    const replay = startReplay(exchange, { config: CONFIG, instead: check.instead });
    try {
      await check.run({ exchange, replay });
      for (const { path } of replay.seen) assert.match(path, /^\/catalog\/v1\/[0-9a-f-]{36}\//);
    } finally {
      await replay.close();
    }
  });
}
