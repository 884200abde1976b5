/**
 * Commands and servers that the real-parts tests start: output kept, ends bounded, and no child
 * outlives the test process.
 */

/** Options of {@linkcode runCommand}. */
export interface CommandOptions {
  readonly cwd?: string;
  /** Added to the environment of this process, unless `clearEnv` is set. */
  readonly env?: Readonly<Record<string, string>>;
  /** @default {false} */
  readonly clearEnv?: boolean;
  /** Given to the command on standard input. */
  readonly stdin?: string;
  /** @default {600_000} */
  readonly runMsMax?: number;
}

/** What a command left. */
export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly elapsedMs: number;
}

/**
 * Runs a command to its end, whatever its exit code.
 *
 * @throws {Error} when it cannot be started or does not end in time.
 */
export async function runCommand(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const { runMsMax = 600_000 } = options;
  const startMs = Date.now();
  const child = new Deno.Command(command, {
    args: [...args],
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: { ...options.env },
    clearEnv: options.clearEnv ?? false,
    stdin: options.stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    killQuietly(child, "SIGKILL");
  }, runMsMax);
  try {
    if (options.stdin !== undefined) {
      const writer = child.stdin.getWriter();
      await writer.write(new TextEncoder().encode(options.stdin));
      await writer.close();
    }
    const output = await child.output();
    const decoder = new TextDecoder();
    const stdout = decoder.decode(output.stdout);
    const stderr = decoder.decode(output.stderr);
    if (late) {
      throw new Error(
        `Cannot finish "${command}": no end after ${runMsMax} ms\n${stdout}${stderr}`,
      );
    }
    return { code: output.code, stdout, stderr, elapsedMs: Date.now() - startMs };
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Runs a command that has to succeed.
 *
 * @returns its standard output.
 * @throws {Error} with the end of its output when it fails.
 */
export async function mustRun(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  const result = await runCommand(command, args, options);
  if (result.code !== 0) {
    const words = [command, ...args].join(" ").slice(0, 300);
    throw new Error(
      `Cannot run "${words}": exit code ${result.code}\n${
        lastLines(`${result.stdout}${result.stderr}`, 40)
      }`,
    );
  }
  return result.stdout;
}

/** Whether a command is on PATH. */
export async function hasCommand(name: string): Promise<boolean> {
  const result = await runCommand("sh", ["-c", `command -v "$1" >/dev/null`, "sh", name]);
  return result.code === 0;
}

/** A port of the loopback interface that was free a moment ago. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** How a server is started. */
export interface ServerPlan {
  /** Stands in messages. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Folder for the log file. It must exist. */
  readonly logDirectory: string;
  /** Whether the server answers by now. May throw: that counts as no. */
  readonly isReady: () => Promise<boolean>;
  /** @default {60_000} */
  readonly startMsMax?: number;
  /** @default {"SIGTERM"} */
  readonly stopSignal?: Deno.Signal;
  /** User to run as; only root can change it. */
  readonly user?: string;
}

/** A running server. */
export interface Server {
  readonly name: string;
  readonly pid: number;
  /** How long it took to answer. */
  readonly startMs: number;
  /** The last lines of its log. */
  readonly log: (lineCount?: number) => string;
  /** Ends it. May be called again. */
  readonly stop: () => Promise<void>;
}

const STOP_MS_MAX = 15_000;

/**
 * Starts a server and waits until it answers.
 *
 * @throws {Error} with the end of its log when it ends early or does not answer in time.
 */
export async function startServer(plan: ServerPlan): Promise<Server> {
  const { startMsMax = 60_000, stopSignal = "SIGTERM" } = plan;
  const logFile = `${plan.logDirectory}/${plan.name}.log`;
  const startedAtMs = Date.now();
  const guard = await guardWords(plan.user);
  const child = new Deno.Command("sh", {
    // The shell writes the log, so that no pump in this process has to.
    args: [
      "-c",
      `log=$1; shift; exec "$@" >"$log" 2>&1`,
      "sh",
      logFile,
      ...guard,
      plan.command,
      ...plan.args,
    ],
    env: { ...plan.env },
    ...(plan.cwd === undefined ? {} : { cwd: plan.cwd }),
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  let ended = false;
  const status = child.status.then((end) => {
    ended = true;
    return end;
  });
  const onUnload = () => killQuietly(child, "SIGKILL");
  globalThis.addEventListener("unload", onUnload);
  const log = (lineCount = 60) => lastLines(readQuietly(logFile), lineCount);
  const stop = async () => {
    globalThis.removeEventListener("unload", onUnload);
    if (ended) return;
    killQuietly(child, stopSignal);
    const timer = setTimeout(() => killQuietly(child, "SIGKILL"), STOP_MS_MAX);
    await status;
    clearTimeout(timer);
  };
  while (!await plan.isReady().catch(() => false)) {
    const reason = ended
      ? `it ended with exit code ${(await status).code}`
      : Date.now() - startedAtMs > startMsMax
      ? `no answer after ${startMsMax} ms`
      : undefined;
    if (reason !== undefined) {
      await stop();
      throw new Error(`Cannot start "${plan.name}": ${reason}\n${log()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return { name: plan.name, pid: child.pid, startMs: Date.now() - startedAtMs, log, stop };
}

/** Whether a URL gives any HTTP answer that `accept` likes. */
export async function answers(
  url: string,
  accept: (status: number) => boolean = (status) => status === 200,
): Promise<boolean> {
  const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
  await response.body?.cancel();
  return accept(response.status);
}

/** The last lines of a text. */
export function lastLines(text: string, count: number): string {
  return text.trimEnd().split("\n").slice(-count).join("\n");
}

/** Linux ends the child when this process dies, even by SIGKILL; elsewhere `unload` has to do. */
async function guardWords(user: string | undefined): Promise<string[]> {
  if (!await hasCommand("setpriv")) {
    if (user === undefined) return [];
    throw new Error(`Cannot run as user "${user}": the command "setpriv" is not there`);
  }
  const words = ["setpriv", "--pdeathsig", "KILL"];
  if (user !== undefined) words.push(`--reuid=${user}`, `--regid=${user}`, "--init-groups");
  return [...words, "--"];
}

function killQuietly(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch {
    // It has ended already.
  }
}

function readQuietly(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return "";
  }
}
