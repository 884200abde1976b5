import assert from "node:assert/strict";
import {
  type Contender,
  type Line,
  readLine,
  runTrial,
  type Sample,
} from "../../bench/comparison.ts";
import { commitFigures, readEvents } from "../../bench/tool_events.ts";

const LINE: Line = {
  id: "speed",
  what: "speed",
  ours: "ours",
  against: ["slow", "fast"],
  figure: "rate",
  format: String,
  moreIsBetter: true,
  target: { kind: "atLeast", ratio: 2 },
};

const samples = (of: Record<string, number[]>) =>
  new Map(Object.entries(of).map(([name, rates]) => [name, rates.map((rate) => ({ rate }))]));

Deno.test("readLine() takes the best of the others, and ratios within a round", () => {
  const reading = readLine(
    LINE,
    samples({ ours: [10, 30, 20], slow: [1, 1, 1], fast: [5, 10, 20] }),
  );
  assert.equal(reading?.peer, "fast");
  assert.deepEqual(reading?.ratio, { median: 2, min: 1, max: 3 });
  assert.equal(reading?.verdict, "ok");
});

Deno.test("readLine() says short when the middle ratio misses the target", () => {
  const most: Line = { ...LINE, moreIsBetter: false, target: { kind: "atMost", ratio: 0.25 } };
  const of = samples({ ours: [26], slow: [200], fast: [100] });
  assert.equal(readLine(LINE, of)?.verdict, "short");
  assert.equal(readLine(most, of)?.verdict, "short");
  assert.equal(readLine({ ...most, against: ["slow"] }, of)?.verdict, "ok");
});

Deno.test("readLine() says short when a run of ours misses what has to hold", () => {
  const holds = { what: "at least 9", test: ({ rate }: Sample) => rate! >= 9 };
  const of = samples({ ours: [8, 10, 10], fast: [1, 1, 1] });
  assert.equal(readLine({ ...LINE, holds }, of)?.verdict, "short");
});

Deno.test("readLine() can take the best by another figure", () => {
  const of = new Map<string, Sample[]>([
    ["ours", [{ rate: 4, bytes: 50 }]],
    ["slow", [{ rate: 1, bytes: 10 }]],
    ["fast", [{ rate: 2, bytes: 100 }]],
  ]);
  const line: Line = { ...LINE, figure: "bytes", moreIsBetter: false, bestBy: "rate" };
  assert.equal(readLine(line, of)?.peer, "fast");
});

Deno.test("readLine() shows nothing when none of the others took part", () => {
  assert.equal(readLine(LINE, samples({ ours: [1] })), undefined);
});

Deno.test("runTrial() begins each round with another contender and leaves out who is not asked for", async () => {
  const order: string[] = [];
  const contender = (name: string, roundsMax = 9): Contender => ({
    name,
    roundsMax,
    run: () => {
      order.push(name);
      return Promise.resolve({ rate: 1 });
    },
  });
  const contenders = [
    contender("ours"),
    contender("fast"),
    contender("slow", 1),
    contender("other"),
  ];
  const found = await runTrial({ title: "", contenders, lines: [LINE] }, { rounds: 2 });
  assert.deepEqual(order, ["ours", "fast", "slow", "fast", "ours"]);
  assert.deepEqual([...found].map(([name, runs]) => [name, runs.length]), [
    ["ours", 2],
    ["fast", 2],
    ["slow", 1],
  ]);
});

Deno.test("runTrial() goes on without one that may fail, and fails with any other", async () => {
  const fails = { name: "fast", run: () => Promise.reject(new Error("out of order")) };
  const works = { name: "ours", run: () => Promise.resolve({ rate: 1 }) };
  const failures: string[] = [];
  const options = {
    rounds: 2,
    onFailure: (name: string, error: Error) => failures.push(`${name}: ${error.message}`),
  };
  const trial = { title: "", contenders: [works, { ...fails, mayFail: true }], lines: [LINE] };
  const found = await runTrial(trial, options);
  assert.deepEqual([found.get("ours")?.length, found.has("fast")], [2, false]);
  assert.deepEqual(failures, ["fast: out of order"]);
  await assert.rejects(runTrial({ ...trial, contenders: [works, fails] }, options), /out of order/);
});

Deno.test("commitFigures() counts acknowledged chunks, and their rate from the first to the last", () => {
  const commit = (time: string, outcome: string) => ({
    type: "commit",
    time: `2026-01-01T00:00:0${time}Z`,
    outcome,
    chunks: 4,
    "elapsed_ms": 5,
  });
  const lines = [
    { type: "start", time: "2026-01-01T00:00:00Z" },
    commit("1.000", "committed"),
    commit("1.500", "conflict"),
    commit("2.000", "committed"),
    commit("3.000", "committed"),
  ].map((event) => JSON.stringify(event));
  assert.deepEqual(commitFigures(readEvents(`${lines.join("\n")}\n`)), {
    chunks: 12,
    commits: 3,
    chunksPerS: 4,
  });
});
