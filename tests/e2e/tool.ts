// Decides what the end-to-end tests run, the compiled tool when it can be made, and runs it as a user
// would, in an environment that a developer's own settings do not leak into.

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { BaseRuntimeError, compileTool } from "../../tools/compile_tool.ts";
import { PERMISSION_FLAGS } from "../../tools/permissions.ts";
import { hashSources } from "../../tools/stage.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** That no base runtime can be had is believed for so long before it is tried again. */
const FAILURE_BELIEVED_MS = 10 * 60_000;

/** So many executables of earlier source states stay in the cache. */
const KEPT_EXECUTABLES = 3;

/** Variables that the tool may see of the developer's environment. */
const PASSED_VARIABLES = [
  ...["PATH", "HOME", "TMPDIR", "DENO_DIR", "XDG_CACHE_HOME", "SystemRoot"],
  ...["SSL_CERT_FILE", "SSL_CERT_DIR", "DENO_CERT", "DENO_TLS_CA_STORE", "NODE_EXTRA_CA_CERTS"],
];

/** A command line to which the tool's arguments are added. */
export interface ToolCommand {
  readonly command: string;
  readonly args: string[];
  /** False when the tool runs from source. */
  readonly compiled: boolean;
}

/** Options of {@linkcode runTool} and {@linkcode spawnTool}. */
export interface RunToolOptions {
  /** @default the folder of the test process */
  readonly cwd?: string;
  /** Added to the clean environment. */
  readonly env?: Readonly<Record<string, string>>;
  /**
   * What the tool reads on standard input.
   * @default nothing
   */
  readonly stdin?: string | Uint8Array;
  /**
   * After this the tool is killed and the call fails.
   * @default 60_000
   */
  readonly timeoutMs?: number;
}

/** How a run of the tool ended. */
export interface ToolResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly durationMs: number;
}

let decided: Promise<ToolCommand> | undefined;

/**
 * What to run: `LAKEKEEPER_INGEST_BIN` when it is set; else the compiled tool, made once per state
 * of the sources; else, when this machine has no base runtime for it, the sources, with the
 * permissions that the compiled tool has. Which one, and why, is told on stderr once per process.
 * Processes that ask at the same time wait for the one that compiles.
 *
 * @throws {CompileError} when the sources cannot be compiled though there is a base runtime
 */
export function toolCommand(): Promise<ToolCommand> {
  decided ??= decide();
  return decided;
}

/**
 * Runs the tool to its end.
 *
 * @throws {Error} when it does not end in time; the message holds what it had written
 */
export async function runTool(
  args: readonly string[],
  options: RunToolOptions = {},
): Promise<ToolResult> {
  const { stdin, timeoutMs = 60_000 } = options;
  const startMs = performance.now();
  const child = await spawnTool(args, options);
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    child.kill("SIGKILL");
  }, timeoutMs);
  try {
    // A tool that ends before it has read everything closes the pipe; its exit code tells why.
    const feeding = stdin === undefined ? Promise.resolve() : feed(child, stdin).catch(() => {});
    const output = await child.output();
    await feeding;
    const decoder = new TextDecoder();
    const result = {
      code: output.code,
      stdout: decoder.decode(output.stdout),
      stderr: decoder.decode(output.stderr),
      durationMs: performance.now() - startMs,
    };
    if (timedOut) {
      throw new Error(
        `Tool did not end within ${timeoutMs} ms: ${JSON.stringify(args)}\n` +
          `stdout: ${result.stdout}\nstderr: ${result.stderr}`,
      );
    }
    return result;
  } finally {
    clearTimeout(timer);
  }
}

/** Starts the tool with all three streams piped (stdin only when given); for `serve` and signals. */
export async function spawnTool(
  args: readonly string[],
  options: RunToolOptions = {},
): Promise<Deno.ChildProcess> {
  const { cwd, env = {}, stdin } = options;
  const tool = await toolCommand();
  // A user's own settings must not reach the tool; a test may give others.
  const clean: Record<string, string> = { XDG_CONFIG_HOME: "/nonexistent" };
  for (const name of PASSED_VARIABLES) {
    const value = Deno.env.get(name);
    if (value !== undefined) clean[name] = value;
  }
  return new Deno.Command(tool.command, {
    args: [...tool.args, ...args],
    ...(cwd === undefined ? {} : { cwd }),
    clearEnv: true,
    env: { ...clean, ...env },
    stdin: stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

async function feed(child: Deno.ChildProcess, stdin: string | Uint8Array): Promise<void> {
  const bytes = typeof stdin === "string" ? new TextEncoder().encode(stdin) : stdin;
  const writer = child.stdin.getWriter();
  await writer.write(bytes);
  await writer.close();
}

async function decide(): Promise<ToolCommand> {
  const given = Deno.env.get("LAKEKEEPER_INGEST_BIN");
  if (given) {
    console.error(`End-to-end tests run "${given}", which LAKEKEEPER_INGEST_BIN names`);
    return { command: await Deno.realPath(given), args: [], compiled: true };
  }
  const made = await compiledTool();
  if (made.path !== undefined) {
    console.error(`End-to-end tests run the compiled tool "${made.path}"`);
    return { command: made.path, args: [], compiled: true };
  }
  console.error(`End-to-end tests run the tool from source: ${made.reason}`);
  return {
    command: Deno.execPath(),
    args: [
      ...["run", "--quiet", "--config", join(ROOT, "deno.json")],
      ...PERMISSION_FLAGS,
      join(ROOT, "main.ts"),
    ],
    compiled: false,
  };
}

async function compiledTool(): Promise<{ path: string } | { path: undefined; reason: string }> {
  const cache = join(ROOT, ".cache/e2e");
  await Deno.mkdir(cache, { recursive: true });
  const lock = await Deno.open(join(cache, "lock"), { create: true, write: true });
  await lock.lock(true);
  try {
    const key = (await hashSources(ROOT)).slice(0, 24);
    const path = join(cache, `lakekeeper-ingest-${key}`);
    const failure = `${path}.failed`;
    if (await modifiedMs(path) !== undefined) return { path };
    if ((await modifiedMs(failure) ?? 0) > Date.now() - FAILURE_BELIEVED_MS) {
      return { path: undefined, reason: await Deno.readTextFile(failure) };
    }
    try {
      await compileTool(ROOT, { output: path });
    } catch (error) {
      if (!(error instanceof BaseRuntimeError)) throw error;
      await Deno.writeTextFile(failure, error.message);
      return { path: undefined, reason: error.message };
    }
    await removeOld(cache);
    return { path };
  } finally {
    lock.close();
  }
}

async function removeOld(cache: string): Promise<void> {
  const found: { path: string; ms: number }[] = [];
  for await (const entry of Deno.readDir(cache)) {
    const path = join(cache, entry.name);
    if (entry.name !== "lock") found.push({ path, ms: await modifiedMs(path) ?? 0 });
  }
  found.sort((a, b) => b.ms - a.ms);
  for (const { path } of found.slice(KEPT_EXECUTABLES)) await Deno.remove(path);
}

async function modifiedMs(path: string): Promise<number | undefined> {
  try {
    return (await Deno.stat(path)).mtime?.getTime() ?? 0;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
