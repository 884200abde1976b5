// Ctrl-C and SIGTERM in the middle of a load, and the command that the tool prints for what is missing.

import assert from "node:assert/strict";
import { join } from "node:path";
import { startServer } from "../../lib/server/serve.ts";
import { type Fault, type FaultPlan, startFaultProxy } from "../fault_proxy.ts";
import { filesBelow, inTempDir, jsonLines, readRows, tableState } from "./support.ts";
import { runTool, spawnTool, type ToolResult } from "./tool.ts";

const ROWS = 30_000;
const TABLE = "/v1/namespaces/ns/tables/t";

/** A load that runs, through a proxy that a test can make faults with. */
interface Running {
  readonly directory: string;
  readonly uri: string;
  /** Sends it a signal. */
  kill(signal: Deno.Signal): void;
  /** Waits for its end. */
  ended(): Promise<Pick<ToolResult, "code" | "stdout" | "stderr">>;
}

/** Starts a load in a new directory, with a catalog beside it. */
async function withLoad(
  args: readonly string[],
  plan: (running: Running) => FaultPlan,
  test: (running: Running) => Promise<void>,
): Promise<void> {
  await inTempDir(async (directory) => {
    const server = await startServer({
      warehouses: [{ name: "demo", root: join(directory, "warehouse") }],
    });
    let made: FaultPlan = () => undefined;
    const proxy = startFaultProxy(server.uri, (request) => made(request));
    try {
      const csv = Array.from({ length: ROWS }, (_, row) => `${row + 1},name ${row + 1}\n`);
      await Deno.writeTextFile(join(directory, "my data.csv"), `id,name\n${csv.join("")}`);
      const child = await spawnTool(
        ["my data.csv", "--uri", proxy.uri, "--table", "ns.t", ...args],
        { cwd: directory },
      );
      const output = child.output();
      const running: Running = {
        directory,
        uri: server.uri,
        kill: (signal) => child.kill(signal),
        async ended() {
          const { code, stdout, stderr } = await output;
          const decoder = new TextDecoder();
          return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
        },
      };
      made = plan(running);
      try {
        await test(running);
      } finally {
        await output;
      }
    } finally {
      await proxy.close();
      await server.close();
    }
  });
}

/** Sends a signal while a commit is on its way, which arrives all the same. */
function signalAt(nth: number, signal: Deno.Signal): (running: Running) => FaultPlan {
  return (running) => ({ isCommit, nthCommit }): Fault | undefined => {
    if (isCommit && nthCommit === nth) running.kill(signal);
    return isCommit ? { delayMs: 60 } : undefined;
  };
}

/** The words of the command that the tool printed, without its name. */
function resumeWords(stderr: string): string[] {
  const command = /^To finish it: lakekeeper-ingest (.*)$/m.exec(stderr)?.[1];
  assert.ok(command, stderr);
  return [...command.matchAll(/'([^']*)'|(\S+)/g)].map((match) => match[1] ?? match[2]!);
}

async function checkWhole({ directory }: Running): Promise<void> {
  // Every data file on the disk is read, so none that does not belong to the table is left.
  const ids = (await readRows(directory)).map((row) => Number(row.id));
  assert.equal(ids.length, ROWS);
  assert.equal(new Set(ids).size, ROWS);
}

const SIGNALS = [["SIGINT", 130], ["SIGTERM", 143]] as const;

for (const [signal, code] of SIGNALS) {
  for (const commit of ["per-chunk", "grouped"]) {
    // A second group of all 30 chunks would leave nothing to be interrupted.
    const chunkSize = commit === "grouped" ? "100" : "1000";
    Deno.test(`ingest --commit ${commit} ends in order on ${signal} with ${code}, and the command that it prints finishes the load`, async () => {
      await withLoad(["--commit", commit, "--chunk-size", chunkSize], signalAt(2, signal), async (
        running,
      ) => {
        const result = await running.ended();
        assert.equal(result.code, code, result.stderr);
        const [, present] =
          /^Rows: {6}([\d,]+) of [\d,]+ read are in ns\.t$/m.exec(result.stdout) ??
            assert.fail(result.stdout);
        const committed = Number(present!.replaceAll(",", ""));
        assert.ok(committed > 0 && committed < ROWS, `${committed} rows`);
        assert.match(result.stderr, /^Error: The load was interrupted before its end$/m);
        // What was on its way has been waited for, and nothing else is left.
        assert.equal((await readRows(running.directory)).length, committed);
        const words = resumeWords(result.stderr);
        assert.equal(words[1], /^Load id: (\S+)$/m.exec(result.stderr)?.[1]);
        assert.ok(words.includes("my data.csv"));
        const finished = await runTool(words, { cwd: running.directory });
        assert.equal(finished.code, 0, finished.stderr);
        assert.ok(finished.stdout.includes(`, ${present} of them from before`), finished.stdout);
        await checkWhole(running);
      });
    });
  }
}

Deno.test("ingest --commit once waits on SIGINT for its commit on the way, and all rows are in", async () => {
  await withLoad(["--commit", "once"], signalAt(1, "SIGINT"), async (running) => {
    const result = await running.ended();
    assert.equal(result.code, 0, result.stderr);
    assert.match(result.stdout, /^Rows: {6}30,000 of 30,000 read are in ns\.t$/m);
    assert.doesNotMatch(result.stderr, /To finish it/);
    await checkWhole(running);
  });
});

Deno.test("ingest --json ends on SIGTERM with a summary and 143", async () => {
  await withLoad(["--json", "--chunk-size", "1000"], signalAt(2, "SIGTERM"), async (running) => {
    const result = await running.ended();
    assert.equal(result.code, 143);
    const lines = jsonLines(result.stdout);
    const start = lines[0]!;
    const summary = lines.at(-1)!;
    assert.equal(summary.type, "summary");
    assert.equal(summary.exit_code, 143);
    assert.equal(summary.load_id, start.load_id);
    assert.equal(summary.chunks_unknown, 0);
    assert.equal((await readRows(running.directory)).length, summary.rows_committed);
  });
});

Deno.test("ingest leaves at once on the second SIGINT", async () => {
  const silence = Promise.withResolvers<void>();
  const silent = Promise.withResolvers<void>();
  await withLoad(
    ["--chunk-size", "1000"],
    () => ({ isCommit, nthCommit }) => {
      if (!isCommit || nthCommit < 3) return undefined;
      silent.resolve();
      return { forwards: 0, reply: "cut", silence: silence.promise };
    },
    async (running) => {
      await silent.promise;
      running.kill("SIGINT");
      // It has the first one by then, and waits for the commit on its way.
      await new Promise((resolve) => setTimeout(resolve, 700));
      const startedMs = performance.now();
      running.kill("SIGINT");
      const result = await running.ended();
      const elapsedMs = performance.now() - startedMs;
      silence.resolve();
      assert.equal(result.code, 130);
      assert.ok(elapsedMs < 3000, `${elapsedMs} ms`);
      assert.doesNotMatch(result.stdout, /^Rows:/m);
      // The load id was said before, and is enough.
      const loadId = /^Load id: (\S+)$/m.exec(result.stderr)?.[1] ?? assert.fail(result.stderr);
      const again = await runTool(
        [
          ...["my data.csv", "--uri", running.uri, "--table", "ns.t"],
          ...["--chunk-size", "1000", "--load-id", loadId, "--json"],
        ],
        { cwd: running.directory },
      );
      assert.equal(again.code, 0, again.stdout);
      const summary = jsonLines(again.stdout).at(-1)!;
      assert.equal(summary.rows_committed + summary.rows_recorded, ROWS);
      assert.ok(summary.rows_recorded > 0);
    },
  );
});

Deno.test("ingest with an unknown commit ends with 4, names its snapshot, and the command printed settles it", async () => {
  let isDown = true;
  await withLoad(
    ["--chunk-size", "10000", "--commit-timeout", "1s", "--workers", "1", "--quiet"],
    () => ({ isCommit, nthCommit }) => {
      return isDown && isCommit && nthCommit >= 2 ? { forwards: 0, reply: "cut" } : undefined;
    },
    async (running) => {
      const result = await running.ended();
      isDown = false;
      assert.equal(result.code, 4, result.stderr);
      assert.match(
        result.stdout,
        /^✗ Chunk 1: 10,000 rows, no answer, \d+ attempts: unknown whether committed: snapshot \d+$/m,
      );
      const before = (await filesBelow(running.directory, ".parquet")).length;
      assert.equal(before, 3, "nothing is deleted");
      const finished = await runTool(resumeWords(result.stderr), { cwd: running.directory });
      assert.equal(finished.code, 0, finished.stderr);
      const records = await fetch(`${running.uri}${TABLE}`);
      assert.match(await records.text(), /"total-records":"30000"/);
    },
  );
});

Deno.test("ingest --load-id auto run twice adds nothing, and says so", async () => {
  await inTempDir(async (directory) => {
    await Deno.writeTextFile(join(directory, "a.csv"), "id\n1\n2\n3\n");
    const args = ["a.csv", "--uri", "embedded:warehouse", "--load-id", "auto"];
    for (
      const text of [/3 of 3 read are in default\.sample_table$/m, /, 3 of them from before$/m]
    ) {
      const result = await runTool(args, { cwd: directory });
      assert.equal(result.code, 0, result.stderr);
      assert.match(result.stdout, text);
      assert.match(result.stderr, /^Load id: auto-[0-9a-f]{32}$/m);
    }
    assert.equal((await tableState(directory))?.records, 3);
    // Another content under the same name is refused, and nothing is written.
    const named = [...args.slice(0, -1), "mine"];
    assert.equal((await runTool(named, { cwd: directory })).code, 0);
    await Deno.writeTextFile(join(directory, "a.csv"), "id\n1\n2\n4\n");
    const refused = await runTool(named, { cwd: directory });
    assert.equal(refused.code, 3);
    assert.match(refused.stderr, /^Error: Cannot go on loading "a\.csv" under this load id: /m);
    assert.match(refused.stderr, /^Hint: .*--load-id$/m);
    assert.doesNotMatch(refused.stderr, /To finish it/);
  });
});
