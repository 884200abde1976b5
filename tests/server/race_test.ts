/** Writers that race for one table, over real sockets, and servers that die under them. */
import assert from "node:assert/strict";
import { race } from "./race.ts";
import {
  appendRequest,
  call,
  chainOf,
  makeTable,
  namesIn,
  newSnapshotId,
  startProcess,
} from "./support.ts";

const WRITERS = 32;
const ROUNDS = 100;

Deno.test("commit: of 32 writers on one base exactly one wins each of 100 rounds", async () => {
  await onProcesses(1, async ({ urls, directory }) => {
    await race({ urls, writers: WRITERS, rounds: ROUNDS });
    // Losers leave nothing: the first metadata file, and one a round.
    assert.equal((await namesIn(`${directory}/ns/t/metadata`)).length, 1 + ROUNDS);
  });
});

Deno.test("commit: two processes on one warehouse never both win", async () => {
  await onProcesses(2, async ({ urls, directory }) => {
    await race({ urls, writers: WRITERS, rounds: ROUNDS });
    assert.equal((await namesIn(`${directory}/ns/t/metadata`)).length, 1 + ROUNDS);
  });
});

Deno.test("commit: the same request sent twice at once under its key wins once or loses twice", async () => {
  await onProcesses(1, async ({ urls }) => {
    await race({ urls, writers: WRITERS, rounds: ROUNDS, isKeyed: true });
  });
});

Deno.test("commit: the same request sent to two processes at once under its key wins once", async () => {
  await onProcesses(2, async ({ urls }) => {
    await race({ urls, writers: WRITERS, rounds: ROUNDS, isKeyed: true });
  });
});

Deno.test("commit: two processes carry out all changes that exclude no other", async () => {
  await onProcesses(2, async ({ urls }) => {
    const keys = Array.from({ length: 60 }, (_, index) => `key-${index}`);
    for (let at = 0; at < keys.length; at += 6) {
      const answers = await Promise.all(
        keys.slice(at, at + 6).map((key, index) =>
          call("POST", urls[index % 2]!, {
            body: {
              requirements: [],
              updates: [{ action: "set-properties", updates: { [key]: "set" } }],
            },
          })
        ),
      );
      assert.deepEqual(answers.map((answer) => answer.status), Array(6).fill(200));
    }
    const { body } = await call("GET", urls[0]!);
    assert.deepEqual(keys.filter((key) => body.metadata.properties[key] !== "set"), []);
  });
});

/** Makes a table on some processes that serve one warehouse. */
async function onProcesses(
  count: number,
  test: (context: { urls: string[]; directory: string }) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "ingest-race-" });
  const processes = await Promise.all(
    Array.from({ length: count }, () => startProcess(directory)),
  );
  try {
    const first = processes[0]!.uri;
    const { url } = await makeTable(first);
    await test({ urls: processes.map(({ uri }) => url.replace(first, uri)), directory });
  } finally {
    await Promise.all(processes.map((process) => process.kill()));
    await Deno.remove(directory, { recursive: true });
  }
}

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
