import assert from "node:assert/strict";
import { UsageError } from "../../lib/errors.ts";
import { generateCsv, generatedSource, type GenerateOptions } from "../../lib/input/generate.ts";
import { readSample } from "../../lib/input/sample.ts";
import { DIALECT, hex } from "./csv_support.ts";

async function generate(options: GenerateOptions): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(
    await new Blob(await Array.fromAsync(generateCsv(options)) as BlobPart[]).arrayBuffer(),
  );
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return hex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}

async function rowsOf(options: GenerateOptions): Promise<string[][]> {
  const text = new TextDecoder().decode(await generate(options));
  return text.trimEnd().split("\n").slice(1).map((line) => line.split(","));
}

Deno.test("generateCsv() makes the bytes that it always made", async () => {
  assert.equal(
    await sha256(await generate({ rows: 50_000 })),
    "71ed64c6c70351b5d664fee59b15c860c54e61039524f229ac42848137025fc3",
  );
});

Deno.test("generateCsv() makes sample_data.csv from the default seed", async () => {
  const kept = await Deno.readFile(new URL("../../sample_data.csv", import.meta.url));
  assert.equal(await sha256(await generate({ rows: 50_000, seed: 42 })), await sha256(kept));
});

Deno.test("generateCsv() makes the same rows in blocks of any size", async () => {
  const whole = await generate({ rows: 1000, seed: 7 });
  assert.deepEqual(await generate({ rows: 1000, seed: 7, rowsPerBlock: 13 }), whole);
});

Deno.test("generateCsv() begins a longer file with the same rows", async () => {
  const long = await generate({ rows: 2000, seed: 7 });
  const short = await generate({ rows: 1000, seed: 7 });
  assert.deepEqual(long.subarray(0, short.length), short);
});

Deno.test("generateCsv() makes other rows from another seed, above 32 bits too", async () => {
  const hashes = new Set<string>();
  for (const seed of [0, 1, 42, 2 ** 32, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER]) {
    hashes.add(await sha256(await generate({ rows: 100, seed })));
  }
  assert.equal(hashes.size, 6);
});

Deno.test("generateCsv() makes a header alone for no rows", async () => {
  const text = new TextDecoder().decode(await generate({ rows: 0 }));
  assert.equal(text, "id,name,age,salary,department,is_active,created_at\n");
});

Deno.test("generateCsv() keeps to the ranges and shares it promises", async () => {
  const rows = await rowsOf({ rows: 50_000 });
  assert.equal(rows.length, 50_000);
  const departments = new Map<string, number>();
  let active = 0;
  let salarySum = 0;
  let squareSum = 0;
  const ages = new Set<number>();
  for (const [index, row] of rows.entries()) {
    const [id, name, age, salary, department, isActive, createdAt] = row as [
      ...[string, string, string, string],
      ...[string, string, string],
    ];
    assert.equal(row.length, 7);
    assert.equal(id, String(index + 1));
    assert.match(name, /^[A-Z][^"]* [A-Z][^"]*$/);
    ages.add(Number(age));
    assert.match(salary, /^\d+\.\d\d$/);
    assert.ok(Number(salary) > 0);
    salarySum += Number(salary);
    squareSum += (Number(salary) - 50_000) ** 2;
    departments.set(department, (departments.get(department) ?? 0) + 1);
    assert.match(isActive, /^(true|false)$/);
    if (isActive === "true") active++;
    assert.match(createdAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/);
    assert.ok(createdAt >= "2025-01-02T00:00:00" && createdAt < "2026-01-01T00:00:00", createdAt);
  }
  assert.equal(Math.min(...ages), 18);
  assert.equal(Math.max(...ages), 80);
  assert.equal(ages.size, 63);
  assert.equal(departments.size, 4);
  for (const count of departments.values()) assert.ok(Math.abs(count - 12_500) < 500);
  assert.ok(Math.abs(active / 50_000 - 0.8) < 0.01);
  assert.ok(Math.abs(salarySum / 50_000 - 50_000) < 300);
  assert.ok(Math.abs(Math.sqrt(squareSum / 50_000) - 15_000) < 300);
});

Deno.test("generateCsv() refuses counts and seeds that are no whole numbers", async () => {
  for (const options of [{ rows: -1 }, { rows: 1.5 }, { rows: NaN }, { rows: 1, seed: -1 }]) {
    await assert.rejects(generate(options), UsageError);
  }
});

Deno.test("generatedSource() is inferred as the columns' types", async () => {
  const source = generatedSource({ rows: 500 });
  assert.equal(source.name, "generated rows");
  const sample = await readSample(source, { dialect: DIALECT, rows: 10_000 });
  assert.deepEqual(sample.columns.map(({ name, type }) => `${name}:${type.kind}`), [
    "id:long",
    "name:string",
    "age:long",
    "salary:double",
    "department:string",
    "is_active:boolean",
    "created_at:timestamp",
  ]);
  assert.equal(sample.rows, 500);
});
