// A process dies with its commit on the way; the load is resumed, and only when the resumed run has
// read what is in the table does the dead one's commit land.

import assert from "node:assert/strict";
import type { CommitMode } from "../../lib/load/events.ts";
import { startServer } from "../../lib/server/serve.ts";
import {
  accessBy,
  type AttemptPlan,
  MODES,
  runHere,
  startTool,
  toolArguments,
} from "../chaos/attempt.ts";
import { Draw } from "../chaos/draw.ts";
import { startChaosProxy } from "../chaos/proxy.ts";
import { drawCsv } from "../chaos/rows.ts";
import { type ChaosSite, embeddedSite } from "../chaos/site.ts";
import { readTable } from "../chaos/table_reading.ts";
import { judge } from "../chaos/verdict.ts";

const TABLE = "late.t";
const ROWS = 200;
const CHUNK_ROWS = 10;

/** Which of the first run's commits stays on the way: the one of chunk 7, where each has its own. */
const HELD_COMMIT: Readonly<Record<CommitMode, number>> = { "per-chunk": 8, grouped: 2, once: 1 };

interface Resumption {
  readonly mode: CommitMode;
  readonly chunkSize: number;
  readonly workers: number;
}

/** Runs a load until a commit is on the way, kills it, resumes it, and lets the commit land. */
async function landLate(first: CommitMode, resumed: Resumption): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "ingest-late-" });
  const server = await startServer({
    warehouses: [{ name: "demo", root: `${directory}/warehouse` }],
  });
  const site: ChaosSite = { ...embeddedSite(server.uri), stop: () => Promise.resolve() };
  const proxy = startChaosProxy(new URL(server.uri).origin, () => undefined);
  try {
    const csv = drawCsv(new Draw(1, "late"), { rows: ROWS, firstId: 1 });
    const access = accessBy(site, { catalog: proxy.origin, store: undefined });
    const plan: AttemptPlan = {
      csv: csv.bytes,
      table: TABLE,
      loadId: "late",
      mode: first,
      workers: 1,
      chunkSize: CHUNK_ROWS,
      commitTimeoutMs: 60_000,
    };
    const path = `${directory}/input.csv`;
    await Deno.writeFile(path, csv.bytes);

    const letGo = Promise.withResolvers<void>();
    const landed = Promise.withResolvers<number | undefined>();
    const dying = startTool(toolArguments(path, plan, access));
    let commits = 0;
    proxy.plan = async ({ kind }) => {
      if (kind !== "commit" || ++commits !== HELD_COMMIT[first]) return undefined;
      dying.kill();
      await letGo.promise;
      return { name: "late", beforeReply: landed.resolve };
    };
    const { killed } = await dying.ended;
    assert.ok(killed, `it ended by itself: ${dying.said.result(0).complaints.join("; ")}`);

    let resumedCommits = 0;
    proxy.plan = async ({ kind }) => {
      if (kind !== "commit") return undefined;
      resumedCommits++;
      // By now the resumed run knows the table without what lands here, before all that it posts.
      letGo.resolve();
      await landed.promise;
      return undefined;
    };
    const result = await runHere({ ...plan, ...resumed }, access);
    assert.ok(resumedCommits > 0, "the resumed run committed nothing");
    assert.equal(await landed.promise, 200, "the dead process's commit did not land");
    assert.equal(result.exitCode, 0, result.complaints.join("\n"));
    const verdict = judge(await readTable(site, TABLE), csv.rows);
    assert.deepEqual(
      { ...verdict, findings: [] },
      { lost: 0, doubled: 0, corrupted: false, liveFilesDeleted: 0, findings: [] },
      verdict.findings.join("\n"),
    );
  } finally {
    await proxy.close();
    await server.close();
    await Deno.remove(directory, { recursive: true });
  }
}

for (const first of MODES) {
  for (const then of MODES) {
    const name = first === then
      ? `a load resumed with --commit ${then}`
      : `a load begun with --commit ${first} and resumed with ${then}, other chunks and more workers`;
    Deno.test(`${name} holds every row once when a dead process's commit lands late`, async () => {
      await landLate(
        first,
        first === then
          ? { mode: then, chunkSize: CHUNK_ROWS, workers: 1 }
          : { mode: then, chunkSize: 17, workers: 4 },
      );
    });
  }
}
