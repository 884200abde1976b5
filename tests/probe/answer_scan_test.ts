import assert from "node:assert/strict";
import fc from "fast-check";
import { answerRecord, scanTable } from "../../lib/probe/race/answer_scan.ts";
import { stringifyJson } from "../../lib/table/json.ts";
import { emptyTable } from "../table/table_support.ts";

const id = fc.bigInt({ min: 1n, max: 2n ** 63n - 1n });

/** Metadata with a chain of snapshots, keys in any order, written with and without blanks. */
const answers = fc.record({
  ids: fc.uniqueArray(id, { maxLength: 8 }),
  indent: fc.constantFrom(undefined, 2),
  reversed: fc.boolean(),
  texts: fc.array(fc.string(), { maxLength: 3 }),
});

Deno.test("scanTable() finds in any answer what parsing it finds", () => {
  const run = fc.check(
    fc.property(answers, ({ ids, indent, reversed, texts }) => {
      const head = ids.at(-1);
      const order = <T extends object>(value: T): T =>
        reversed ? Object.fromEntries(Object.entries(value).reverse()) as T : value;
      const metadata = order({
        ...emptyTable(2, {
          snapshots: ids.map((own, at) =>
            order({
              "snapshot-id": own,
              ...(at === 0 ? {} : { "parent-snapshot-id": ids[at - 1]! }),
              "sequence-number": at + 1,
              "timestamp-ms": at,
              summary: { operation: "append", note: texts.join(" ").replaceAll(/[{}]/g, "") },
              "manifest-list": `/t/${own}.avro`,
            })
          ),
          "snapshot-log": ids.map((own, at) => ({ "snapshot-id": own, "timestamp-ms": at })),
          refs: head === undefined ? {} : {
            old: { "snapshot-id": ids[0]!, type: "tag" },
            main: { "snapshot-id": head, type: "branch" },
          },
          ...(head === undefined ? {} : { "current-snapshot-id": head }),
        }),
        "last-sequence-number": ids.length,
      });
      const text = stringifyJson({ "metadata-location": "/t/1.json", metadata }, indent);
      const view = scanTable(text)!;
      assert.equal(view.uuid, metadata["table-uuid"]);
      assert.equal(view.head, head);
      assert.equal(view.lastSequenceNumber, BigInt(ids.length));
      assert.equal(view.lastUpdatedMs, metadata["last-updated-ms"]);
      assert.equal(view.metadataLocation, "/t/1.json");
      assert.equal(view.headSnapshot?.["manifest-list"], head && `/t/${head}.avro`);
      assert.deepEqual(answerRecord(view, "ns.t"), {
        table: "ns.t",
        table_uuid: metadata["table-uuid"],
        head: head === undefined ? null : String(head),
        head_parent: ids.length < 2 ? null : String(ids.at(-2)),
        last_sequence_number: ids.length,
        metadata_location: "/t/1.json",
      });
    }),
    { numRuns: 300 },
  );
  assert.equal(run.failed, false, fc.defaultReportMessage(run));
});

Deno.test("scanTable() takes -1 for no snapshot, as old servers write it", () => {
  const view = scanTable('{"table-uuid":"u","last-updated-ms":1,"current-snapshot-id":-1}');
  assert.equal(view?.head, undefined);
});

Deno.test("scanTable() does not take an id for one that begins with it", () => {
  const view = scanTable(
    '{"table-uuid":"u","last-updated-ms":1,"current-snapshot-id":12,"snapshots":[' +
      '{"snapshot-id":123,"manifest-list":"other"},{"snapshot-id":12,"manifest-list":"own"}]}',
  );
  assert.equal(view?.headSnapshot?.["manifest-list"], "own");
});

Deno.test("scanTable() gives nothing for an answer without table metadata", () => {
  assert.equal(scanTable(""), undefined);
  assert.equal(scanTable("<html>"), undefined);
  assert.equal(scanTable('{"error":{"message":"table-uuid"}}'), undefined);
});
