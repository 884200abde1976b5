// The bundle of a small project with a package of its own, run by Deno.

import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ENTRIES, MAIN_MODULE } from "../../tools/bundle_entries.ts";
import { runCommand } from "../../tools/run_command.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

const IDLE_WORKER = "export {};\n";

/** A module that exports the memory `m` and imports the function `f` of `./glue.js`. */
const WASM = new Uint8Array([
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0],
  ...[2, 15, 1, 9, ...new TextEncoder().encode("./glue.js"), 1, 0x66, 0, 0],
  ...[5, 3, 1, 0, 1, 7, 5, 1, 1, 0x6d, 2, 0],
]);

/** How a source names the module of a Worker. */
function urlOf(module: string): string {
  return `new URL(${JSON.stringify(module)}, import.meta.url)`;
}

const PROJECT: Readonly<Record<string, string | Uint8Array>> = {
  "deno.json": JSON.stringify({ imports: { "old": "npm:old@1.0.0/part" } }),
  "main.ts": `
    import { wait } from 'old';
    import text from './lib/note.txt' with { type: 'text' };
    import bytes from './lib/note.txt' with { type: 'bytes' };
    import { start } from './lib/encode/pool.ts';
    const { answer } = await import('./lib/late.ts');
    console.log(JSON.stringify([await wait(), text, bytes.length, answer(), await start()]));
  `,
  "lib/note.txt": "noted",
  "lib/late.ts": "export const answer = (): number => 42;\n",
  "lib/encode/pool.ts": `
    export function start(): Promise<unknown> {
      const worker = new Worker(${urlOf("./worker.ts")}, { type: "module" });
      worker.postMessage("asked");
      return new Promise((resolve) => worker.onmessage = ({ data }) => {
        worker.terminate();
        resolve(data);
      });
    }
  `,
  "lib/encode/worker.ts": `
    import { m } from 'old/memory.wasm';
    self.onmessage = ({ data }) => self.postMessage([data, m.buffer.byteLength]);
  `,
  "lib/server/worker.ts": IDLE_WORKER,
  "lib/verify/worker.ts": IDLE_WORKER,
  "node_modules/old/package.json": JSON.stringify({ name: "old", version: "1.0.0" }),
  "node_modules/old/glue.js": "export function f() {}\n",
  "node_modules/old/memory.wasm": WASM,
  "node_modules/old/part.js": `
    const { basename } = require("path");
    exports.wait = () => new Promise((resolve) => {
      setTimeout(() => {}, 60_000).unref();
      setTimeout(() => resolve(basename("/a/waited")), 1);
    });
  `,
};

async function makeProject(
  changed: Readonly<Record<string, string>> = {},
): Promise<AsyncDisposable & { readonly stage: string; readonly output: string }> {
  const path = await Deno.makeTempDir();
  const stage = join(path, "stage");
  for (const [file, content] of Object.entries({ ...PROJECT, ...changed })) {
    await Deno.mkdir(dirname(join(stage, file)), { recursive: true });
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    await Deno.writeFile(join(stage, file), bytes);
  }
  return {
    stage,
    output: join(path, "output"),
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

function bundle(project: { readonly stage: string; readonly output: string }) {
  return runCommand(Deno.execPath(), {
    args: ["run", "-A", "tools/bundle.ts", project.stage, project.output],
    cwd: ROOT,
  });
}

Deno.test("bundleSources() makes files that run with no package beside them, workers and data too", async () => {
  await using project = await makeProject();
  const made = await bundle(project);
  assert.equal(made?.stderr, "");
  await Deno.remove(project.stage, { recursive: true });
  const run = await runCommand(Deno.execPath(), {
    args: ["run", "--no-config", "--allow-read", join(project.output, MAIN_MODULE)],
    timeoutMs: 30_000,
  });
  assert.equal(run?.stderr, "");
  assert.equal(run?.stdout, '["waited","noted",5,42,["asked",65536]]\n');
  const files = await Array.fromAsync(Deno.readDir(project.output), ({ name }) => name);
  for (const { output } of ENTRIES) assert.ok(files.includes(output), output);
  assert.ok(files.includes("memory.bin"));
});

Deno.test("bundleSources() has a package's seldom used modules of Node's loaded with their first use", async () => {
  await using project = await makeProject({
    "lib/late.ts": "import { dirs } from 'new'; export const answer = () => dirs('/a/b');\n",
    "node_modules/new/package.json": JSON.stringify({
      name: "new",
      version: "1.0.0",
      type: "module",
    }),
    "node_modules/new/index.js":
      "import path from 'node:path';\nexport const dirs = (file) => [path.dirname(file), path.sep];\n",
  });
  const made = await bundle(project);
  assert.equal(made?.stderr, "");
  for await (const { name } of Deno.readDir(project.output)) {
    if (!name.endsWith(".js")) continue;
    const code = await Deno.readTextFile(join(project.output, name));
    assert.doesNotMatch(code, /from\s*"node:path"/, name);
  }
  const run = await runCommand(Deno.execPath(), {
    args: ["run", "--no-config", "--allow-read", join(project.output, MAIN_MODULE)],
    timeoutMs: 30_000,
  });
  assert.match(run?.stdout ?? "", /,\["\/a","\/"\],/);
});

Deno.test("bundleSources() names the packages that code was taken from, and no other", async () => {
  await using project = await makeProject({
    "lib/late.ts":
      "import { b } from '@two/new'; import 'idle'; export const answer = () => b()[0];\n",
    "node_modules/@two/new/package.json": JSON.stringify({ name: "@two/new", version: "2.1.0" }),
    "node_modules/@two/new/index.js": "export const b = () => [42];\n",
    "node_modules/idle/package.json": JSON.stringify({ name: "idle", version: "1.0.0" }),
    "node_modules/idle/index.js": "export {};\n",
  });
  const made = await bundle(project);
  assert.equal(made?.stdout, "@two/new@2.1.0\nold@1.0.0\n");
});

Deno.test("bundleSources() refuses the late import of a CommonJS package, whose names would be lost", async () => {
  await using project = await makeProject({
    "lib/late.ts": "export const answer = async () => (await import('old')).wait;\n",
  });
  const made = await bundle(project);
  assert.equal(made?.success, false);
  assert.match(made?.stderr ?? "", /"lib\/late\.ts" imports ".*old\/part\.js" late/);
});

Deno.test("bundleSources() refuses a Worker that is no entry, and names it", async () => {
  await using project = await makeProject({
    "lib/late.ts": `new Worker(${urlOf("./other.ts")});\nexport const answer = () => 1;\n`,
  });
  const made = await bundle(project);
  assert.equal(made?.success, false);
  assert.match(made?.stderr ?? "", /"lib\/other\.ts" is no entry of tools\/bundle\.ts/);
});
