/** Ten thousand requests that are wrong somewhere: each is refused, and none changes anything. */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { DATABASE_FILE } from "../../lib/server/database.ts";
import { stringifyJson } from "../../lib/table/json.ts";
import { bodyShapes, type Site } from "./malformed/bodies.ts";
import { type BadRequest, badRequests, pathOf } from "./malformed/cases.ts";
import { RawClient, type WireAnswer } from "./raw_client.ts";
import { appendRequest, call, makeTable, newSnapshotId, SCHEMA, withServer } from "./support.ts";

const REQUESTS = 10_000;
/** Requests at once; after each lot, everything must be as it was. */
const LOT = 25;
const CLIENTS = 5;
const SLOW_MS = 5_000;

Deno.test(`of ${REQUESTS} malformed requests each gets a 4xx and none changes anything`, async () => {
  const seed = Number(Deno.env.get("MALFORMED_SEED") ?? Math.floor(Math.random() * 2 ** 31));
  console.log(
    `seed ${seed}; replay: MALFORMED_SEED=${seed} deno test -A tests/server/malformed_property_test.ts`,
  );
  await withServer(async ({ uri, directory }) => {
    const site = await makeSite(uri, directory);
    const { endpoints } = (await call("GET", `${uri}/config`)).body;
    const state = new State(directory);
    const clients = Array.from({ length: CLIENTS }, () => new RawClient(uri));
    const before = await state.read();
    const counts = new Map<string, number>();
    try {
      await fc.assert(
        fc.asyncProperty(
          fc.array(badRequests(endpoints, site), { minLength: LOT, maxLength: LOT }),
          async (requests) => {
            const queue = [...requests];
            await Promise.all(clients.map(async (client) => {
              for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
                const status = await check(client, next);
                counts.set(`${status}`, (counts.get(`${status}`) ?? 0) + 1);
              }
            }));
            if (state.mayHaveChanged()) assert.deepEqual(await state.read(), before);
            assert.deepEqual(await state.files(), before.files);
          },
        ),
        { numRuns: REQUESTS / LOT, seed },
      );
      assert.deepEqual(await state.read(), before);
      console.log(`answers: ${[...counts].sort().map((entry) => entry.join(" × ")).join(", ")}`);
      assert.equal((await call("GET", `${uri}/namespaces/ns/tables/t`)).status, 200);
    } finally {
      for (const client of clients) client.close();
      state.close();
    }
  });
});

/** What is refused even when it is right: nothing is registered or signed here. */
const REFUSED_ANYWAY = /\/(?:register|register-view|sign)$/;

Deno.test("what the malformed requests are made of is accepted as long as nothing is wrong", async () => {
  const seed = Number(Deno.env.get("MALFORMED_SEED") ?? Math.floor(Math.random() * 2 ** 31));
  for (let round = 0; round < 5; round += 1) {
    await withServer(async ({ uri, directory }) => {
      const site = await makeSite(uri, directory);
      for (const [route, shape] of bodyShapes(site)) {
        const [method = "", path = ""] = route.split(" ");
        if (REFUSED_ANYWAY.test(path)) continue;
        const [body] = fc.sample(shape.right, { numRuns: 1, seed: seed + round });
        const origin = new URL(uri).origin;
        const answer = await call(method, `${origin}${pathOf(path)}`, { body });
        const text = `seed ${seed}, ${route} ${stringifyJson(body)} ${stringifyJson(answer.body)}`;
        // One after the other, they stand in each other's way.
        const isTaken = /already exists/.test(answer.body?.error?.message ?? "");
        assert.ok(answer.status < 300 || [404, 409].includes(answer.status) || isTaken, text);
      }
    });
  }
});

/** Tables, a view and namespaces for requests to name. */
async function makeSite(uri: string, root: string): Promise<Site> {
  const { url, metadata } = await makeTable(uri, "t");
  const snapshotId = newSnapshotId();
  assert.equal(
    (await call("POST", url, { body: appendRequest(metadata, snapshotId) })).status,
    200,
  );
  await makeTable(uri, "other");
  const view = await call("POST", `${uri}/namespaces/ns/views`, {
    body: {
      name: "v",
      schema: SCHEMA,
      "view-version": {
        "version-id": 1,
        "timestamp-ms": Date.now(),
        "schema-id": 0,
        summary: {},
        "default-namespace": ["ns"],
        representations: [{ type: "sql", sql: "SELECT 1 AS id", dialect: "spark" }],
      },
      properties: {},
    },
  });
  assert.equal(view.status, 200);
  await call("POST", `${uri}/namespaces`, { body: { namespace: ["ns", "child"] } });
  return {
    root,
    tableUuid: metadata["table-uuid"],
    viewUuid: view.body.metadata["view-uuid"],
    snapshotId,
  };
}

/** Sends a request, checks that it is refused as it should be, and gives the status. */
async function check(client: RawClient, request: BadRequest): Promise<number> {
  const startMs = performance.now();
  const answer = await client.send(request);
  const elapsedMs = performance.now() - startMs;
  try {
    checkRefusal(request, answer);
    assert.ok(elapsedMs < SLOW_MS, `it took ${elapsedMs} ms`);
    if (request.headers["idempotency-key"] !== undefined) {
      const again = await client.send(request);
      assert.equal(again.status, answer.status, "the same request again");
      assert.equal(again.text, answer.text);
    }
  } catch (cause) {
    const { label, method, target, headers, body } = request;
    const text = new TextDecoder().decode(body.subarray(0, 2000));
    throw new Error(
      `${label}\n${method} ${target.slice(0, 500)}\n${JSON.stringify(headers)}\n${text}\n` +
        `${answer.status} ${answer.text.slice(0, 1000)}\n${cause}`,
      { cause },
    );
  }
  return answer.status;
}

function checkRefusal(request: BadRequest, answer: WireAnswer): void {
  assert.ok(answer.status >= 400 && answer.status < 500, `status ${answer.status}`);
  if (request.method === "HEAD") return assert.equal(answer.text, "");
  assert.equal(answer.headers.get("content-type"), "application/json");
  const { error, ...rest } = JSON.parse(answer.text);
  assert.deepEqual(rest, {});
  assert.equal(error.code, answer.status);
  assert.match(error.type, /^[A-Z]\w+$/);
  assert.ok(typeof error.message === "string" && error.message !== "");
  assert.ok(error.message.length < 2000, "a message of more than 2000 characters");
  assert.doesNotMatch(error.message, /\bat (?:async )?\S*file:\/\/|SQLITE|sqlite|undefined/);
}

/** The files of a warehouse and the content of its database, but for the answers kept. */
class State {
  readonly #database: DatabaseSync;
  readonly #directory: string;
  #version: unknown;

  constructor(directory: string) {
    this.#directory = directory;
    this.#database = new DatabaseSync(`${directory}/${DATABASE_FILE}`, { readOnly: true });
  }

  close(): void {
    this.#database.close();
  }

  /** Whether another connection has written since this was last asked. */
  mayHaveChanged(): boolean {
    const version = this.#database.prepare("PRAGMA data_version").get()?.["data_version"];
    const isOther = version !== this.#version;
    this.#version = version;
    return isOther;
  }

  async read(): Promise<{ files: string[]; rows: Record<string, unknown[]> }> {
    const tables = this.#database
      .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'replies'").all();
    const rows = Object.fromEntries(tables.map(({ name }) => [
      String(name),
      this.#database.prepare(`SELECT * FROM "${name}"`).all(),
    ]));
    return { files: await this.files(), rows };
  }

  /** Paths with size and time of change; the database's own files go on their own way. */
  async files(path = this.#directory): Promise<string[]> {
    const found: string[] = [];
    for await (const entry of Deno.readDir(path)) {
      if (entry.name.startsWith(DATABASE_FILE)) continue;
      const below = `${path}/${entry.name}`;
      if (entry.isDirectory) found.push(`${below}/`, ...await this.files(below));
      else {
        const { size, mtime } = await Deno.stat(below);
        found.push(`${below} ${size} ${mtime?.getTime()}`);
      }
    }
    return found.sort();
  }
}
