/** Runs of whole processes, with what they cost: time, processor time and peak memory. */
import { mustRun } from "../tests/real/parts/child.ts";
import { toolEnvironment } from "../tests/real/tool.ts";
import { peerScript } from "./peers.ts";

/** What a process cost, and what it said. */
export interface Measured {
  readonly code: number;
  /** From before its start to after its end. */
  readonly elapsedS: number;
  readonly userS: number;
  readonly systemS: number;
  /** Highest resident memory, its children's included. */
  readonly peakBytes: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Options of {@linkcode runMeasured}. */
export interface MeasuredOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
}

const RUN_MS_MAX = 600_000;

/**
 * Runs a command and measures it. What others have left to be written to the disk is written first,
 * so that nobody pays for his predecessor. Does not judge the exit code.
 *
 * @throws {Error} when it cannot be started or does not end.
 */
export async function runMeasured(
  command: readonly string[],
  options: MeasuredOptions,
): Promise<Measured> {
  await mustRun("sync", []);
  const folder = await Deno.makeTempDir({ prefix: "lakekeeper-ingest-measured-" });
  const [result, stdout, stderr] = ["result", "stdout", "stderr"].map((name) =>
    `${folder}/${name}`
  );
  try {
    await mustRun(
      "python3",
      [peerScript("measured_run.py"), result!, stdout!, stderr!, ...command],
      {
        cwd: options.cwd,
        env: toolEnvironment(options.env),
        clearEnv: true,
        runMsMax: RUN_MS_MAX,
      },
    );
    return {
      ...JSON.parse(await Deno.readTextFile(result!)),
      stdout: await Deno.readTextFile(stdout!),
      stderr: await Deno.readTextFile(stderr!),
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/**
 * The same for a command that has to succeed.
 *
 * @throws {Error} with the end of what it said.
 */
export async function mustRunMeasured(
  command: readonly string[],
  options: MeasuredOptions,
): Promise<Measured> {
  const measured = await runMeasured(command, options);
  if (measured.code !== 0) {
    const said = `${measured.stdout}${measured.stderr}`.slice(-2000);
    throw new Error(
      `Cannot run "${command.join(" ").slice(0, 300)}": exit code ${measured.code}\n${said}`,
    );
  }
  return measured;
}
