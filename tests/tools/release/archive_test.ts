// Archives: the same files give the same bytes, and the two formats keep what they have to.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { unpackTar } from "modern-tar";
import { unzipSync } from "fflate";
import { type ArchiveFile, makeArchive } from "../../../tools/release/archive.ts";

const DATE = new Date("2026-01-31T22:59:58Z");
const FILES: readonly ArchiveFile[] = [
  { path: "tool", content: new TextEncoder().encode("#!/bin/sh\n"), executable: true },
  { path: "README.md", content: new TextEncoder().encode("read me\n") },
  { path: "completions/tool.bash", content: new TextEncoder().encode("complete\n") },
];

/** Digests of both formats. This module is also run as a program, to print them elsewhere. */
async function digests(files = FILES): Promise<string> {
  const found: string[] = [];
  for (const format of ["tar.gz", "zip"] as const) {
    const bytes = await makeArchive(files, { folder: "tool-1", date: DATE, format });
    found.push(createHash("sha256").update(bytes).digest("hex"));
  }
  return found.join(" ");
}

if (import.meta.main && Deno.args[0] === "digests") console.log(await digests());

Deno.test("makeArchive() gives the same bytes in any order of the files", async () => {
  assert.equal(await digests(FILES.toReversed()), await digests());
});

Deno.test("makeArchive() gives the same bytes in any time zone", async () => {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-A", fileURLToPath(import.meta.url), "digests"],
    env: { TZ: "Pacific/Auckland" },
  }).output();
  assert.equal(new TextDecoder().decode(stdout).trim(), await digests());
});

Deno.test("makeArchive() gives other bytes for another date", async () => {
  const options = { folder: "tool-1", format: "tar.gz" } as const;
  const one = await makeArchive(FILES, { ...options, date: DATE });
  const other = await makeArchive(FILES, { ...options, date: new Date("2026-02-01T00:00:00Z") });
  assert.notDeepEqual(one, other);
});

Deno.test("a tar.gz has sorted entries of root's, with their modes and the one date", async () => {
  const bytes = await makeArchive(FILES, { folder: "tool-1", date: DATE, format: "tar.gz" });
  const entries = await unpackTar(gunzipSync(bytes));
  assert.deepEqual(
    entries.map(({ header }) => [header.name, header.mode, header.uid, header.uname]),
    [
      ["tool-1/README.md", 0o644, 0, "root"],
      ["tool-1/completions/tool.bash", 0o644, 0, "root"],
      ["tool-1/tool", 0o755, 0, "root"],
    ],
  );
  for (const { header } of entries) assert.equal(header.mtime?.getTime(), DATE.getTime());
  assert.deepEqual(entries[2]!.data, FILES[0]!.content);
});

Deno.test("a zip has the same files, and the UTC time of the date", async () => {
  const bytes = await makeArchive(FILES, { folder: "tool-1", date: DATE, format: "zip" });
  const files = unzipSync(bytes);
  assert.deepEqual(Object.keys(files), [
    "tool-1/README.md",
    "tool-1/completions/tool.bash",
    "tool-1/tool",
  ]);
  assert.deepEqual(files["tool-1/tool"], FILES[0]!.content);
  // The first local header: time at offset 10, date at 12, in MS-DOS form.
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  assert.equal(view.getUint16(10, true), 22 << 11 | 59 << 5 | 58 >> 1);
  assert.equal(view.getUint16(12, true), (2026 - 1980) << 9 | 1 << 5 | 31);
});
