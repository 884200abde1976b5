// What `deno task compile` puts into the executable, on a small project in a temporary folder.

import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { hashSources, importedSpecifiers, readStamp, stageSources } from "../../tools/stage.ts";

const PROJECT = {
  "main.ts": 'import { a } from "./lib/a.ts";\nawait import("big/part");\na();\n',
  "lib/a.ts": 'import type { T } from "typed";\nimport tree from "tree/leaf.js";\n' +
    "export function a(): void {}\n",
  "lib/cli/build_stamp.ts": "export const BUILD_STAMP = undefined;\n",
  "tools/compile.ts": "export {};\n",
  "tests/a_test.ts": 'import "only-in-tests";\n',
  "deno.json": JSON.stringify({
    version: "1.2.3",
    nodeModulesDir: "none",
    tasks: { test: "deno test" },
    imports: {
      "big": "npm:big@1.0.0",
      "typed": "npm:typed@1.0.0",
      "tree/": "npm:/tree@1.0.0/",
      "only-in-tests": "npm:only-in-tests@1.0.0",
    },
  }),
  "deno.lock": '{"version":"5"}',
};

async function makeProject(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await Deno.makeTempDir();
  for (const [file, content] of Object.entries(PROJECT)) {
    await Deno.mkdir(dirname(join(path, file)), { recursive: true });
    await Deno.writeTextFile(join(path, file), content);
  }
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

Deno.test("stageSources() copies the sources, puts the stamp in and leaves the project as it was", async () => {
  await using project = await makeProject();
  const stage = join(project.path, "stage");
  const stamp = { commit: "abc", date: "2026-01-02T03:04:05Z" };
  await stageSources(project.path, stage, { stamp });
  for (const file of ["main.ts", "lib/a.ts", "deno.lock"] as const) {
    assert.equal(await Deno.readTextFile(join(stage, file)), PROJECT[file]);
  }
  const staged = await import(`file://${stage}/lib/cli/build_stamp.ts`);
  assert.deepEqual(staged.BUILD_STAMP, stamp);
  assert.equal(
    await Deno.readTextFile(join(project.path, "lib/cli/build_stamp.ts")),
    PROJECT["lib/cli/build_stamp.ts"],
  );
});

Deno.test("stageSources() keeps only the packages that the sources import", async () => {
  await using project = await makeProject();
  const stage = join(project.path, "stage");
  await stageSources(project.path, stage, { stamp: { commit: "abc", date: "" } });
  assert.deepEqual(JSON.parse(await Deno.readTextFile(join(stage, "deno.json"))), {
    version: "1.2.3",
    nodeModulesDir: "none",
    imports: {
      "big": "npm:big@1.0.0",
      "typed": "npm:typed@1.0.0",
      "tree/": "npm:/tree@1.0.0/",
    },
  });
});

Deno.test("importedSpecifiers() finds static, dynamic, type, side-effect and re-exporting imports", () => {
  const source = `
import a from "a";
import { b,
  c } from 'b';
import type { D } from "d";
import "e";
export * from "f";
const g = await import("g");
const h = await import(
  "h"
);
`;
  assert.deepEqual(importedSpecifiers(source), ["a", "b", "d", "e", "f", "g", "h"]);
});

Deno.test("hashSources() changes with a source, a pin and a build tool, not with a test", async () => {
  await using project = await makeProject();
  const first = await hashSources(project.path);
  await Deno.writeTextFile(join(project.path, "tests/a_test.ts"), "changed");
  assert.equal(await hashSources(project.path), first);
  const seen = new Set([first]);
  for (const file of ["main.ts", "lib/a.ts", "deno.json", "deno.lock", "tools/compile.ts"]) {
    await Deno.writeTextFile(join(project.path, file), "changed");
    seen.add(await hashSources(project.path));
  }
  assert.equal(seen.size, 6);
});

Deno.test("readStamp() says unknown outside of Git, with a date in UTC", async () => {
  await using project = await makeProject();
  const stamp = await readStamp(project.path);
  assert.equal(stamp.commit, Deno.env.get("LAKEKEEPER_INGEST_COMMIT") || "unknown");
  assert.match(stamp.date, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
});
