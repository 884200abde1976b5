import assert from "node:assert/strict";
import { InputError, MissingInputError } from "../../lib/errors.ts";
import { readSample } from "../../lib/input/sample.ts";
import { openSource } from "../../lib/input/source.ts";
import { splitChunks } from "../../lib/input/split.ts";
import { DIALECT } from "./csv_support.ts";

async function inTempDir(run: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    await run(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

async function readAll(blocks: AsyncIterable<Uint8Array>): Promise<string> {
  return await new Response(
    ReadableStream.from(blocks) as ReadableStream<Uint8Array<ArrayBuffer>>,
  ).text();
}

/**
 * Makes a pipe that gives a text. Another process writes it, as in real use: opening a pipe waits
 * for its other end, and one process would wait for itself.
 *
 * @returns `written` settles when all is written
 */
async function makePipe(path: string, text: string): Promise<{ written: Promise<unknown> }> {
  await Deno.writeTextFile(`${path}.text`, text);
  const { success } = await new Deno.Command("mkfifo", { args: [path] }).output();
  assert.ok(success);
  const args = ["-c", 'cat "$1.text" > "$1"', "sh", path];
  return { written: new Deno.Command("sh", { args }).output() };
}

Deno.test("openSource() reads a file as often as it is opened", async () => {
  await inTempDir(async (dir) => {
    const path = `${dir}/x.csv`;
    const text = "0123456789abcdef".repeat(200_000);
    await Deno.writeTextFile(path, text);
    const source = await openSource(path);
    assert.equal(source.name, path);
    assert.equal(source.sizeBytes, text.length);
    assert.equal(await readAll(source.open()), text);
    assert.equal(await readAll(source.open()), text);
  });
});

Deno.test("openSource() closes a file that is not read to its end", async () => {
  await inTempDir(async (dir) => {
    await Deno.writeTextFile(`${dir}/x.csv`, "a\n1\n");
    // The test runner fails on a file that stays open.
    for await (const _ of (await openSource(`${dir}/x.csv`)).open()) break;
    const source = await openSource(`${dir}/x.csv`);
    await readSample(source, { dialect: DIALECT, rows: 1 });
    await Deno.writeTextFile(`${dir}/bad.csv`, "a,a\n1,2\n");
    const bad = await openSource(`${dir}/bad.csv`);
    await assert.rejects(readSample(bad, { dialect: DIALECT, rows: 1 }), InputError);
  });
});

Deno.test("openSource() says that a file is missing, with exit code 1", async () => {
  await inTempDir(async (dir) => {
    await Deno.writeTextFile(`${dir}/file`, "");
    for (const path of [`${dir}/none.csv`, `${dir}/file/none.csv`]) {
      await assert.rejects(openSource(path), (error) => {
        assert.ok(error instanceof MissingInputError);
        assert.equal(error.message, `Cannot open "${path}": no such file`);
        assert.equal(error.exitCode, 1);
        return true;
      });
    }
  });
});

Deno.test("openSource() says that a path is a directory", async () => {
  await inTempDir(async (dir) => {
    await assert.rejects(openSource(dir), (error) => {
      assert.ok(error instanceof MissingInputError);
      assert.equal(error.message, `Cannot read "${dir}": it is a directory`);
      return true;
    });
  });
});

Deno.test({
  name: "openSource() says that a file may not be read",
  permissions: { read: false },
  fn: async () => {
    await assert.rejects(openSource("deno.json"), (error) => {
      assert.ok(error instanceof InputError);
      assert.equal(error.message, 'Cannot open "deno.json": permission denied');
      return true;
    });
  },
});

Deno.test("openSource() reads a pipe once and gives the sampled bytes again", async () => {
  await inTempDir(async (dir) => {
    const path = `${dir}/pipe`;
    const rows = Array.from({ length: 50_000 }, (_, row) => `${row},x\n`).join("");
    const { written } = await makePipe(path, `a,b\n${rows}`);
    const source = await openSource(path);
    assert.equal(source.once, true);
    assert.equal(source.sizeBytes, undefined);
    const sample = await readSample(source, { dialect: DIALECT, rows: 10 });
    assert.equal(sample.rows, 10);
    let read = 0;
    const chunks = splitChunks(source.open(), { dialect: DIALECT, rowsPerChunk: 1000 });
    for await (const chunk of chunks) read += chunk.rows;
    assert.equal(read, 50_000);
    await written;
    await assert.rejects(readAll(source.open()), (error) => {
      assert.ok(error instanceof InputError);
      assert.equal(error.message, `Cannot read "${path}" again: a pipe can be read only once`);
      return true;
    });
  });
});

Deno.test("openSource() gives a pipe again that the sample read to its end", async () => {
  await inTempDir(async (dir) => {
    const path = `${dir}/pipe`;
    const { written } = await makePipe(path, "a\n1\n2\n");
    const source = await openSource(path);
    const sample = await readSample(source, { dialect: DIALECT, rows: 10 });
    assert.equal(sample.isWhole, true);
    await written;
    assert.equal(await readAll(source.open()), "a\n1\n2\n");
  });
});

Deno.test("openSource() closes a pipe that is sampled and then let go", async () => {
  await inTempDir(async (dir) => {
    const path = `${dir}/pipe`;
    const { written } = await makePipe(path, "a\n1\n2\n");
    const source = await openSource(path);
    await readSample(source, { dialect: DIALECT, rows: 1 });
    await written;
    source.close?.();
  });
});
