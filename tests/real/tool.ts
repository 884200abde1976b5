/** The tool as a user runs it: from source, or the executable that `LAKEKEEPER_INGEST_BIN` names. */
import { PROJECT_ROOT } from "./parts/cache.ts";
import { answers, freePort, runCommand, type Server, startServer } from "./parts/child.ts";

/** What `--json` prints last, its names in camelCase. */
export interface Summary {
  readonly type: "summary";
  readonly rowsRead: number;
  readonly rowsCommitted: number;
  readonly chunksCommitted: number;
  readonly chunksFailed: number;
  readonly chunksUnknown: number;
  /** Commit answers by HTTP status. */
  readonly commitStatus: Readonly<Record<string, number>>;
  readonly retries: number;
  readonly table: string;
  readonly snapshotId: string | null;
  readonly elapsedMs: number;
  readonly peakRssBytes: number;
}

/** A run of the tool. */
export interface ToolRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Settings of the person who runs the tests that must not reach the tool. */
const FOREIGN_VARIABLE =
  /^(AWS_|LAKEKEEPER_INGEST_|PYICEBERG_)|^(CATALOG_URL|CATALOG_NAME|CATALOG_TOKEN|WAREHOUSE|NAMESPACE|TABLE_NAME)$/;

/** Command and first arguments of the tool. */
export function toolWords(): string[] {
  const executable = Deno.env.get("LAKEKEEPER_INGEST_BIN") ?? "";
  if (executable !== "") return [executable];
  const config = `--config=${PROJECT_ROOT}deno.json`;
  return [Deno.execPath(), "run", "-A", "--quiet", config, `${PROJECT_ROOT}main.ts`];
}

/** The environment of this process, without settings of the tool and of S3, and with others. */
export function toolEnvironment(more: Readonly<Record<string, string>> = {}) {
  const kept = Object.entries(Deno.env.toObject()).filter(([name]) => !FOREIGN_VARIABLE.test(name));
  return {
    ...Object.fromEntries(kept),
    AWS_EC2_METADATA_DISABLED: "true",
    XDG_CONFIG_HOME: "/nonexistent",
    ...more,
  };
}

/** Runs the tool to its end in a folder. */
export async function runTool(
  args: readonly string[],
  options: { readonly cwd: string; readonly env?: Readonly<Record<string, string>> },
): Promise<ToolRun> {
  const [command, ...first] = toolWords();
  return await runCommand(command!, [...first, ...args], {
    cwd: options.cwd,
    env: toolEnvironment(options.env),
    clearEnv: true,
    runMsMax: 120_000,
  });
}

/**
 * The summary of a run with `--json`.
 *
 * @throws {Error} when a line is no JSON object, or the last one is no summary.
 */
export function summaryOf(run: ToolRun): Summary {
  const shown = `\nexit code ${run.code}\n${run.stdout.slice(-2_000)}\n${run.stderr.slice(-2_000)}`;
  const lines = run.stdout.trimEnd().split("\n");
  let last: Record<string, unknown> = {};
  for (const line of lines) {
    try {
      last = JSON.parse(line);
    } catch (error) {
      throw new Error(`Cannot parse "${line.slice(0, 200)}": no JSON${shown}`, { cause: error });
    }
  }
  if (last["type"] !== "summary") {
    throw new Error(`Cannot find the summary: the last line is of another type${shown}`);
  }
  const camelCase = (name: string) =>
    name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
  return Object.fromEntries(
    Object.entries(last).map(([name, value]) => [camelCase(name), value]),
  ) as unknown as Summary;
}

/** A running `lakekeeper-ingest serve`. */
export interface ServeRun extends Server {
  readonly uri: string;
  readonly warehouse: string;
  /** Folder of the warehouse. */
  readonly directory: string;
}

/**
 * Starts the embedded catalog as a server on a free port, with an empty warehouse.
 *
 * @param flags more flags of `serve`.
 * @param options.directory where the warehouse goes, and stays. Default: a temporary folder, which is
 * removed when the server is stopped.
 */
export async function startServe(
  flags: readonly string[] = [],
  options: { readonly directory?: string } = {},
): Promise<ServeRun> {
  const directory = options.directory ??
    await Deno.makeTempDir({ prefix: "lakekeeper-ingest-serve-" });
  const warehouse = "demo";
  const address = `127.0.0.1:${freePort()}`;
  const uri = `http://${address}/catalog`;
  const [command, ...first] = toolWords();
  const named = `${warehouse}=${directory}/warehouse`;
  const server = await startServer({
    name: "serve",
    command: command!,
    args: [...first, "serve", "--listen", address, "--warehouse", named, ...flags],
    env: toolEnvironment(),
    cwd: directory,
    logDirectory: directory,
    isReady: () => answers(`${uri}/v1/config?warehouse=${warehouse}`),
  });
  return {
    ...server,
    uri,
    warehouse,
    directory: `${directory}/warehouse`,
    stop: async () => {
      await server.stop();
      if (options.directory === undefined) {
        await Deno.remove(directory, { recursive: true }).catch(() => {});
      }
    },
  };
}
