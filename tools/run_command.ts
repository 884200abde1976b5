// Runs a program for the build tools: output captured, time bounded, absence told apart.

/** How a program ended. */
export interface CommandResult {
  readonly success: boolean;
  readonly stdout: string;
  readonly stderr: string;
  /** True when the time was up and the program was killed. */
  readonly timedOut: boolean;
}

/** Options of {@linkcode runCommand}. */
export interface RunCommandOptions {
  readonly args?: readonly string[];
  readonly cwd?: string;
  /** Added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /**
   * After this the program is killed.
   * @default 600_000
   */
  readonly timeoutMs?: number;
}

/** Runs a program to its end. Returns undefined when there is no such program. */
export async function runCommand(
  command: string,
  options: RunCommandOptions = {},
): Promise<CommandResult | undefined> {
  const { args = [], cwd, env = {}, timeoutMs = 600_000 } = options;
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(command, {
      args: [...args],
      ...(cwd === undefined ? {} : { cwd }),
      env,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    child.kill("SIGKILL");
  }, timeoutMs);
  try {
    const output = await child.output();
    const decoder = new TextDecoder();
    return {
      success: output.success,
      stdout: decoder.decode(output.stdout),
      stderr: decoder.decode(output.stderr),
      timedOut,
    };
  } finally {
    clearTimeout(timer);
  }
}

/** The line of a program's error output that says most, for use inside a message. */
export function lastReason(result: CommandResult): string {
  if (result.timedOut) return "it took too long";
  // deno-lint-ignore no-control-regex -- colour codes are control characters
  const lines = result.stderr.replace(/\x1b\[[0-9;]*m/g, "").split("\n").map((line) => line.trim());
  const backtrace = lines.indexOf("Stack backtrace:");
  const told = (backtrace < 0 ? lines : lines.slice(0, backtrace))
    .filter((line) => line !== "" && !line.startsWith("at "));
  return told.at(-1)?.replace(/^\d+: /, "") ?? "it gave no reason";
}
