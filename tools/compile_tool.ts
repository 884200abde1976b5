// Makes the executable: sources staged, a base runtime found, `deno compile` run on them. Prints
// nothing; `tools/compile.ts` and the end-to-end tests tell of the result.

import { join, resolve } from "node:path";
import { FALLBACK_DENO_VERSION, FALLBACK_TARGET, fallbackRuntime } from "./fallback_runtime.ts";
import { PERMISSION_FLAGS } from "./permissions.ts";
import { lastReason, runCommand } from "./run_command.ts";
import { readStamp, stageSources } from "./stage.ts";

/** Modules that only a Worker loads; the module graph of `main.ts` does not lead to them. */
export const WORKER_MODULES: readonly string[] = [
  "lib/encode/worker.ts",
  "lib/server/worker.ts",
  "lib/verify/worker.ts",
];

/** Deno 2.6 goes through the packages by recursion, and ends when there are about a hundred. */
const COMPILER_STACK_BYTES = 32 * 1024 * 1024;

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
    const stage = join(work, "stage");
    await stageSources(root, stage, { stamp: await readStamp(root) });
    const result = await runCommand(runtime.deno, {
      args: [
        // Types are the business of `deno check`; an older Deno's compiler might see them otherwise.
        ...["compile", "--quiet", "--no-check", ...PERMISSION_FLAGS],
        // The cache of compiled code would be a file of a known name in the shared temporary folder.
        "--no-code-cache",
        ...WORKER_MODULES.flatMap((module) => ["--include", module]),
        ...(target === undefined ? [] : ["--target", target]),
        ...["--output", join(work, "tool"), "main.ts"],
      ],
      cwd: stage,
      env: { ...runtime.env, RUST_MIN_STACK: String(COMPILER_STACK_BYTES) },
    });
    if (!result?.success) {
      const reason = result ? lastReason(result) : "there is no Deno";
      throw new CompileError(`Cannot compile "${output}": ${reason}`);
    }
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
      fallbackReason: runtime.fallbackReason,
    };
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
      env: {
        DENORT_BIN: denort,
        // This older Deno does not look into the system's store of certificate authorities.
        DENO_TLS_CA_STORE: Deno.env.get("DENO_TLS_CA_STORE") || "system,mozilla",
      },
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
