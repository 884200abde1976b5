/** Chunks that are made in pieces, against the real embedded catalog. */
import assert from "node:assert/strict";
import { EXIT_CODE } from "../../lib/errors.ts";
import { generatedSource } from "../../lib/input/generate.ts";
import type { Source } from "../../lib/input/source.ts";
import type { LoadOptions } from "../../lib/load/options.ts";
import { Stop } from "../../lib/load/stop.ts";
import type { CatalogClient } from "../../lib/rest/catalog.ts";
import {
  checkExact,
  filesAt,
  filesOf,
  idsFrom,
  idsInTable,
  liveDataFiles,
  load,
  lookAt,
  messagesOf,
  pathOf,
  TABLE,
  withCatalog,
} from "./support.ts";

const MIB = 2 ** 20;

/** Sizes of data files, smallest first. */
async function fileSizes(client: CatalogClient): Promise<number[]> {
  const { metadata } = (await client.loadTable(TABLE))!;
  return (await liveDataFiles(metadata)).map((location) => Deno.statSync(pathOf(location)).size)
    .sort((one, other) => one - other);
}

for (
  const { codec, targetMiB, rows } of [
    { codec: "zstd", targetMiB: 1, rows: 200_000 },
    { codec: "zstd", targetMiB: 16, rows: 2_000_000 },
    { codec: "uncompressed", targetMiB: 16, rows: 1_000_000 },
    { codec: "uncompressed", targetMiB: 64, rows: 3_000_000 },
  ] as const
) {
  Deno.test(`runLoad() makes files near to ${targetMiB} MiB of generated rows, ${codec}`, async () => {
    await withCatalog(async ({ uri, client }) => {
      const done = await load(uri, "", {
        source: generatedSource({ rows, seed: 7 }),
        commitMode: "once",
        chunkSize: undefined,
        targetFileSizeBytes: targetMiB * MIB,
        parquet: { codec },
      });
      assert.equal(done.summary.exitCode, EXIT_CODE.ok, messagesOf(done, "error").join("; "));
      assert.equal(done.summary.rowsCommitted, rows);
      await checkExact(client, done);
      const [_smallest, ...sizes] = await fileSizes(client);
      assert.ok(sizes.length > 0, "one file is no proof");
      for (const size of sizes) {
        assert.ok(size > 0.75 * targetMiB * MIB && size < 1.25 * targetMiB * MIB, `${size} bytes`);
      }
    });
  });
}

const NAME = "x".repeat(990);
/** Rows of about 1 KB, 100 MB together: three chunks of four pieces at 30 MiB, when not compressed. */
const ROWS = 100_000;

function longRows(valueOf = (row: number): string => String(row)): string {
  const lines = Array.from(
    { length: ROWS },
    (_, at) => `${valueOf(at + 1)},${at % 97}${NAME}${at}\n`,
  );
  return `id,name\n${lines.join("")}`;
}

const IN_PIECES: Partial<LoadOptions> = {
  chunkSize: undefined,
  targetFileSizeBytes: 30 * MIB,
  // Without dictionaries and codec a file is about as large as its CSV.
  parquet: { codec: "uncompressed" },
};

Deno.test("runLoad() names the line of a wrong value in a later piece, and commits nothing in once", async () => {
  await withCatalog(async ({ uri, client, directory }) => {
    const text = longRows((row) => row === 83_000 ? "oops" : String(row));
    const done = await load(uri, text, { ...IN_PIECES, commitMode: "once" });
    assert.equal(done.summary.exitCode, EXIT_CODE.input);
    assert.match(messagesOf(done, "error").join("; "), /:83001: column "id": "oops" is not a long/);
    assert.equal(done.summary.rowsCommitted, 0);
    assert.ok(done.chunks.length > 1 && done.chunks.every(({ state }) => state === "failed"));
    assert.equal((await lookAt(client)).rows, 0);
    assert.deepEqual(filesOf(directory, "data"), []);
  });
});

/** The end of the text comes when the load is to end. */
function heldSource(text: string, stop: Stop): Source {
  const bytes = new TextEncoder().encode(text);
  const held = Promise.withResolvers<void>();
  stop.signal.addEventListener("abort", () => held.resolve());
  return {
    name: "text.csv",
    sizeBytes: bytes.length,
    async *open() {
      for (let at = 0; at < bytes.length; at += MIB) {
        if (at > 0.8 * bytes.length) await held.promise;
        yield bytes.slice(at, at + MIB);
      }
    },
  };
}

Deno.test("runLoad() that is interrupted between pieces is finished when it is run again", async () => {
  const text = longRows();
  for (const commitMode of ["once", "grouped"] as const) {
    await withCatalog(async ({ uri, client }) => {
      const stop = new Stop();
      const begun = await load(uri, text, {
        ...IN_PIECES,
        source: heldSource(text, stop),
        commitMode,
        stop,
        onEvent: ({ type }) => {
          if (type === (commitMode === "once" ? "encoded" : "chunk")) stop.request();
        },
      });
      assert.equal(begun.summary.exitCode, EXIT_CODE.interrupted);
      const before = begun.summary.rowsCommitted;
      assert.equal(before > 0, commitMode === "grouped");
      assert.ok(before < ROWS, "it had ended");
      await checkExact(client, begun);
      // Another size: what is recorded is not touched by it.
      const finished = await load(uri, text, {
        ...IN_PIECES,
        targetFileSizeBytes: 40 * MIB,
        commitMode,
        mayResume: true,
      });
      const { summary } = finished;
      assert.equal(summary.exitCode, EXIT_CODE.ok, messagesOf(finished, "error").join("; "));
      assert.equal(summary.rowsRecorded, before);
      assert.equal(summary.rowsCommitted, ROWS - before);
      assert.deepEqual(await idsInTable(client), idsFrom(1, ROWS));
      const { metadata } = (await client.loadTable(TABLE))!;
      const live = await liveDataFiles(metadata);
      assert.equal(filesAt(metadata.location, "data").length, live.length, "data files");
    });
  }
});
