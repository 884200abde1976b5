import assert from "node:assert/strict";
import fc from "fast-check";
import { type AvroSchema, decodeAvro, encodeAvro } from "../../lib/table/avro.ts";

const SCHEMA: AvroSchema = {
  type: "record",
  name: "entry",
  fields: [
    { name: "id", type: "long", "field-id": 1 },
    { name: "parent", type: ["null", "long"], default: null, "field-id": 2 },
    {
      name: "offsets",
      type: ["null", { type: "array", items: "long", "element-id": 4 }],
      default: null,
      "field-id": 3,
    },
  ],
};

/** The records as plain objects: avsc gives them a class of their own. */
function plain(records: readonly Record<string, unknown>[]): Record<string, unknown>[] {
  return records.map((record) => ({ ...record }));
}

function entries(count: number): Array<{ id: bigint; parent: null; offsets: null }> {
  return Array.from(
    { length: count },
    (_, at) => ({ id: BigInt(at), parent: null, offsets: null }),
  );
}

Deno.test("encodeAvro() keeps the schema with its field ids, and its other attributes, in the header", async () => {
  const bytes = encodeAvro(entries(1), { schema: SCHEMA, metadata: {} });
  const file = await decodeAvro(bytes);
  assert.deepEqual(file.schema, SCHEMA);
  assert.deepEqual(JSON.parse(file.metadata.get("avro.schema")!), SCHEMA);
});

Deno.test("encodeAvro() writes key/values beside Avro's own, as UTF-8", async () => {
  const bytes = encodeAvro([], { schema: SCHEMA, metadata: { content: "data", x: "Zoë 𝔘" } });
  const { metadata } = await decodeAvro(bytes);
  assert.deepEqual([...metadata.keys()].sort(), ["avro.codec", "avro.schema", "content", "x"]);
  assert.equal(metadata.get("x"), "Zoë 𝔘");
});

Deno.test("encodeAvro() deflates what is long, and leaves what is short as it is", async () => {
  for (const [count, codec] of [[1, "null"], [10_000, "deflate"]] as const) {
    const bytes = encodeAvro(entries(count), { schema: SCHEMA, metadata: {} });
    const { metadata, records } = await decodeAvro(bytes);
    assert.equal(metadata.get("avro.codec"), codec);
    assert.deepEqual(plain(records), entries(count));
  }
});

const INT64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });

Deno.test("decodeAvro() gives back what encodeAvro() was given, with all 64 bits of every long", async () => {
  const record = fc.record({
    id: INT64,
    parent: fc.option(INT64),
    offsets: fc.option(fc.array(INT64, { maxLength: 5 })),
  }, { noNullPrototype: true });
  await fc.assert(
    fc.asyncProperty(fc.array(record, { maxLength: 20 }), async (records) => {
      const file = await decodeAvro(encodeAvro(records, { schema: SCHEMA, metadata: {} }));
      assert.deepEqual(plain(file.records), records);
    }),
    { numRuns: 30 },
  );
});

Deno.test("decodeAvro() reads a file of many blocks in order", async () => {
  const records = entries(60_000);
  const file = await decodeAvro(encodeAvro(records, { schema: SCHEMA, metadata: {} }));
  assert.equal(file.records.length, records.length);
  assert.ok(file.records.every((record, at) => record.id === BigInt(at)));
});

Deno.test("decodeAvro() reads a view into a larger buffer", async () => {
  const bytes = encodeAvro(entries(3), { schema: SCHEMA, metadata: {} });
  const larger = new Uint8Array(bytes.length + 20).fill(7);
  larger.set(bytes, 10);
  const file = await decodeAvro(larger.subarray(10, 10 + bytes.length));
  assert.deepEqual(plain(file.records), entries(3));
});

Deno.test("decodeAvro() throws for a file that was cut off within a block, whatever is left of it", async () => {
  const bytes = encodeAvro(entries(3), { schema: SCHEMA, metadata: {} });
  const empty = encodeAvro([], { schema: SCHEMA, metadata: {} });
  for (let length = 0; length < bytes.length; length++) {
    // Cut exactly behind its header it is a whole file without records.
    if (length === empty.length) continue;
    await assert.rejects(decodeAvro(bytes.subarray(0, length)), Error, `${length} bytes`);
  }
});

Deno.test("decodeAvro() throws for what is no Avro", async () => {
  for (const text of ["", "Obj", "<html>not found</html>", "PAR1 and much more than four bytes"]) {
    await assert.rejects(decodeAvro(new TextEncoder().encode(text)), Error);
  }
});

Deno.test("encodeAvro() throws for a record that does not fit the schema", () => {
  const options = { schema: SCHEMA, metadata: {} };
  const record = { id: 1n, parent: null, offsets: null };
  assert.throws(() => encodeAvro([{ ...record, id: 1 }], options), /invalid "long"/);
  assert.throws(() => encodeAvro([{ ...record, id: undefined }], options), /invalid "long"/);
  assert.throws(() => encodeAvro([{ ...record, id: 2n ** 63n }], options), RangeError);
});
