// The result of a probe as text, as JSON and in Markdown.
// deno-lint-ignore-file camelcase -- figures are named as JSON has them

import assert from "node:assert/strict";
import { PROBE, readRaceFlags } from "../../lib/cli/probe_flags.ts";
import { verdictLine } from "../../lib/cli/probe_json.ts";
import { markdownOf } from "../../lib/cli/probe_markdown.ts";
import { commitStatus, type ProbeResult } from "../../lib/cli/probe_result.ts";
import { createProbeView, resultText } from "../../lib/cli/probe_view.ts";
import { buildCommand } from "../../lib/cli/flags.ts";
import { parseFlags } from "./parse_flags.ts";
import { UsageError } from "../../lib/errors.ts";
import type { ProbeEvent } from "../../lib/probe/events.ts";
import type { RunNumbers } from "../../lib/probe/numbers.ts";
import type { RunVerdict, Violation } from "../../lib/probe/verdict.ts";
import { fakeTerminal } from "./fake_terminal.ts";

const LATENCY = { count: 50, p50: 5.5, p90: 7, p95: 8.25, p99: 120, max: 130 };

const NUMBERS: RunNumbers = {
  run: 1,
  workload: "append",
  mode: "rounds",
  writers: 8,
  attempts: 400,
  acknowledged: 50,
  conflicts: 350,
  retries: 0,
  resends: 0,
  unanswered: 1,
  racing_s: 2,
  commits_per_s: 25,
  success_rate: 0.125,
  fair_rate: 0.125,
  status: { 200: 50, 409: 349, none: 1 },
  latency_ms: { 200: LATENCY, 409: LATENCY },
};

const RUN: RunVerdict = {
  run: 1,
  workload: "append",
  writers: 8,
  verdict: "valid",
  conflicts: 350,
  acknowledged: 50,
  recovered: 0,
  unchecked: [],
};

const NOT_OFFERED: RunVerdict = {
  ...RUN,
  run: 2,
  workload: "idempotency",
  verdict: "not-offered",
  reason: "its config names no lifetime",
  conflicts: 0,
  acknowledged: 0,
};

const LOST: Violation = {
  kind: "lost",
  run: 1,
  table: "ns.probe_1",
  words: "Writer 1 was answered 200, and | its <b>commit</b> is gone.",
  ops: [7, 9],
  snapshots: ["123"],
};

function result(violations: readonly Violation[] = []): ProbeResult {
  return {
    header: {
      type: "header",
      format: "lakekeeper-ingest/history",
      version: 1,
      started: "2026-01-02T03:04:05.000Z",
      tool: { version: "1.2.3", runtime: "deno 2", target: "x" },
      catalog: {
        uri: "http://h/catalog",
        warehouse: "demo",
        server: null,
        endpoints: null,
        idempotency_key_lifetime: null,
      },
      namespace: "ns",
      seed: 42,
      command: "lakekeeper-ingest probe --writers 8",
    },
    verdict: {
      verdict: violations.length > 0 ? "violation" : "valid",
      violations,
      runs: [
        violations.length > 0 ? { ...RUN, verdict: "violation" } : RUN,
        NOT_OFFERED,
      ],
      notes: ["keys are odd"],
    },
    numbers: {
      runs: [NUMBERS],
      sweep: [],
      ceiling: { writers: 8, mode: "free", commits_per_s: 25 },
    },
  };
}

const terminal = fakeTerminal();

Deno.test("resultText() tells the verdict first, then the figures, then what was not judged", () => {
  const text = resultText(result(), { terminal, quiet: false });
  const lines = text.split("\n");
  assert.match(lines[0]!, /^✓ Valid: In 1 run /);
  assert.match(
    text,
    /append +rounds +8 +400 +12\.5 % +12\.5 % +25\.0 +5\.5 +8\.3 +120 +200 ×50, 409 ×349, no answer ×1 +valid/,
  );
  assert.match(text, /Ceiling of a table: 25\.0 commits\/s, with 8 writers that run freely/);
  assert.match(text, /- idempotency: not offered, its config names no lifetime/);
  assert.match(text, /- keys are odd/);
});

Deno.test("resultText() proves each violation, and what is alike once", () => {
  const text = resultText(result([LOST, { ...LOST, ops: [20] }, { ...LOST, ops: [30] }]), {
    terminal,
    quiet: true,
  });
  assert.match(text, /^✗ Violation: 3 violations/);
  assert.match(text, /Lost commit \(run 1, ns\.probe_1\)/);
  assert.match(text, /Witness: Operations 7, 9; snapshots 123/);
  assert.match(text, /The same happened 2 more times in this run: operations 20, 30/);
  assert.doesNotMatch(text, /Workload/);
});

Deno.test("resultText() needs no UTF-8", () => {
  const text = resultText(result(), {
    terminal: fakeTerminal({ usesUnicode: false }),
    quiet: false,
  });
  // deno-lint-ignore no-control-regex
  assert.match(text, /^[\x00-\x7f]*$/);
});

Deno.test("verdictLine() has the fields that were promised", () => {
  const line = JSON.parse(verdictLine(result([LOST]), { exitCode: 10, history: "h.jsonl" }));
  assert.equal(line.type, "verdict");
  assert.equal(line.verdict, "violation");
  assert.deepEqual(line.violations, [LOST]);
  assert.deepEqual(line.commit_status, { 200: 50, 409: 349, none: 1 });
  assert.equal(line.commits_per_s, 25);
  assert.equal(line.exit_code, 10);
  assert.equal(line.numbers[0].latency_ms["200"].p95, 8.25);
});

Deno.test("commitStatus() adds up all runs", () => {
  const twice = { ...result(), numbers: { ...result().numbers, runs: [NUMBERS, NUMBERS] } };
  assert.deepEqual(commitStatus(twice), { 200: 100, 409: 698, none: 2 });
});

Deno.test("markdownOf() has a table, the violations and the command, and no markup of a catalog's", () => {
  const text = markdownOf(result([LOST]));
  assert.match(text, /^### ❌ Concurrent writers: violation\n/);
  assert.match(text, /\| append \| rounds \| 8 \| 400 \|/);
  assert.match(
    text,
    /\*\*Lost commit\*\* \(run 1, `ns\.probe_1`\): Writer 1 .* and \\\| its \\<b\\>/,
  );
  assert.match(text, /```sh\nlakekeeper-ingest probe --writers 8\n```\n$/);
  const [head, rule, ...rows] = text.split("\n").filter((line) => line.startsWith("|"));
  const cells = (line: string) => line.split(/(?<!\\)\|/).length;
  for (const row of [rule!, ...rows]) assert.equal(cells(row), cells(head!));
});

Deno.test("createProbeView() says what runs and what came of it, on stderr", () => {
  const shown = fakeTerminal();
  const view = createProbeView(shown, { quiet: false, trace: false });
  const events: ProbeEvent[] = [
    {
      type: "start",
      catalog: "c",
      uri: "http://h",
      warehouse: "w",
      namespace: "ns",
      runs: 2,
      seed: 7,
    },
    { type: "run_start", run: 1, workload: "append", writers: 2, mode: "free", commits: 5 },
    { type: "progress", run: 1, done: 1, total: 5 },
    { type: "http", method: "GET", url: "http://h/v1", status: 200, elapsedMs: 1 },
    { type: "run_end", run: 1, attempts: 1234, acknowledged: 5, elapsedMs: 90 },
    { type: "run_start", run: 2, workload: "stale", writers: 1, mode: "rounds", commits: 5 },
    { type: "run_end", run: 2, attempts: 0, acknowledged: 0, notOffered: "no", elapsedMs: 1 },
  ];
  events.forEach(view);
  assert.equal(shown.written.out, "");
  assert.deepEqual(shown.written.err.trimEnd().split("\n"), [
    "Probing c (http://h, warehouse w) with tables in namespace ns, seed 7",
    "Run 1 of 2: append, 2 writers, running freely: 1,234 requests, 5 acknowledged, 90 ms",
    "Run 2 of 2: stale, 1 writer: not offered, no",
  ]);
});

function flags(...args: string[]) {
  return readRaceFlags(
    parseFlags(buildCommand(PROBE), { args, flags: PROBE.flags, environment: () => undefined }),
  );
}

Deno.test("readRaceFlags() reads numbers of writers, workloads and the seed", () => {
  const { plans, seed, namespace, keep } = flags(
    ...["--writers", "8,2,8", "--workload", "stale,append", "--mode", "rounds"],
    ...["--commits", "5", "--seed", "9", "--namespace", "a.b", "--keep"],
  );
  assert.deepEqual(plans.map(({ workload, writers }) => `${workload} ${writers}`), [
    "append 2",
    "append 8",
    "stale 1",
  ]);
  assert.equal(seed, 9);
  assert.deepEqual(namespace, ["a", "b"]);
  assert.equal(keep, true);
});

for (
  const args of [
    ["--writers", "0"],
    ["--writers", "2,,4"],
    ["--commits", "0"],
    ["--mode", "fast"],
    ["--workload", "appnd"],
    ["--seed", "-1"],
    ["--namespace", "a..b"],
  ]
) {
  Deno.test(`readRaceFlags() refuses ${args.join(" ")}`, () => {
    assert.throws(() => flags(...args), UsageError);
  });
}
