/** Reading table answers in part, against reading them whole. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { readTableAnswer, TableAnswer } from "../../lib/rest/table_answer.ts";
import { parseJson, stringifyJson } from "../../lib/table/json.ts";
import type { SnapshotJson, TableMetadata } from "../../lib/table/metadata.ts";

const FIRST = 2n ** 62n + 1n;

function snapshot(number: number, more: Partial<SnapshotJson> = {}): SnapshotJson {
  return {
    "snapshot-id": FIRST + BigInt(number),
    ...(number === 0 ? {} : { "parent-snapshot-id": FIRST + BigInt(number - 1) }),
    "sequence-number": number + 1,
    "timestamp-ms": 1000 + number,
    "manifest-list": `s3://b/{"snapshots":[]}/\\"${number}.avro`,
    summary: { operation: "append", "snapshot-id": "1", text: 'a "b" \\ }],{[ é' },
    ...more,
  };
}

function answerOf(snapshots: readonly SnapshotJson[], more: Record<string, unknown> = {}): string {
  return stringifyJson({
    "metadata-location": "s3://b/1.json",
    metadata: {
      "table-uuid": "u",
      "last-updated-ms": 1,
      snapshots,
      refs: { main: { "snapshot-id": snapshots.at(-1)?.["snapshot-id"] ?? -1, type: "branch" } },
      "snapshot-log": snapshots.map((one) => ({ "snapshot-id": one["snapshot-id"] })),
      ...more,
    },
    config: { a: "b" },
  });
}

function idsOf({ snapshots = [] }: TableMetadata): bigint[] {
  return snapshots.map((one) => BigInt(one["snapshot-id"]) - FIRST);
}

const TEN = Array.from({ length: 10 }, (_, number) => snapshot(number));

Deno.test("TableAnswer.whole() gives all that the answer holds but the logs, with all 64 bits", () => {
  const answer = new TableAnswer(answerOf(TEN, { "metadata-log": [], "next-row-id": FIRST }));
  const metadata = answer.whole();
  assert.deepEqual(metadata.snapshots, TEN);
  assert.equal(metadata["next-row-id"], FIRST);
  assert.equal(Object.hasOwn(metadata, "snapshot-log"), false);
  assert.deepEqual(answer.rest, { "metadata-location": "s3://b/1.json", config: { a: "b" } });
});

Deno.test("TableAnswer.whole() gives the logs where they are asked for", () => {
  const text = answerOf(TEN, { "metadata-log": [{ "metadata-file": "a", "timestamp-ms": 1 }] });
  const { metadata } = parseJson(text) as unknown as { readonly metadata: TableMetadata };
  assert.deepEqual(new TableAnswer(text).whole({ withLogs: true }), metadata);
  const none = stringifyJson({ metadata: { "table-uuid": "u" } });
  assert.deepEqual(new TableAnswer(none).whole({ withLogs: true }), { "table-uuid": "u" });
});

Deno.test("TableAnswer.part() gives the heads of branches and tags", () => {
  const text = answerOf(TEN, {
    refs: {
      main: { "snapshot-id": FIRST + 9n, type: "branch" },
      tag: { "snapshot-id": FIRST + 2n, type: "tag" },
    },
  });
  assert.deepEqual(idsOf(new TableAnswer(text).part({})), [2n, 9n]);
  assert.deepEqual(idsOf(new TableAnswer(text).part({ ids: [FIRST + 4n, 7n] })), [2n, 4n, 9n]);
});

Deno.test("TableAnswer.part() gives main's ancestors back to a snapshot, or all that there are", () => {
  const answer = new TableAnswer(answerOf(TEN));
  assert.deepEqual(idsOf(answer.part({ mainBackTo: FIRST + 7n })), [7n, 8n, 9n]);
  assert.equal(idsOf(answer.part({ mainBackTo: undefined })).length, 10);
  assert.equal(idsOf(answer.part({ mainBackTo: 5n })).length, 10);
  const cut = new TableAnswer(answerOf(TEN.filter((_, number) => number !== 6)));
  assert.deepEqual(idsOf(cut.part({ mainBackTo: FIRST + 2n })), [7n, 8n, 9n]);
});

Deno.test("TableAnswer.part() ends in damaged metadata whose snapshots are their own ancestors", () => {
  const circle = [snapshot(0, { "parent-snapshot-id": FIRST + 1n }), snapshot(1)];
  assert.equal(idsOf(new TableAnswer(answerOf(circle)).part({ mainBackTo: undefined })).length, 2);
});

Deno.test("TableAnswer.part() knows the head by current-snapshot-id where there are no refs", () => {
  const text = answerOf(TEN, { refs: {}, "current-snapshot-id": FIRST + 3n });
  assert.deepEqual(idsOf(new TableAnswer(text).part({ mainBackTo: FIRST + 2n })), [2n, 3n]);
});

Deno.test("readTableAnswer() reads nothing from what is no table answer, or breaks off", () => {
  const text = answerOf(TEN);
  for (const other of ["", "<html>", "[]", "{}", `{"metadata":1}`, `{"metadata":{}} x`, "null"]) {
    assert.equal(readTableAnswer(other), undefined, other);
  }
  for (let length = 0; length < text.length; length += 7) {
    assert.equal(readTableAnswer(text.slice(0, length)), undefined, `${length} characters`);
  }
});

Deno.test("TableAnswer.whole() reads any JSON as parseJson() does", () => {
  const long = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      { depthSize: "small" },
      fc.json().map((text) => parseJson(text)),
      long,
      tie("list"),
    ),
    list: fc.array(tie("any"), { maxLength: 3 }),
  })).any;
  const member = fc.tuple(
    fc.string().filter((key) => !["snapshots", "snapshot-log", "metadata-log"].includes(key)),
    value,
  );
  const indents = fc.constantFrom(undefined, 1, 3);
  fc.assert(
    fc.property(
      fc.array(member, { maxLength: 5 }),
      fc.array(fc.tuple(long, value), { maxLength: 4 }),
      indents,
      (members, items, indent) => {
        const ids = new Map(items.map(([id, item]) => [id, { "snapshot-id": id, x: item }]));
        const metadata = { ...Object.fromEntries(members), snapshots: [...ids.values()] };
        const text = stringifyJson({ ...Object.fromEntries(members), metadata }, indent);
        const expected = parseJson(text) as Record<string, unknown>;
        const answer = new TableAnswer(text);
        const { metadata: whole, ...rest } = expected;
        assert.deepEqual(answer.whole(), whole);
        assert.deepEqual(answer.rest, rest);
      },
    ),
    { numRuns: 300 },
  );
});
