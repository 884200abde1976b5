// What `deno task lint:docs` finds, on small projects in a temporary folder.

import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { lintDocs, LintDocsError } from "../../tools/lint_docs.ts";

const DOCUMENTED = "/** A room. */\nexport interface Room {\n  /** In m². */\n  size: number;\n}\n";

async function makeProject(
  files: Readonly<Record<string, string>>,
): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await Deno.makeTempDir();
  for (const [file, content] of Object.entries({ "main.ts": "export {};\n", ...files })) {
    await Deno.mkdir(dirname(join(path, file)), { recursive: true });
    await Deno.writeTextFile(join(path, file), content);
  }
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

Deno.test("lintDocs() finds nothing where every symbol and member has JSDoc", async () => {
  await using project = await makeProject({ "lib/a/room.ts": DOCUMENTED });
  assert.deepEqual(await lintDocs(project.path), []);
});

Deno.test("lintDocs() names file, line and rule of each symbol, in folders of folders too", async () => {
  await using project = await makeProject({
    "lib/a/room.ts": DOCUMENTED.replace("  /** In m². */\n", ""),
    "lib/a/b/door.ts":
      "interface Hidden {}\n/** Opens. */\nexport function open(_: Hidden): void {}\n",
    "lib/loose.ts": "export const A: number = 1;\n",
  });
  const findings = (await lintDocs(project.path)).map(({ path, line, code }) => ({
    path,
    line,
    code,
  }));
  assert.deepEqual(findings.sort((one, other) => one.path < other.path ? -1 : 1), [
    { path: "lib/a/b/door.ts", line: 3, code: "private-type-ref" },
    { path: "lib/a/room.ts", line: 3, code: "missing-jsdoc" },
    { path: "lib/loose.ts", line: 1, code: "missing-jsdoc" },
  ]);
});

Deno.test("lintDocs() passes over declaration files", async () => {
  await using project = await makeProject({
    "lib/a/types.d.ts": "export interface Bare { a: number }\n",
    "lib/a/room.ts": DOCUMENTED,
  });
  assert.deepEqual(await lintDocs(project.path), []);
});

Deno.test("lintDocs() fails when a file cannot be parsed, since then nothing is checked", async () => {
  await using project = await makeProject({ "lib/a/broken.ts": "export const = 1;\n" });
  await assert.rejects(lintDocs(project.path), (error) => {
    assert.ok(error instanceof LintDocsError);
    assert.match(error.message, /^Cannot lint the documentation: .*broken\.ts/s);
    return true;
  });
});
