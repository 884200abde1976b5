/** One run of the tool on one input: in this process by `runLoad`, or as a process of its own. */
import type { CommitMode, LoadEvent } from "../../lib/load/events.ts";
import { runLoad } from "../../lib/load/run.ts";
import { Stop } from "../../lib/load/stop.ts";
import { createHttp } from "../../lib/rest/http.ts";
import { formatPrimitiveType } from "../../lib/table/types.ts";
import { toolEnvironment, toolWords } from "../real/tool.ts";
import { COLUMN_TYPES, NULL_TEXT } from "./rows.ts";
import type { ChaosSite } from "./site.ts";

/** Every way to commit. */
export const MODES = ["per-chunk", "grouped", "once"] as const satisfies readonly CommitMode[];

/** What one run is given. */
export interface AttemptPlan {
  readonly csv: Uint8Array<ArrayBuffer>;
  /** `namespace.name` */
  readonly table: string;
  readonly loadId: string;
  readonly mode: CommitMode;
  readonly workers: number;
  readonly chunkSize: number;
  readonly commitTimeoutMs: number;
  /**
   * The run is asked to end after this many requests, as by SIGTERM; a process of its own, whose
   * requests are not seen here, after 30 times as many ms.
   */
  readonly stopAfterRequests?: number;
}

/** Where a run finds catalog and store: by way of the proxies. */
export interface AttemptAccess {
  readonly uri: string;
  readonly warehouse: string;
  readonly properties: Readonly<Record<string, string>>;
}

/** What a run said. */
export interface AttemptResult {
  readonly exitCode: number;
  /** Rows that it says are in the table, by itself or another run of the load. */
  readonly rowsClaimed: number;
  /** Rows of chunks of which it says that it does not know. */
  readonly rowsUnknown: number;
  /** What went wrong, in its words. */
  readonly complaints: readonly string[];
}

/** The access to a site by way of proxies. */
export function accessBy(
  site: Pick<ChaosSite, "uri" | "warehouse" | "properties">,
  proxies: { readonly catalog: string; readonly store: string | undefined },
): AttemptAccess {
  return {
    uri: `${proxies.catalog}${new URL(site.uri).pathname.replace(/\/$/, "")}`,
    warehouse: site.warehouse,
    properties: {
      ...site.properties,
      ...(proxies.store === undefined ? {} : { "s3.endpoint": proxies.store }),
    },
  };
}

const INPUT_NAME = "chaos.csv";

/** Runs a load in this process. */
export async function runHere(plan: AttemptPlan, access: AttemptAccess): Promise<AttemptResult> {
  const said = new Sayings();
  const stop = new Stop();
  let requests = 0;
  const emit = (event: LoadEvent) => {
    if (event.type === "http" && ++requests === plan.stopAfterRequests) stop.request();
    said.add(plainEvent(event));
  };
  const [namespace, name] = plan.table.split(".");
  const summary = await runLoad({
    source: {
      name: INPUT_NAME,
      sizeBytes: plan.csv.length,
      async *open() {
        // Blocks of an odd size, so that records cross them.
        for (let at = 0; at < plan.csv.length; at += BLOCK_BYTES) {
          yield await Promise.resolve(plan.csv.slice(at, at + BLOCK_BYTES));
        }
      },
    },
    dialect: { delimiter: ",", nullValues: [NULL_TEXT], hasHeader: true },
    catalog: { ...access, name: "chaos", token: "dummy" },
    table: { namespace: [namespace!], name: name! },
    createTable: true,
    workers: plan.workers,
    chunkSize: plan.chunkSize,
    targetFileSizeBytes: 128 * 2 ** 20,
    parquet: {},
    commitMode: plan.mode,
    inferRows: 1000,
    columnTypes: COLUMN_TYPES,
    commitRetries: undefined,
    commitTimeoutMs: plan.commitTimeoutMs,
    loadId: plan.loadId,
    mayResume: true,
    http: createHttp({ userAgent: "chaos/1", onEvent: emit }),
    stop,
    peakRssBytes: () => 1,
  }, emit);
  return said.result(summary.exitCode);
}

const BLOCK_BYTES = 4093;

/** The arguments of a run as a process; the input is the file at `path`. */
export function toolArguments(
  path: string,
  plan: Omit<AttemptPlan, "csv">,
  access: AttemptAccess,
): string[] {
  return [
    ...["ingest", path, "--json", "--uri", access.uri, "--warehouse", access.warehouse],
    ...["--table", plan.table, "--load-id", plan.loadId, "--commit", plan.mode],
    ...["--workers", String(plan.workers), "--chunk-size", String(plan.chunkSize)],
    ...["--commit-timeout", `${plan.commitTimeoutMs}ms`, "--null-value", NULL_TEXT],
    ...[...COLUMN_TYPES].flatMap(([name, type]) => [
      "--column",
      `${name}:${formatPrimitiveType(type)}`,
    ]),
    ...Object.entries(access.properties).flatMap(([key, value]) => [
      "--property",
      `${key}=${value}`,
    ]),
  ];
}

/** A run as a process. */
export interface ToolProcess {
  /** Ends it at once, as if its machine had failed. */
  kill(): void;
  /** Asks it to end. */
  stop(): void;
  /** What it has said so far. */
  readonly said: Sayings;
  /** Resolves when it has ended: its exit code, and whether it was killed. */
  readonly ended: Promise<{ readonly exitCode: number; readonly killed: boolean }>;
}

/** Starts the tool; each event is told to `onEvent` as its line comes. */
export function startTool(
  args: readonly string[],
  onEvent: (event: PlainEvent) => void = () => {},
): ToolProcess {
  const [command, ...first] = toolWords();
  const child = new Deno.Command(command!, {
    args: [...first, ...args],
    env: toolEnvironment(),
    clearEnv: true,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const said = new Sayings();
  let killed = false;
  const signal = (name: Deno.Signal) => {
    try {
      child.kill(name);
    } catch {
      // It has ended already.
    }
  };
  const reading = (async () => {
    let rest = "";
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = `${rest}${text}`.split("\n");
      rest = lines.pop()!;
      for (const line of lines) {
        const event = JSON.parse(line) as PlainEvent;
        said.add(event);
        onEvent(event);
      }
    }
  })();
  const complaining = (async () => {
    for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) said.complain(text);
  })();
  return {
    said,
    kill() {
      killed = true;
      signal("SIGKILL");
    },
    stop: () => signal("SIGTERM"),
    ended: (async () => {
      const [status] = await Promise.all([child.status, reading, complaining]);
      return { exitCode: status.code, killed: killed && status.signal === "SIGKILL" };
    })(),
  };
}

/** Runs a load as a process, to its end. */
export async function runAsProcess(
  plan: AttemptPlan,
  access: AttemptAccess,
): Promise<AttemptResult> {
  const directory = await Deno.makeTempDir({ prefix: "lakekeeper-ingest-chaos-input-" });
  try {
    const path = `${directory}/${INPUT_NAME}`;
    await Deno.writeFile(path, plan.csv);
    const tool = startTool(toolArguments(path, plan, access));
    const timers = [setTimeout(() => tool.kill(), PROCESS_MS_MAX)];
    if (plan.stopAfterRequests !== undefined) {
      timers.push(setTimeout(() => tool.stop(), plan.stopAfterRequests * 30));
    }
    const { exitCode } = await tool.ended;
    timers.forEach((timer) => clearTimeout(timer));
    return tool.said.result(exitCode);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const PROCESS_MS_MAX = 120_000;

/** An event as its JSON line has it. */
export type PlainEvent = Readonly<Record<string, unknown>>;

/** Names as `--json` writes them. */
function plainEvent(event: LoadEvent): PlainEvent {
  return Object.fromEntries(
    Object.entries(event).map(([name, value]) => [
      name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      value,
    ]),
  );
}

/** Counts what the events of a run claim. */
export class Sayings {
  /** Ends of chunks in the order in which they came. */
  readonly chunks: PlainEvent[] = [];
  #rowsClaimed = 0;
  #rowsUnknown = 0;
  readonly #complaints: string[] = [];

  /** Adds an event. */
  add(event: PlainEvent): void {
    const rows = Number(event["rows"] ?? 0);
    if (event["type"] === "chunk") {
      this.chunks.push(event);
      if (event["state"] === "committed" || event["state"] === "recorded") {
        this.#rowsClaimed += rows;
      } else {
        if (event["state"] === "unknown") this.#rowsUnknown += rows;
        this.complain(`chunk ${event["chunk"]} ${event["state"]}: ${event["reason"]}`);
      }
    }
    if (event["type"] === "lost") {
      this.#rowsClaimed -= rows;
      this.complain(`acknowledged, then lost: ${rows} rows`);
    }
    if (event["type"] === "error") this.complain(String(event["message"]));
  }

  /** Adds a text. */
  complain(text: string): void {
    if (this.#complaints.length < COMPLAINTS_MAX) this.#complaints.push(text.trim());
  }

  /** Rows of chunks that were said to be in the table. */
  get rowsClaimed(): number {
    return this.#rowsClaimed;
  }

  /** What the run came to. */
  result(exitCode: number): AttemptResult {
    return {
      exitCode,
      rowsClaimed: this.#rowsClaimed,
      rowsUnknown: this.#rowsUnknown,
      complaints: this.#complaints,
    };
  }
}

const COMPLAINTS_MAX = 12;
