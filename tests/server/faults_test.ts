/** Faults on request, as a client meets them. */
import assert from "node:assert/strict";
import { parseFaultRule } from "../../lib/server/faults/fault_grammar.ts";
import { Faults } from "../../lib/server/faults/faults.ts";
import type { RequestEvent, ServerOptions } from "../../lib/server/serve.ts";
import type { TableMetadata } from "../../lib/table/metadata.ts";
import {
  appendRequest,
  call,
  chainOf,
  headOf,
  makeTable,
  newSnapshotId,
  rawRequest,
  withServer,
} from "./support.ts";

function rules(...texts: string[]): { faults: NonNullable<ServerOptions["faults"]> } {
  return { faults: { rules: texts.map(parseFaultRule) } };
}

/** Makes a table, posts one commit by `post`, and gives what the table came to. */
async function commitOnce(
  uri: string,
  post: (url: string, body: unknown) => Promise<void>,
): Promise<{ head: bigint | null; id: bigint }> {
  const { url, metadata } = await makeTable(uri);
  const id = newSnapshotId();
  await post(url, appendRequest(metadata, id));
  const loaded = await call("GET", url);
  assert.equal(loaded.status, 200);
  return { head: headOf(loaded.body.metadata), id };
}

/** What a bare socket hears of a POST; nothing at all when the connection was just closed. */
async function rawPost(url: string, body: string): Promise<string> {
  const { hostname, port, pathname } = new URL(url);
  const connection = await Deno.connect({ hostname, port: Number(port) });
  const head = `POST ${pathname} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n` +
    `Content-Length: ${body.length}\r\n\r\n`;
  await connection.write(new TextEncoder().encode(head + body));
  return await new Response(connection.readable).text();
}

Deno.test("drop-response carries a commit out and closes the connection without a word", async () => {
  const events: RequestEvent[] = [];
  await withServer(async ({ uri }) => {
    const { head, id } = await commitOnce(
      uri,
      async (url, body) => await assert.rejects(call("POST", url, { body })),
    );
    assert.equal(head, id);
    const said = await rawPost(`${uri}/namespaces/ns/tables/t`, `{"requirements":[],"updates":[]}`);
    assert.equal(said, "");
  }, { ...rules("commit:drop-response=1"), onRequest: (event) => events.push(event) });
  const commit = events.find(({ faults }) => faults !== undefined)!;
  assert.deepEqual(commit.faults, ["drop-response"]);
  assert.equal(commit.status, 0);
  assert.equal(commit.resultStatus, 200);
});

Deno.test("drop-request closes the connection and does nothing", async () => {
  await withServer(async ({ uri }) => {
    const { head } = await commitOnce(
      uri,
      async (url, body) => await assert.rejects(call("POST", url, { body })),
    );
    assert.equal(head, null);
  }, rules("commit:drop-request=1"));
});

Deno.test("a server whose faults close connections serves all else as ever", async () => {
  await withServer(async ({ uri }) => {
    const { url, metadata } = await makeTable(uri);
    let base: TableMetadata = metadata;
    for (let turn = 0; turn < 20; turn++) {
      const { status, body } = await call("POST", url, {
        body: appendRequest(base, newSnapshotId()),
      });
      assert.equal(status, 200);
      base = body.metadata;
    }
    assert.equal(chainOf(base).length, 20);
    assert.match(await rawRequest(uri, "/catalog/v1/namespaces"), /^HTTP\/1.1 200 OK/);
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => call("GET", url).then(({ status }) => status)),
    );
    assert.deepEqual(new Set(answers), new Set([200]));
  }, rules("drop:drop-request=1"));
});

Deno.test("a status is answered in place of the work, with Retry-After when asked for", async () => {
  await withServer(async ({ uri }) => {
    const { head } = await commitOnce(uri, async (url, body) => {
      const { status, headers, body: answered } = await call("POST", url, { body });
      assert.equal(status, 503);
      assert.equal(headers.get("retry-after"), "7");
      assert.equal(answered.error.type, "ServiceUnavailableException");
      assert.equal(answered.error.code, 503);
    });
    assert.equal(head, null);
    const { status, headers } = await call("GET", `${uri}/namespaces`);
    assert.equal(status, 503);
    assert.equal(headers.get("retry-after"), null);
  }, rules("commit:503=1;retry-after=7", "list:503=1"));
});

Deno.test("a status with ;after is answered when the work has been done", async () => {
  const events: RequestEvent[] = [];
  await withServer(async ({ uri }) => {
    const { head, id } = await commitOnce(uri, async (url, body) => {
      const { status, body: answered } = await call("POST", url, { body });
      assert.equal(status, 502);
      assert.equal(answered.error.code, 502);
    });
    assert.equal(head, id);
  }, { ...rules("commit:502=1;after"), onRequest: (event) => events.push(event) });
  const { status, resultStatus, faults } = events.find((event) => event.faults !== undefined)!;
  assert.deepEqual({ status, resultStatus, faults }, {
    status: 502,
    resultStatus: 200,
    faults: ["502;after"],
  });
});

Deno.test("truncate announces a whole body and sends half of it", async () => {
  await withServer(async ({ uri }) => {
    const { head, id } = await commitOnce(
      uri,
      async (url, body) => await assert.rejects(call("POST", url, { body })),
    );
    assert.equal(head, id);
    const said = await rawPost(`${uri}/namespaces/ns/tables/t`, `{"requirements":[],"updates":[]}`);
    const [, headText = "", rest = ""] = /^(.*?)\r\n\r\n(.*)$/s.exec(said) ?? [];
    const announced = Number(/content-length: (\d+)/i.exec(headText)?.[1]);
    assert.match(headText, /^HTTP\/1.1 200/);
    assert.equal(new TextEncoder().encode(rest).length, announced >> 1);
    assert.ok(rest.startsWith(`{"metadata-location":`));
  }, rules("commit:truncate=1"));
});

Deno.test("delay holds a request back for the time that it names", async () => {
  await withServer(async ({ uri }) => {
    const timed = async (path: string) => {
      const startMs = performance.now();
      assert.equal((await call("GET", `${uri}/${path}`)).status, 200);
      return performance.now() - startMs;
    };
    assert.ok(await timed("config") >= 100);
    await timed("namespaces");
  }, rules("config:delay=100ms..120ms"));
});

Deno.test("close() does not wait for the delays of faults", async () => {
  await withServer(async ({ uri, server }) => {
    const asked = call("GET", `${uri}/config`);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const startMs = performance.now();
    await server.close();
    assert.ok(performance.now() - startMs < 5000);
    assert.equal((await asked).status, 200);
  }, rules("config:delay=60s"));
});

Deno.test("Faults draws the same for the same seed, and about as often as the rule says", async () => {
  const struckBy = async (seed: number) => {
    const faults = new Faults({ rules: [parseFaultRule("load:503=0.2")], seed });
    const statuses: number[] = [];
    for (let nth = 0; nth < 2000; nth++) {
      // Requests of other kinds are no part of the rule's stream.
      const target = nth % 2 === 0 ? "load" : "config";
      const { response } = await faults.strike({
        request: new Request("http://x/"),
        target,
        cut: () => {},
        signal: new AbortController().signal,
        work: () => Promise.resolve(new Response(null, { status: 204 })),
      });
      if (target === "load") statuses.push(response.status);
      else assert.equal(response.status, 204);
    }
    return statuses;
  };
  const first = await struckBy(7);
  assert.deepEqual(await struckBy(7), first);
  assert.notDeepEqual(await struckBy(8), first);
  const struck = first.filter((status) => status === 503).length;
  // 0.2 of 1000; six standard deviations are 76.
  assert.ok(struck > 124 && struck < 276, `${struck} of 1000`);
});

Deno.test("lost-update puts a commit that lost its race in the winner's place", async () => {
  const events: RequestEvent[] = [];
  await withServer(async ({ uri }) => {
    const { url, metadata } = await makeTable(uri);
    const [first, winner, loser] = [newSnapshotId(), newSnapshotId(), newSnapshotId()];
    const { body: { metadata: base } } = await call("POST", url, {
      body: appendRequest(metadata, first),
    });
    const won = await call("POST", url, { body: appendRequest(base, winner) });
    assert.equal(won.status, 200);
    const lost = await call("POST", url, { body: appendRequest(base, loser) });
    assert.equal(lost.status, 200);
    const { body: { metadata: after } } = await call("GET", url);
    assert.deepEqual(chainOf(after), [loser, first]);
    assert.ok(
      !after.snapshots.some((item: { "snapshot-id": bigint }) =>
        BigInt(item["snapshot-id"]) === winner
      ),
      "the acknowledged commit is gone",
    );
    assert.equal(after["last-sequence-number"], 2);
    const onWinner = await call("POST", url, {
      body: appendRequest(won.body.metadata, newSnapshotId()),
    });
    assert.equal(onWinner.status, 409, "no state on the table's log fits it");
  }, { ...rules("commit:lost-update=1"), onRequest: (event) => events.push(event) });
  assert.deepEqual(events.flatMap(({ faults = [] }) => faults), ["lost-update"]);
});

Deno.test("lost-update strikes transactions, and leaves alone what was never right", async () => {
  await withServer(async ({ uri }) => {
    const { url, metadata } = await makeTable(uri);
    const [winner, loser] = [newSnapshotId(), newSnapshotId()];
    assert.equal(
      (await call("POST", url, { body: appendRequest(metadata, winner) })).status,
      200,
    );
    const change = {
      identifier: { namespace: ["ns"], name: "t" },
      ...appendRequest(metadata, loser),
    };
    const { status } = await call("POST", `${uri}/transactions/commit`, {
      body: { "table-changes": [change] },
    });
    assert.equal(status, 204);
    const { body } = await call("GET", url);
    assert.equal(headOf(body.metadata), loser);
    const wrongTable = appendRequest(body.metadata, newSnapshotId());
    wrongTable["requirements"] = [{ type: "assert-table-uuid", uuid: crypto.randomUUID() }];
    assert.equal((await call("POST", url, { body: wrongTable })).status, 409);
  }, rules("commit:lost-update=1"));
});

Deno.test("lost-update under a race loses acknowledged commits, each time that it struck", async () => {
  const events: RequestEvent[] = [];
  const acknowledged: bigint[] = [];
  await withServer(async ({ uri }) => {
    const { url } = await makeTable(uri);
    const write = async () => {
      for (let turn = 0; turn < 15; turn++) {
        const { body: { metadata } } = await call("GET", url);
        const id = newSnapshotId();
        const { status } = await call("POST", url, { body: appendRequest(metadata, id) });
        assert.ok(status === 200 || status === 409, `status ${status}`);
        if (status === 200) acknowledged.push(id);
      }
    };
    await Promise.all(Array.from({ length: 8 }, write));
    const { body: { metadata } } = await call("GET", url);
    const chain = new Set(chainOf(metadata));
    const lost = acknowledged.filter((id) => !chain.has(id)).length;
    const struck = events.filter(({ faults }) => faults?.includes("lost-update")).length;
    assert.ok(struck > 0);
    // One that strikes may take several commits along that were made on the winner's.
    assert.ok(lost >= struck, `${lost} lost by ${struck}`);
  }, { ...rules("commit:lost-update=0.3"), onRequest: (event) => events.push(event) });
});
