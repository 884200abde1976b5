/** Writers that race for one table, over real sockets, and servers that die under them. */
import assert from "node:assert/strict";
import {
  type Answer,
  appendRequest,
  call,
  chainOf,
  headOf,
  makeTable,
  namesIn,
  newSnapshotId,
  startProcess,
  withServer,
} from "./support.ts";

const WRITERS = 16;
const ROUNDS = 20;

Deno.test("commit: of 16 writers on one base exactly one wins each of 20 rounds", async () => {
  await withServer(async ({ uri, directory }) => {
    const { url } = await makeTable(uri);
    const winners: bigint[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const { body: { metadata: base } } = await call("GET", url);
      const ids = Array.from({ length: WRITERS }, newSnapshotId);
      const answers = await Promise.all(
        ids.map((id) => call("POST", url, { body: appendRequest(base, id) })),
      );
      winners.push(checkRound(answers, ids, headOf(base)));
    }
    const { body } = await call("GET", url);
    assert.deepEqual(chainOf(body.metadata).reverse(), winners);
    const log = body.metadata["snapshot-log"].map((entry: { "snapshot-id": bigint }) =>
      BigInt(entry["snapshot-id"])
    );
    assert.deepEqual(log, winners);
    // Losers leave nothing: the first metadata file, and one a round.
    const files = await namesIn(`${directory}/ns/t/metadata`);
    assert.equal(files.length, 1 + ROUNDS);
  });
});

function checkRound(answers: readonly Answer[], ids: readonly bigint[], head: bigint | null) {
  const won = answers.flatMap((answer, index) => answer.status === 200 ? [ids[index]!] : []);
  assert.equal(won.length, 1, `winners: ${won}`);
  for (const { status, body } of answers) {
    if (status === 200) continue;
    assert.equal(status, 409);
    assert.equal(body.error.type, "CommitFailedException");
    assert.equal(body.error.code, 409);
    assert.match(body.error.message, new RegExp(`main.*expected (?:id )?${head ?? "none"}`));
    assert.match(body.error.message, new RegExp(String(won[0])));
  }
  return won[0]!;
}

Deno.test("commit: two processes on one warehouse never both win", async () => {
  const directory = await Deno.makeTempDir({ prefix: "ingest-race-" });
  const processes = await Promise.all([startProcess(directory), startProcess(directory)]);
  try {
    const { url } = await makeTable(processes[0]!.uri);
    const urls = [url, url.replace(processes[0]!.uri, processes[1]!.uri)];
    const winners: bigint[] = [];
    for (let round = 0; round < 20; round += 1) {
      // Both must see at once what either has committed.
      const { body: { metadata: base } } = await call("GET", urls[round % 2]!);
      const ids = Array.from({ length: 4 }, newSnapshotId);
      const answers = await Promise.all(
        ids.map((id, index) => call("POST", urls[index % 2]!, { body: appendRequest(base, id) })),
      );
      winners.push(checkRound(answers, ids, headOf(base)));
    }
    const { body } = await call("GET", urls[1]!);
    assert.deepEqual(chainOf(body.metadata).reverse(), winners);
    const files = await namesIn(`${directory}/ns/t/metadata`);
    assert.equal(files.length, 1 + winners.length);
  } finally {
    await Promise.all(processes.map((process) => process.kill()));
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("commit: kill -9 under load loses no acknowledged commit", async () => {
  const directory = await Deno.makeTempDir({ prefix: "ingest-kill-" });
  try {
    const acknowledged: bigint[] = [];
    for (let kill = 0; kill < 3; kill += 1) {
      const process = await startProcess(directory);
      const url = kill === 0
        ? (await makeTable(process.uri)).url
        : `${process.uri}/namespaces/ns/tables/t`;
      const before = acknowledged.length;
      const writers = [0, 1].map(() => writeUntilCut(url, acknowledged));
      const deadlineMs = Date.now() + 30_000;
      while (acknowledged.length < before + 20) {
        assert.ok(Date.now() < deadlineMs, "the writers do not get on");
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      await process.kill();
      await Promise.all(writers);
    }
    const process = await startProcess(directory);
    try {
      const { status, body } = await call("GET", `${process.uri}/namespaces/ns/tables/t`);
      assert.equal(status, 200);
      const chain = new Set(chainOf(body.metadata));
      assert.deepEqual(acknowledged.filter((id) => !chain.has(id)), []);
    } finally {
      await process.kill();
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

/** Commits in a loop until the server is gone. */
async function writeUntilCut(url: string, acknowledged: bigint[]): Promise<void> {
  for (;;) {
    try {
      const { body: { metadata } } = await call("GET", `${url}?snapshots=refs`);
      const id = newSnapshotId();
      const answer = await call("POST", url, { body: appendRequest(metadata, id) });
      if (answer.status === 200) acknowledged.push(id);
      else assert.equal(answer.status, 409);
    } catch (error) {
      if (error instanceof TypeError) return;
      throw error;
    }
  }
}

Deno.test("CatalogDatabase makes one file for several processes at the same moment", async () => {
  const script = `
    import { CatalogDatabase } from ${
    JSON.stringify(new URL("../../lib/server/database.ts", import.meta.url).href)
  };
    const [path, startMs] = Deno.args;
    while (Date.now() < Number(startMs));
    const database = new CatalogDatabase(path);
    await new Promise((resolve) => setTimeout(resolve, 20));
    database.close();
  `;
  const open = async (path: string, startMs: number) => {
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-A",
        "--no-check",
        `data:text/typescript,${encodeURIComponent(script)}`,
        path,
        String(startMs),
      ],
    }).output();
    assert.equal(code, 0, new TextDecoder().decode(stderr));
  };
  const directory = await Deno.makeTempDir({ prefix: "ingest-open-" });
  try {
    for (let round = 0; round < 8; round += 1) {
      const startMs = Date.now() + 400;
      const path = `${directory}/${round}.db`;
      await Promise.all([open(path, startMs), open(path, startMs), open(path, startMs)]);
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
