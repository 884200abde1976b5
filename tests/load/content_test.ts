/** Whether a source is the one that a load was begun with. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { InputError } from "../../lib/errors.ts";
import { ContentDigest } from "../../lib/load/content_digest.ts";
import type { LedgerRange } from "../../lib/load/ledger.ts";
import { boundariesOf, checkAhead, checkContent, checkLength } from "../../lib/load/resume.ts";

const COLUMNS = ["id", "name"];
const HEADER = "id,name\n";
const DIALECT = { delimiter: ",", nullValues: [], hasHeader: true };

async function digestOf(content: string | Uint8Array, columns = COLUMNS): Promise<string> {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  return (await ContentDigest.open(columns)).add(bytes);
}

Deno.test("ContentDigest gives the same for the same bytes, however they are cut", async () => {
  const bytesAndCuts = [fc.uint8Array({ maxLength: 2000 }), fc.array(fc.nat(2000))] as const;
  await fc.assert(fc.asyncProperty(...bytesAndCuts, async (bytes, cuts) => {
    const digest = await ContentDigest.open(COLUMNS);
    let at = 0;
    let last = digest.add(new Uint8Array(0));
    for (const cut of [...cuts.toSorted((one, other) => one - other), bytes.length]) {
      last = digest.add(bytes.subarray(at, Math.max(at, cut)));
      at = Math.max(at, Math.min(cut, bytes.length));
    }
    assert.equal(last, await digestOf(bytes));
    assert.match(last, /^[0-9a-f]{32}$/);
  }));
});

Deno.test("ContentDigest is XXH3 of 128 bits over the names and the bytes, shared memory too", async () => {
  // As Python's xxhash has them: xxh3_128(b'["id","name"]\n' + …).hexdigest()
  assert.equal(await digestOf(""), "ed950e1cbdced7476fd18fdf194fae6b");
  assert.equal(await digestOf("1,a\n2,b\n"), "088500eebdca8c281b54a38dc7e99bd3");
  const long = new Uint8Array(new SharedArrayBuffer(256_000)).map((_, index) => index % 256);
  assert.equal(await digestOf(long), "892b13ea03cf519391b1bcb1243b7180");
});

Deno.test("ContentDigest tells other bytes, and the same under other names, apart", async () => {
  const all = await Promise.all([
    digestOf("a"),
    digestOf("b"),
    digestOf(""),
    digestOf("a", ["id", "nom"]),
  ]);
  assert.equal(new Set(all).size, all.length);
  assert.notEqual(await digestOf("", ["a,b"]), await digestOf("", ["a", "b"]));
});

Deno.test("boundariesOf() has every start and end once, in order", () => {
  const ranges = [{ start: 20, end: 30 }, { start: 5, end: 20 }, { start: 100, end: 300 }]
    .map((range) => ({ ...range, digest: undefined }));
  assert.deepEqual(boundariesOf(ranges), [5, 20, 30, 100, 300]);
  assert.deepEqual(boundariesOf([]), []);
});

Deno.test("checkContent() compares where a range ends, and where a digest is known", () => {
  const ranges = [
    { start: 0, end: 10, digest: "aa" },
    { start: 20, end: 30, digest: undefined },
  ];
  const check = (end: number, digest: string) =>
    checkContent(ranges, { end, digest, file: "f.csv" });
  check(10, "aa");
  check(9, "xx");
  check(30, "xx");
  assert.throws(() => check(10, "xx"), (error) => {
    assert.ok(error instanceof InputError);
    assert.match(
      error.message,
      /^Cannot go on loading "f\.csv" under this load id: its first 10 bytes/,
    );
    assert.match(error.hint ?? "", /another --load-id/);
    return true;
  });
});

Deno.test("checkLength() refuses a source that ends before what is recorded", () => {
  const ranges = [{ start: 0, end: 90, digest: undefined }, { start: 10, end: 20, digest: "a" }];
  checkLength(ranges, { end: 90, file: "f.csv" });
  checkLength([], { end: 0, file: "f.csv" });
  assert.throws(
    () => checkLength(ranges, { end: 89, file: "f.csv" }),
    /it ends at byte 89, the earlier run went to 90/,
  );
});

/** A source in blocks, that counts how often it is opened. */
function sourceOf(text: string, blockBytes: number, once = false) {
  const bytes = new TextEncoder().encode(text);
  const source = {
    name: "f.csv",
    once,
    opened: 0,
    async *open() {
      source.opened++;
      for (let at = 0; at < bytes.length; at += blockBytes) {
        yield await Promise.resolve(bytes.slice(at, at + blockBytes));
      }
    },
  };
  return source;
}

async function rangeOf(body: string, start: number, end: number): Promise<LedgerRange> {
  return {
    start: HEADER.length + start,
    end: HEADER.length + end,
    digest: await digestOf(body.slice(0, end)),
  };
}

Deno.test("checkAhead() passes the source that was recorded, and finds any byte that differs before the last range's end", async () => {
  const body = "1,a\n2,b\n3,c\n4,d\n5,e\n";
  // The first is missing: what it holds would be committed before the second is compared.
  const ranges = [await rangeOf(body, 4, 8), await rangeOf(body, 12, 16)];
  for (const blockBytes of [1, 3, 7, 100]) {
    const check = (text: string) =>
      checkAhead(ranges, {
        source: sourceOf(HEADER + text, blockBytes),
        dialect: DIALECT,
        columnNames: COLUMNS,
      });
    await check(body);
    await check(body.slice(0, 16));
    await check(`${body.slice(0, 16)}9,z\n`);
    for (let at = 0; at < 16; at++) {
      await assert.rejects(check(`${body.slice(0, at)}x${body.slice(at + 1)}`), InputError);
    }
    await assert.rejects(check(body.slice(0, 15)), /it ends at byte/);
    await assert.rejects(check(""), /it ends at byte/);
  }
});

Deno.test("checkAhead() does not read a source that is compared in time without it", async () => {
  const body = "1,a\n2,b\n3,c\n";
  const cases = [
    { ranges: [], once: false, opened: 0 },
    { ranges: [{ ...await rangeOf(body, 4, 8), digest: undefined }], once: false, opened: 0 },
    { ranges: [await rangeOf(body, 4, 8)], once: true, opened: 0 },
    // Only its head: it is recorded from the first byte on.
    { ranges: [await rangeOf(body, 0, 8)], once: false, opened: 1 },
  ];
  for (const { ranges, once, opened } of cases) {
    const source = sourceOf(`${HEADER}other`, 100, once);
    await checkAhead(ranges, { source, dialect: DIALECT, columnNames: COLUMNS });
    assert.equal(source.opened, opened);
  }
});
