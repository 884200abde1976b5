// `deno run -A tools/bundle.ts STAGE OUTPUT`: puts the staged sources and the packages they use into
// a few files of plain JavaScript, all in one folder, with the data files they read beside them, and
// prints what packages those are, a line each.
//
// Of a package only what is used gets in, and a verb loads few files: an executable made of them is
// smaller by a quarter and starts in half the time. Names and lines are kept, for stack traces.

import { basename, dirname, join, relative } from "node:path";
import { isBuiltin } from "node:module";
import { gzipSync } from "node:zlib";
import {
  build,
  type BuildFailure,
  type Metafile,
  type OnLoadArgs,
  type OnLoadResult,
  type Plugin,
  stop,
} from "esbuild";
import { ENTRIES } from "./bundle_entries.ts";

/** Data files that packages read from their own folder at run time. */
const DATA_FILES = /\b(lz4_wasm_nodejs_bg|wasm-zstd)\.wasm\b/g;

/** `deno compile` takes a file with the ending `.wasm` for a module. */
const DATA_ENDING = ".bin";

const TIMERS = [
  ...["setTimeout", "clearTimeout", "setInterval", "clearInterval"],
  ...["setImmediate", "clearImmediate"],
];

/**
 * Bundles the sources in `stage`, whose packages are in its `node_modules`.
 *
 * @returns `name@version` of each package that code or data was taken from, sorted.
 * @throws {Error} with esbuild's messages when a module is missing or wrong, when a Worker is none of
 * {@linkcode ENTRIES}, and when a source imports a CommonJS package late.
 */
export async function bundleSources(stage: string, output: string): Promise<string[]> {
  try {
    const result = await build({
      absWorkingDir: stage,
      entryPoints: ENTRIES.map(({ source, output }) => ({
        in: source,
        out: output.replace(/\.js$/, ""),
      })),
      outdir: output,
      // All in one folder: what a module finds beside itself does not depend on which file it is in.
      chunkNames: "[name]-[hash]",
      bundle: true,
      splitting: true,
      format: "esm",
      platform: "node",
      conditions: ["deno"],
      mainFields: ["module", "main"],
      target: "esnext",
      charset: "utf8",
      minifySyntax: true,
      legalComments: "none",
      metafile: true,
      define: { __dirname: "import.meta.dirname" },
      plugins: [asPackage(), withWorkers(stage), withData(output), withNode()],
      logLevel: "silent",
    });
    const [warning] = result.warnings;
    if (warning !== undefined) throw new Error(`${warning.location?.file}: ${warning.text}`);
    checkLateImports(result.metafile);
    return await packagesIn(result.metafile, stage);
  } finally {
    await stop();
  }
}

/** What `import()` gives of CommonJS has its names in Deno, and none but `default` in a bundle. */
function checkLateImports({ inputs }: Metafile): void {
  for (const [source, { imports }] of Object.entries(inputs)) {
    if (source.includes("node_modules/")) continue;
    for (const { kind, path } of imports) {
      if (kind !== "dynamic-import" || inputs[path]?.format !== "cjs") continue;
      throw new Error(
        `"${source}" imports "${path}" late, which is CommonJS: import a module late that imports it at once`,
      );
    }
  }
}

async function packagesIn({ outputs }: Metafile, stage: string): Promise<string[]> {
  const folders = new Set<string>();
  for (const { inputs } of Object.values(outputs)) {
    for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
      const folder = /^.*\bnode_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(path)?.[0];
      if (folder !== undefined && bytesInOutput > 0) folders.add(folder);
    }
  }
  const ids = new Set<string>();
  for (const folder of folders) {
    const { name, version } = JSON.parse(
      await Deno.readTextFile(join(stage, folder, "package.json")),
    );
    ids.add(`${name}@${version}`);
  }
  return [...ids].sort();
}

/** The names of `deno.json` that stand for another one in the package. */
function asPackage(): Plugin {
  return {
    name: "as-package",
    async setup({ initialOptions, onResolve, resolve }) {
      const config = JSON.parse(
        await Deno.readTextFile(join(initialOptions.absWorkingDir ?? ".", "deno.json")),
      );
      for (const [name, target] of Object.entries<string>(config.imports ?? {})) {
        const path = target.replace(/^npm:\/?(@?[^@]+)@[^/]+/, "$1");
        if (path === name) continue;
        onResolve({ filter: new RegExp(`^${RegExp.escape(name)}$`) }, (args) => {
          const { kind, resolveDir, importer } = args;
          return resolve(path, { kind, resolveDir, importer, with: args.with });
        });
      }
    },
  };
}

/** Workers are found under the names of their bundled files. */
function withWorkers(stage: string): Plugin {
  return {
    name: "with-workers",
    setup({ onLoad }) {
      onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        const source = await Deno.readTextFile(path);
        const contents = source.replaceAll(
          /new URL\("(\.[^"]+\.ts)", import\.meta\.url\)/g,
          (_, worker: string) => {
            const target = relative(stage, join(dirname(path), worker)).replaceAll("\\", "/");
            const entry = ENTRIES.find(({ source }) => source === target);
            if (entry === undefined) throw new Error(`"${target}" is no entry of tools/bundle.ts`);
            return `new URL("./${entry.output}", import.meta.url)`;
          },
        );
        return { contents, loader: "ts" };
      });
    },
  };
}

/** WebAssembly lies as data beside the bundled files. */
function withData(output: string): Plugin {
  return {
    name: "with-data",
    setup({ onLoad, onResolve }) {
      // The way that packages take in a browser, and nowhere else.
      onResolve({ filter: /\.bin$/ }, ({ path }) => ({ path, external: true }));
      onLoad({ filter: /\.wasm$/ }, async (args) => {
        if (args.with.type !== undefined) return undefined;
        return await asModule(args, { output });
      });
      onLoad({ filter: /[\\/](lz4_wasm_nodejs|wasm-zstd)\.js$/ }, async ({ path }) => {
        const source = await Deno.readTextFile(path);
        for (const [file] of source.matchAll(DATA_FILES)) {
          await Deno.mkdir(output, { recursive: true });
          await Deno.copyFile(join(dirname(path), file), join(output, dataName(file)));
        }
        return { contents: source.replaceAll(DATA_FILES, `$1${DATA_ENDING}`), loader: "js" };
      });
    },
  };
}

/** What the import of a WebAssembly file as a module means, in JavaScript. */
async function asModule(
  { path }: OnLoadArgs,
  { output }: { readonly output: string },
): Promise<OnLoadResult> {
  const code = await Deno.readFile(path);
  const module = new WebAssembly.Module(code);
  // Compressed, since the executable reads all of its files when it starts, used or not.
  const file = dataName(path);
  await Deno.mkdir(output, { recursive: true });
  await Deno.writeFile(join(output, file), gzipSync(code, { level: 9 }));
  const from = [...new Set(WebAssembly.Module.imports(module).map((it) => it.module))];
  const exported = WebAssembly.Module.exports(module).map((it) => JSON.stringify(it.name));
  const contents = [
    'import { gunzipSync } from "node:zlib";',
    ...from.map((name, index) => `import * as from${index} from ${JSON.stringify(name)};`),
    // Not awaited: a Worker loses the messages that come before its modules have run.
    `const bytes = gunzipSync(Deno.readFileSync(new URL("./${file}", import.meta.url)));`,
    "const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), {",
    ...from.map((name, index) => `  ${JSON.stringify(name)}: from${index},`),
    "});",
    ...exported.map((name, index) => `const of${index} = instance.exports[${name}];`),
    `export { ${exported.map((name, index) => `of${index} as ${name}`).join(", ")} };`,
  ];
  return { contents: contents.join("\n"), loader: "js", resolveDir: dirname(path) };
}

function dataName(path: string): string {
  return basename(path).replace(/\.wasm$/, DATA_ENDING);
}

/** What packages require at their start and seldom use; it takes newer versions of Deno 9 ms to load. */
const SELDOM_REQUIRED: ReadonlySet<string> = new Set(["node:crypto"]);

/** How packages import modules of Node's that they seldom use, and that take Deno a while to load. */
const SELDOM_USED = /^import (\w+) from ["'](node:(?:child_process|fs|path))["'];?$/gm;

/**
 * Packages get from Deno what they would get as packages: Node's modules by `require`, and Node's
 * timers, which are objects. Deno's own are numbers up to version 2.6 for all other code.
 */
function withNode(): Plugin {
  const builtin = (name: string) => `process.getBuiltinModule(${JSON.stringify(name)})`;
  const lateBuiltin = (name: string) => `new Proxy({}, { get: (_, key) => ${builtin(name)}[key] })`;
  return {
    name: "with-node",
    setup({ onLoad, onResolve }) {
      onResolve({ filter: /^(node:)?[a-z_]+(\/[a-z_]+)*$/ }, ({ path, kind }) => {
        if (!isBuiltin(path)) return undefined;
        const named = path.replace(/^(node:)?/, "node:");
        return kind === "require-call"
          ? { path: named, namespace: "node" }
          : { path: named, external: true };
      });
      onLoad({ filter: /./, namespace: "node" }, ({ path }) => {
        const module = SELDOM_REQUIRED.has(path) ? lateBuiltin(path) : builtin(path);
        return { contents: `module.exports = ${module};`, loader: "js" };
      });
      onLoad({ filter: /[\\/]node_modules[\\/].+\.[cm]?js$/ }, async ({ path }) => {
        const source = await Deno.readTextFile(path);
        const used = /["'](node:)?timers["']/.test(source)
          ? []
          : TIMERS.filter((name) => new RegExp(`\\b${name}\\b`).test(source));
        const late = source.replace(
          SELDOM_USED,
          (_, name, module) => `const ${name} = ${lateBuiltin(module)};`,
        );
        if (used.length === 0 && late === source) return undefined;
        const head = used.length === 0
          ? ""
          : `const { ${used.join(", ")} } = ${builtin("node:timers")};\n`;
        return { contents: head + late, loader: "js" };
      });
    },
  };
}

if (import.meta.main) {
  const [stage, output] = Deno.args;
  if (stage === undefined || output === undefined) throw new Error("STAGE and OUTPUT are needed");
  try {
    for (const id of await bundleSources(stage, output)) console.log(id);
  } catch (error) {
    // The first of esbuild's messages is the cause; `compile_tool.ts` shows the last line.
    console.error((error as BuildFailure).errors?.[0]?.text ?? String(error));
    Deno.exit(1);
  }
}
