/** The ledger in snapshot summaries: written, folded, read back along the branch. */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  ancestry,
  coverage,
  foldRanges,
  type LedgerRange,
  ledgerSummary,
  LOAD_ID_KEY,
  readEntry,
  readLedger,
} from "../../lib/load/ledger.ts";
import { RecordedRanges } from "../../lib/load/recorded_ranges.ts";
import { toBigInt } from "../../lib/table/json.ts";
import { line, tableOf } from "./metadata_support.ts";

const ENTRY = { [LOAD_ID_KEY]: "load", "ingest.chunk-rows": "10", "ingest.ranges": "5-9:ab" };

/** Ranges that do not overlap, in any order; some touch. */
const apart: fc.Arbitrary<LedgerRange[]> = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 1, max: 9 })), {
    maxLength: 20,
  })
  .chain((steps) => {
    let at = 0;
    const ranges = steps.map(([gap, length], index) => {
      const start = at + gap;
      at = start + length;
      return { start, end: at, digest: index.toString(16).padStart(32, "0") };
    });
    return fc.shuffledSubarray(ranges, { minLength: ranges.length });
  });

function bytesOf(ranges: readonly { readonly start: number; readonly end: number }[]): Set<number> {
  const bytes = new Set<number>();
  for (const { start, end } of ranges) for (let at = start; at < end; at++) bytes.add(at);
  return bytes;
}

function snapshotWith(summary: Record<string, string>) {
  return tableOf([{ id: 1, summary }], 1).snapshots![0]!;
}

Deno.test("foldRanges() holds the same bytes in order, with no two that touch, and the digest of each end", () => {
  fc.assert(fc.property(apart, (ranges) => {
    const folded = foldRanges(ranges);
    assert.deepEqual(bytesOf(folded), bytesOf(ranges));
    folded.forEach((range, at) => {
      if (at > 0) assert.ok(folded[at - 1]!.end < range.start, "two that touch, or out of order");
      assert.equal(range.digest, ranges.find(({ end }) => end === range.end)?.digest);
    });
  }));
});

Deno.test("readEntry() reads what ledgerSummary() wrote", () => {
  fc.assert(fc.property(apart, fc.integer({ min: 1, max: 1e6 }), (ranges, chunkRows) => {
    const snapshot = snapshotWith(ledgerSummary({ loadId: "load", chunkRows, ranges }));
    const entry = readEntry(snapshot, "load");
    assert.deepEqual(entry?.ranges, foldRanges(ranges));
    assert.equal(entry?.chunkRows, chunkRows);
    assert.equal(entry?.snapshotId, 1n);
    assert.equal(readEntry(snapshot, "other"), undefined);
  }));
});

Deno.test("ledgerSummary() of many chunks that touch is small", () => {
  const ranges = Array.from({ length: 100_000 }, (_, at) => ({
    start: at * 10,
    end: at * 10 + 10,
    digest: "d".repeat(32),
  }));
  const summary = ledgerSummary({ loadId: "load", chunkRows: 1000, ranges });
  assert.deepEqual(summary["ingest.ranges"], `0-1000000:${"d".repeat(32)}`);
});

Deno.test("readEntry() passes over what it cannot read, and takes offsets beyond 32 bits", () => {
  const read = (ranges: string, chunkRows = "10") =>
    readEntry(
      snapshotWith({ ...ENTRY, "ingest.ranges": ranges, "ingest.chunk-rows": chunkRows }),
      "load",
    );
  assert.deepEqual(read("nonsense")?.ranges, []);
  assert.deepEqual(read("")?.ranges, []);
  assert.deepEqual(read("1-2:,x,3-99999999999:ff")?.ranges, [
    { start: 1, end: 2, digest: undefined },
    { start: 3, end: 99_999_999_999, digest: "ff" },
  ]);
  for (const rows of ["0", "-1", "x", "1.5"]) {
    assert.equal(read("1-2:", rows)?.chunkRows, undefined);
  }
});

Deno.test("readLedger() collects along the branch, newest first, and no other branch's", () => {
  const other = { ...ENTRY, "ingest.ranges": "9-12:cd" };
  const snapshots = [...line(4, { 2: ENTRY, 4: other }), { id: 9, parent: 3, summary: ENTRY }];
  const ledger = readLedger(tableOf(snapshots, 4), "load");
  assert.deepEqual(ledger.entries.map(({ snapshotId }) => snapshotId), [4n, 2n]);
  assert.equal(ledger.isWhole, true);
  assert.equal(ledger.oldestMs, 1);
  assert.deepEqual(readLedger(tableOf(snapshots, 4), "another").entries, []);
});

Deno.test("readLedger() says when the history is cut, and how far it goes", () => {
  const ledger = readLedger(tableOf(line(5, { 1: ENTRY, 4: ENTRY }).slice(2), 5), "load");
  assert.deepEqual(ledger.entries.map(({ snapshotId }) => snapshotId), [4n]);
  assert.equal(ledger.isWhole, false);
  assert.equal(ledger.oldestMs, 3);
});

Deno.test("readLedger() of a table without snapshots is whole and empty", () => {
  assert.deepEqual(readLedger(tableOf([]), "load"), {
    entries: [],
    isWhole: true,
    oldestMs: undefined,
  });
});

Deno.test("ancestry() ends in a circle of damaged metadata", () => {
  const steps = [...ancestry(tableOf([{ id: 1, parent: 2 }, { id: 2, parent: 1 }], 2))];
  assert.equal(steps.at(-1), "cut");
  assert.deepEqual(
    steps.slice(0, -1).map((step) => step !== "cut" && toBigInt(step["snapshot-id"])),
    [2n, 1n],
  );
  assert.deepEqual([...ancestry(tableOf([{ id: 7, parent: 7 }], 7))].length, 2);
});

Deno.test("coverage() tells whole, none and part just as counting bytes does", () => {
  const range = fc.tuple(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 1, max: 12 }))
    .map(([start, length]) => ({ start, end: start + length }));
  fc.assert(fc.property(range, fc.array(range, { maxLength: 8 }), (one, done) => {
    const there = bytesOf(done);
    const count = [...bytesOf([one])].filter((byte) => there.has(byte)).length;
    const expected = count === 0 ? "none" : count === one.end - one.start ? "whole" : "part";
    assert.equal(coverage(one, done), expected);
  }));
});

Deno.test("RecordedRanges keeps what was added, folded, whatever the order", () => {
  fc.assert(fc.property(apart, fc.nat({ max: 20 }), (ranges, cut) => {
    const recorded = new RecordedRanges();
    recorded.add(ranges.slice(0, cut));
    recorded.add(ranges);
    recorded.add(ranges.slice(cut));
    assert.deepEqual(bytesOf(recorded.ranges), bytesOf(ranges));
    assert.deepEqual(
      recorded.ranges.map(({ start, end }) => [start, end]),
      foldRanges(ranges).map(({ start, end }) => [start, end]),
    );
    for (const range of ranges) assert.equal(recorded.coverage(range), "whole");
  }));
});

Deno.test("RecordedRanges.coverage() sees a range across the end of what is there", () => {
  const recorded = new RecordedRanges();
  assert.equal(recorded.coverage({ start: 0, end: 1 }), "none");
  recorded.add([{ start: 10, end: 20, digest: undefined }, { start: 20, end: 30, digest: "a" }]);
  assert.equal(recorded.coverage({ start: 12, end: 28 }), "whole");
  assert.equal(recorded.coverage({ start: 5, end: 11 }), "part");
  assert.equal(recorded.coverage({ start: 30, end: 40 }), "none");
});
