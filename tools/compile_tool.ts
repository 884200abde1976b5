// Makes the executable: sources staged, bundled with their packages, a base runtime found, `deno
// compile` run on the bundle. Prints nothing; `tools/compile.ts` and the end-to-end tests tell of the
// result.

import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { MAIN_MODULE } from "./bundle_entries.ts";
import { FALLBACK_DENO_VERSION, FALLBACK_TARGET, fallbackRuntime } from "./fallback_runtime.ts";
import { fixTimes } from "./fix_times.ts";
import { PERMISSION_FLAGS } from "./permissions.ts";
import { type CommandResult, lastReason, runCommand } from "./run_command.ts";
import { readStamp, stageSources } from "./stage.ts";

/** Run as a program of its own, which ends with the helper that esbuild starts. */
const BUNDLER = fileURLToPath(new URL("./bundle.ts", import.meta.url));

/** Options of {@linkcode compileTool}. */
export interface CompileToolOptions {
  /** Where the executable goes. */
  readonly output: string;
  /**
   * Target triple.
   * @default the target of the running Deno
   */
  readonly target?: string;
  /**
   * Folder for downloads and unfinished work.
   * @default `.cache/compile` below the root
   */
  readonly cache?: string;
  /**
   * How long the search for Deno's own base runtime may take, in milliseconds. It is a download of
   * about 40 MB the first time, and a network that swallows packets must not hold the build.
   * @default 180_000
   */
  readonly downloadMsMax?: number;
}

/** What was made, and with what. */
export interface CompiledTool {
  readonly path: string;
  readonly sizeBytes: number;
  /** Version of the Deno inside. */
  readonly denoVersion: string;
  /** `name@version` of the npm packages inside, sorted. */
  readonly packages: readonly string[];
  /** Why Deno's own base runtime was not used; undefined when it was. */
  readonly fallbackReason: string | undefined;
}

/** The executable could not be made. */
export class CompileError extends Error {
  override readonly name: string = "CompileError";
}

/** It could not be made on this machine, because there is no base runtime to be had. */
export class BaseRuntimeError extends CompileError {
  override readonly name = "BaseRuntimeError";
}

interface BaseRuntime {
  readonly deno: string;
  readonly env: Readonly<Record<string, string>>;
  readonly version: string;
  readonly fallbackReason: string | undefined;
}

/**
 * Compiles the tool below `root`. The checkout is not changed but for the cache, which Git ignores.
 *
 * @throws {BaseRuntimeError} when there is no base runtime to be had
 * @throws {CompileError} when `deno compile` fails or the output cannot be written
 */
export async function compileTool(
  root: string,
  options: CompileToolOptions,
): Promise<CompiledTool> {
  const { target, cache = join(root, ".cache/compile"), downloadMsMax = 180_000 } = options;
  const output = resolve(options.output);
  await Deno.mkdir(cache, { recursive: true });
  const work = await Deno.makeTempDir({ dir: cache, prefix: "work-" });
  try {
    const runtime = await findBaseRuntime({ cache, work, target, downloadMsMax });
    const { folder, packages } = await bundleTool(root, { work, output });
    const result = await runCommand(runtime.deno, {
      args: [
        // All is there: nothing is looked up, neither types nor packages.
        ...["compile", "--quiet", "--no-check", "--no-config", "--no-lock", ...PERMISSION_FLAGS],
        // The cache of compiled code would be a file of a known name in the shared temporary folder.
        "--no-code-cache",
        // The workers and the data files, to which no import leads.
        ...["--include", "."],
        ...(target === undefined ? [] : ["--target", target]),
        ...["--output", join(work, "tool"), MAIN_MODULE],
      ],
      cwd: folder,
      env: runtime.env,
    });
    if (!result?.success) throw compileError(output, result);
    const made = target?.includes("windows") ? join(work, "tool.exe") : join(work, "tool");
    // The work folder and the output can be on different disks, so first a copy beside the output.
    const beside = `${output}.${crypto.randomUUID()}.tmp`;
    try {
      await Deno.copyFile(made, beside);
      await Deno.rename(beside, output);
    } catch (error) {
      await Deno.remove(beside).catch(() => {});
      throw new CompileError(`Cannot write "${output}": ${reasonOf(error)}`, { cause: error });
    }
    return {
      path: output,
      sizeBytes: (await Deno.stat(output)).size,
      denoVersion: runtime.version,
      packages,
      fallbackReason: runtime.fallbackReason,
    };
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

/**
 * Makes the files that the executable consists of, in a folder of their own below `work`; `output` is
 * what they are for, in messages.
 *
 * @returns the folder, and `name@version` of the packages that the files are made from.
 * @throws {CompileError} when a package cannot be had or a module is missing.
 */
export async function bundleTool(
  root: string,
  options: { readonly work: string; readonly output: string },
): Promise<{ readonly folder: string; readonly packages: readonly string[] }> {
  const stage = join(options.work, "stage");
  const bundle = join(options.work, "bundle");
  const stamp = await readStamp(root);
  await stageSources(root, stage, { stamp });
  const steps = [
    { args: ["install", "--quiet", "--node-modules-dir=auto"], cwd: stage },
    { args: ["run", "-A", "--config", join(root, "deno.json"), BUNDLER, stage, bundle], cwd: root },
  ];
  let packages: readonly string[] = [];
  for (const step of steps) {
    const result = await runCommand(Deno.execPath(), step);
    if (!result?.success) throw compileError(options.output, result);
    packages = result.stdout.split("\n").filter((line) => line !== "");
  }
  await fixTimes(bundle, stamp.date);
  return { folder: bundle, packages };
}

function compileError(output: string, result: CommandResult | undefined): CompileError {
  const reason = result ? lastReason(result) : "there is no Deno";
  return new CompileError(`Cannot compile "${output}": ${reason}`);
}

/**
 * Compiles one program that imports nothing, on the same base runtime and with the same permissions
 * as the tool: what a benchmark compares the tool's start with.
 *
 * @throws {BaseRuntimeError} when there is no base runtime to be had
 * @throws {CompileError} when `deno compile` fails
 */
export async function compileProgram(
  source: string,
  options: Required<Pick<CompileToolOptions, "output" | "cache">>,
): Promise<void> {
  const { output, cache } = options;
  await Deno.mkdir(cache, { recursive: true });
  const work = await Deno.makeTempDir({ dir: cache, prefix: "work-" });
  try {
    const target = undefined;
    const runtime = await findBaseRuntime({ cache, work, target, downloadMsMax: 180_000 });
    const made = join(work, "program");
    const result = await runCommand(runtime.deno, {
      args: [
        ...["compile", "--quiet", "--no-check", "--no-config", "--no-lock", ...PERMISSION_FLAGS],
        ...["--no-code-cache", "--output", made, resolve(source)],
      ],
      cwd: work,
      env: runtime.env,
    });
    if (!result?.success) {
      const reason = result ? lastReason(result) : "there is no Deno";
      throw new CompileError(`Cannot compile "${source}": ${reason}`);
    }
    await Deno.rename(made, output);
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

async function findBaseRuntime(
  options: {
    readonly cache: string;
    readonly work: string;
    readonly target: string | undefined;
    readonly downloadMsMax: number;
  },
): Promise<BaseRuntime> {
  const { cache, work, target, downloadMsMax } = options;
  const ownReason = await ownRuntimeReason({ work, target, timeoutMs: downloadMsMax });
  if (ownReason === undefined) {
    return {
      deno: Deno.execPath(),
      env: {},
      version: Deno.version.deno,
      fallbackReason: undefined,
    };
  }
  const head = `Cannot compile: Deno's own base runtime cannot be had (${ownReason})`;
  if (target !== undefined && target !== FALLBACK_TARGET) {
    throw new BaseRuntimeError(`${head}, and there is no other one for "${target}"`);
  }
  try {
    const { deno, denort } = await fallbackRuntime(
      join(cache, `deno-${FALLBACK_DENO_VERSION}`),
    );
    return {
      deno,
      env: { DENORT_BIN: denort },
      version: FALLBACK_DENO_VERSION,
      fallbackReason: ownReason,
    };
  } catch (error) {
    throw new BaseRuntimeError(
      `${head}, and the one from package registries neither: ${reasonOf(error)}`,
      { cause: error },
    );
  }
}

/**
 * Compiles an empty program, which makes Deno fetch its base runtime and costs little when it cannot.
 * Returns why that failed, or undefined when it did not.
 */
async function ownRuntimeReason(
  options: {
    readonly work: string;
    readonly target: string | undefined;
    readonly timeoutMs: number;
  },
): Promise<string | undefined> {
  const { work, target, timeoutMs } = options;
  const folder = join(work, "probe");
  await Deno.mkdir(folder);
  await Deno.writeTextFile(join(folder, "empty.ts"), "export {};\n");
  const result = await runCommand(Deno.execPath(), {
    args: [
      ...["compile", "--quiet", "--no-check", "--no-config", "--no-lock"],
      ...(target === undefined ? [] : ["--target", target]),
      ...["--output", join(folder, "empty"), "empty.ts"],
    ],
    cwd: folder,
    timeoutMs,
  });
  await Deno.remove(folder, { recursive: true });
  if (result?.success) return undefined;
  return result ? lastReason(result) : "there is no Deno";
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
