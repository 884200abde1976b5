import assert from "node:assert/strict";
import type { TableMetadata } from "../../lib/table/metadata.ts";
import { newTableMetadata } from "../../lib/table/new_table.ts";
import { checkRequirements } from "../../lib/table/requirements.ts";

const UUID = "11111111-2222-3333-4444-555555555555";
const BIG = 9007199254740995n;

function table(): TableMetadata {
  const metadata = newTableMetadata({
    schema: { type: "struct", fields: [{ id: 1, name: "id", type: "long", required: true }] },
  }, { uuid: UUID, location: "file:///w/t", nowMs: 1 });
  return {
    ...metadata,
    refs: {
      main: { "snapshot-id": BIG, type: "branch" },
      v1: { "snapshot-id": 5, type: "tag" },
    },
  };
}

const ref = (name: string, id?: unknown) => ({
  type: "assert-ref-snapshot-id",
  ref: name,
  ...(id === undefined ? {} : { "snapshot-id": id }),
});

const HOLDING: readonly unknown[] = [
  { type: "assert-table-uuid", uuid: UUID },
  { type: "assert-table-uuid", uuid: UUID.toUpperCase() },
  ref("main", BIG),
  ref("v1", 5),
  ref("v1", 5n),
  ref("other", null),
  ref("constructor", null),
  { type: "assert-last-assigned-field-id", "last-assigned-field-id": 1 },
  { type: "assert-current-schema-id", "current-schema-id": 0 },
  { type: "assert-last-assigned-partition-id", "last-assigned-partition-id": 999 },
  { type: "assert-default-spec-id", "default-spec-id": 0 },
  { type: "assert-default-sort-order-id", "default-sort-order-id": 0 },
];

const FAILING: ReadonlyArray<[unknown, RegExp]> = [
  [{ type: "assert-create" }, /table already exists/],
  [{ type: "assert-table-uuid", uuid: UUID.replace("1", "2") }, /UUID does not match/],
  [
    ref("main", BIG + 1n),
    /branch main has changed: expected id 9007199254740996 != 90071992547409/,
  ],
  [ref("main", null), /branch main was created concurrently.*9007199254740995/],
  [ref("main"), /branch main was created concurrently/],
  [ref("v1", 6), /tag v1 has changed: expected id 6 != 5/],
  [ref("other", 6), /branch or tag other is missing, expected 6/],
  [
    { type: "assert-last-assigned-field-id", "last-assigned-field-id": 2 },
    /last assigned field id changed: expected id 2 != 1/,
  ],
  [{ type: "assert-current-schema-id", "current-schema-id": 1 }, /current schema changed/],
  [
    { type: "assert-last-assigned-partition-id", "last-assigned-partition-id": 1000 },
    /last assigned partition id changed/,
  ],
  [{ type: "assert-default-spec-id", "default-spec-id": 1 }, /default partition spec changed/],
  [
    { type: "assert-default-sort-order-id", "default-sort-order-id": 1 },
    /default sort order changed/,
  ],
];

for (const requirement of HOLDING) {
  const text = JSON.stringify(
    requirement,
    (_key, value) => typeof value === "bigint" ? `${value}n` : value,
  );
  Deno.test(`checkRequirements() lets ${text} hold`, () => {
    assert.equal(checkRequirements(table(), [requirement]), undefined);
  });
}

for (const [requirement, pattern] of FAILING) {
  Deno.test(`checkRequirements() says ${pattern.source}`, () => {
    assert.match(checkRequirements(table(), [requirement]) ?? "it holds", pattern);
  });
}

Deno.test("checkRequirements() reads main from current-snapshot-id where there are no refs", () => {
  const { refs: _, ...old } = table();
  const metadata = { ...old, "current-snapshot-id": BIG };
  assert.equal(checkRequirements(metadata, [ref("main", BIG)]), undefined);
  assert.match(checkRequirements(metadata, [ref("main", null)])!, /created concurrently/);
  assert.equal(
    checkRequirements({ ...metadata, "current-snapshot-id": -1 }, [ref("main", null)]),
    undefined,
  );
});

Deno.test("checkRequirements() of no table lets assert-create hold and nothing else", () => {
  assert.equal(checkRequirements(undefined, [{ type: "assert-create" }]), undefined);
  assert.match(checkRequirements(undefined, [ref("main", null)])!, /table does not exist/);
});

Deno.test("checkRequirements() gives the first one that fails", () => {
  const failure = checkRequirements(table(), [HOLDING[0], FAILING[5]![0], FAILING[0]![0]]);
  assert.match(failure!, /tag v1/);
});

for (
  const malformed of [
    "assert-create",
    null,
    {},
    { type: "assert-something" },
    { type: "toString" },
    { type: "assert-table-uuid" },
    { type: "assert-ref-snapshot-id" },
    ref("main", "5"),
    ref("main", 1.5),
    { type: "assert-current-schema-id", "current-schema-id": "0" },
  ]
) {
  Deno.test(`checkRequirements() refuses ${JSON.stringify(malformed)}, even after a failure`, () => {
    assert.throws(() => checkRequirements(table(), [{ type: "assert-create" }, malformed]), {
      name: "MetadataError",
      kind: "invalid",
    });
  });
}
