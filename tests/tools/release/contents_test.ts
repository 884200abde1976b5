// What of the documentation an archive has. The whole of an archive is looked at in
// tests/real/release_real.ts, since it needs the executable.

import assert from "node:assert/strict";
import { dirname, join } from "node:path/posix";
import { fileURLToPath } from "node:url";
import { documentation } from "../../../tools/release/contents.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

/** Files of an archive that are made for it. */
const MADE = ["LICENSE", "CHANGELOG.md"];

const files = await documentation(ROOT);
const paths = files.map(({ path }) => path);

Deno.test("documentation() has all pages of docs/, the schema and the README's picture", async () => {
  for await (const { name } of Deno.readDir(join(ROOT, "docs"))) {
    assert.ok(paths.includes(`docs/${name}`), name);
  }
  for (const path of ["README.md", "docs/session.svg", "docs/events.schema.json"]) {
    assert.ok(paths.includes(path), path);
  }
  assert.deepEqual(paths, paths.toSorted());
});

Deno.test("every link of a page in an archive leads to a file of the archive", () => {
  let links = 0;
  for (const { path, content } of files) {
    if (!path.endsWith(".md")) continue;
    const text = new TextDecoder().decode(content);
    for (const [, target] of text.matchAll(/(?:\]\(|src=")(?![a-z]+:|#)([^)"#\s]+)/g)) {
      const found = join(dirname(path), target!);
      assert.ok([...paths, ...MADE].includes(found), `${path}: ${target}`);
      links++;
    }
  }
  assert.ok(links > 40, String(links));
});
