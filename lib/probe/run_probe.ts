/**
 * A probe from the first connection to the last table dropped: runs the planned races, reads what is
 * there afterwards, and gives the history. Judging it is the checker's work.
 */
// deno-lint-ignore-file camelcase -- records are named as the history has them
import { ToolError } from "../errors.ts";
import { SeededRandom } from "../random.ts";
import { connectCatalog, formatTableName, type TableName } from "../rest/catalog.ts";
import { headerProperties } from "../rest/header_properties.ts";
import type { HttpSend } from "../rest/http.ts";
import type { EmitProbe } from "./events.ts";
import { readFinally } from "./race/final_read.ts";
import {
  type HeaderRecord,
  HISTORY_FORMAT,
  HISTORY_VERSION,
  type HistoryRecord,
  type RunRecord,
  type Workload,
} from "./history.ts";
import type { RunPlan } from "./plan.ts";
import { PATIENCE_MS } from "./race/patience.ts";
import type { RaceTable } from "./race/race_table.ts";
import { RawClient } from "./race/raw_client.ts";
import { Recorder } from "./race/recorder.ts";
import type { RunContext, Writer } from "./race/run_context.ts";
import { ProbeSession } from "./race/session.ts";
import { runAppend } from "./race/workloads/append.ts";
import { runCreate } from "./race/workloads/create.ts";
import { runFirstCommit } from "./race/workloads/first_commit.ts";
import { lacksIdempotency, runIdempotency } from "./race/workloads/idempotency.ts";
import { lacksTransactions, runMultiTable } from "./race/workloads/multi_table.ts";
import { runProperties } from "./race/workloads/properties.ts";
import { runSchema } from "./race/workloads/schema.ts";
import { runStale } from "./race/workloads/stale.ts";

/** What a probe is told. */
export interface ProbeOptions {
  /** The catalog to be probed, and how it is reached. */
  readonly catalog: {
    /** Its name in messages. */
    readonly name: string;
    readonly uri: string;
    readonly warehouse: string;
    readonly token: string;
    readonly properties: Readonly<Record<string, string>>;
  };
  /** Where the tables are made, by level; made when missing, and then dropped at the end. */
  readonly namespace: readonly string[];
  /** The runs, in this order. */
  readonly plans: readonly RunPlan[];
  /** Leaves the tables and their files. */
  readonly keep: boolean;
  /** Decides the order in which the writers of a round are sent off. */
  readonly seed: number;
  /** Command line that made it, without secrets. */
  readonly command: string;
  /** What the header of the history says of this program. */
  readonly tool: HeaderRecord["tool"];
  /** Value of the writers' `User-Agent` header. */
  readonly userAgent: string;
  /** For everything but the race itself. */
  readonly http: HttpSend;
  /** Until an answer of the race is read whole, in ms. @default {60000} */
  readonly requestTimeoutMs?: number;
  /** Aborted when the probe is to end early: no new round begins. */
  readonly signal: AbortSignal;
  /** Aborted when requests that are under way shall not be waited for any more. */
  readonly graceSignal: AbortSignal;
  /** Is given the records of each run when it is over, so that a probe that is killed leaves them. */
  readonly onRecords?: (records: readonly HistoryRecord[]) => Promise<void>;
}

interface WorkloadDefinition {
  /** Why the catalog cannot be asked; undefined when it can. */
  readonly lacks?: (context: RunContext) => string | undefined | Promise<string | undefined>;
  readonly run: (context: RunContext) => Promise<void>;
}

const DEFINITIONS: Readonly<Record<Workload, WorkloadDefinition>> = {
  append: { run: runAppend },
  "first-commit": { run: runFirstCommit },
  create: { run: runCreate },
  schema: { run: runSchema },
  "multi-table": { lacks: lacksTransactions, run: runMultiTable },
  idempotency: { lacks: lacksIdempotency, run: runIdempotency },
  properties: { run: runProperties },
  stale: { run: runStale },
};

/**
 * Runs a probe.
 *
 * @returns its history, with an end unless it was cut.
 * @throws {CatalogError | AuthError | StorageError} when not even the first race could be run.
 */
export async function runProbe(
  options: ProbeOptions,
  emit: EmitProbe,
): Promise<readonly HistoryRecord[]> {
  const { catalog: target, namespace, plans, http } = options;
  const recorder = new Recorder();
  const onNotice = (message: string) => emit({ type: "notice", message });
  emit({
    type: "start",
    catalog: target.name,
    uri: target.uri,
    warehouse: target.warehouse,
    namespace: namespace.join("."),
    runs: plans.length,
    seed: options.seed,
  });
  const catalog = await connectCatalog({ ...target, http });
  recorder.add({
    type: "header",
    format: HISTORY_FORMAT,
    version: HISTORY_VERSION,
    started: recorder.started.toISOString(),
    tool: options.tool,
    catalog: {
      uri: target.uri,
      warehouse: target.warehouse,
      server: await serverOf(options),
      endpoints: catalog.config.endpoints === undefined ? null : [...catalog.config.endpoints],
      idempotency_key_lifetime: catalog.config.idempotencyKeyLifetime ?? null,
    },
    namespace: namespace.join("."),
    seed: options.seed,
    command: options.command,
  });
  const session = new ProbeSession({ catalog, namespace, onNotice });
  const random = new SeededRandom(options.seed);
  let given = 0;
  const giveRecords = async () => {
    const records = recorder.records.slice(given);
    given = recorder.records.length;
    await options.onRecords?.(records);
  };
  try {
    await session.ensureNamespace();
    for (const [index, plan] of plans.entries()) {
      if (options.signal.aborted) break;
      const run = new Run({ number: index + 1, plan, options, session, recorder, random, emit });
      await run.race();
      await giveRecords();
    }
  } finally {
    await session.end({ keep: options.keep });
  }
  recorder.add({
    type: "end",
    time_us: recorder.nowUs(),
    records: recorder.records.length,
  });
  await giveRecords();
  return recorder.records;
}

/** Progress is told at most so often. */
const PROGRESS_INTERVAL_MS = 200;

/** What a run is made of. */
interface RunParts {
  readonly number: number;
  readonly plan: RunPlan;
  readonly options: ProbeOptions;
  readonly session: ProbeSession;
  readonly recorder: Recorder;
  readonly random: SeededRandom;
  readonly emit: EmitProbe;
}

/** One run: its writers, its tables, its record. */
class Run {
  readonly #of: RunParts;
  readonly #tables = new Map<string, { readonly name: TableName; opened: RaceTable | undefined }>();
  #progressMs = 0;

  constructor(of: RunParts) {
    this.#of = of;
  }

  /** @throws {ToolError} when the first of all runs cannot even begin. */
  async race(): Promise<void> {
    const { number: run, plan, recorder, emit, options } = this.#of;
    const startedMs = performance.now();
    const recordsBefore = recorder.records.length;
    const { workload, writers: writerCount, mode, commits } = plan;
    emit({ type: "run_start", run, workload, writers: writerCount, mode, commits });
    const writers = this.#makeWriters();
    const stopWaiting = () => void closeAll(writers);
    options.graceSignal.addEventListener("abort", stopWaiting, { once: true });
    let notOffered: string | undefined;
    try {
      await this.#connect(writers);
      const context = this.#context(writers);
      const definition = DEFINITIONS[workload];
      notOffered = await definition.lacks?.(context);
      const record = this.#addRecord(notOffered);
      if (notOffered === undefined) await this.#runToTheEnd(definition, { context, record });
    } finally {
      options.graceSignal.removeEventListener("abort", stopWaiting);
      await closeAll(writers);
    }
    await this.#readFinally();
    const completes = recorder.records.slice(recordsBefore)
      .filter((record) => record.type === "complete");
    emit({
      type: "run_end",
      run,
      attempts: completes.length,
      acknowledged: completes.filter(({ outcome }) => outcome === "ok").length,
      ...(notOffered === undefined ? {} : { notOffered }),
      elapsedMs: performance.now() - startedMs,
    });
  }

  async #runToTheEnd(
    definition: WorkloadDefinition,
    of: { readonly context: RunContext; readonly record: RunRecord },
  ): Promise<void> {
    const { recorder, emit, number: run, plan } = this.#of;
    const { context, record } = of;
    try {
      await definition.run(context);
    } catch (error) {
      // With nothing raced there is nothing to judge, and the reason is the whole result.
      const isExpected = error instanceof ToolError || error instanceof RangeError;
      if (!isExpected || recorder.lastOp === 0) throw error;
      emit({
        type: "notice",
        message: `Run ${run} (${plan.workload}, ${plan.writers} writers) ended early: ` +
          error.message,
      });
    } finally {
      (record.tables as string[]).push(
        ...[...this.#tables.values()].map(({ name }) => formatTableName(name)),
      );
    }
  }

  /** The record stands before the operations; its tables are named when the run has made them. */
  #addRecord(notOffered: string | undefined): RunRecord {
    const { number, plan, recorder } = this.#of;
    const record: RunRecord = {
      type: "run",
      run: number,
      workload: plan.workload,
      writers: plan.writers,
      mode: plan.mode,
      commits: plan.commits,
      with_data: plan.withData,
      tables: [],
      ...(notOffered === undefined ? {} : { not_offered: notOffered }),
      time_us: recorder.nowUs(),
    };
    recorder.add(record);
    return record;
  }

  async #readFinally(): Promise<void> {
    const { number: run, recorder, session, options } = this.#of;
    let patienceMs = PATIENCE_MS;
    for (const { name, opened } of this.#tables.values()) {
      const found = await readFinally({
        catalog: session.catalog,
        name,
        opened,
        run,
        nowUs: () => recorder.nowUs(),
        patienceMs,
        signal: options.graceSignal,
      });
      recorder.add(found);
      opened?.forgetDrafts();
      // A catalog that is gone is waited for once, and not for each table.
      if (found.error !== undefined) patienceMs = 0;
    }
  }

  /** The first round shall not be a race of handshakes. */
  async #connect(writers: readonly Writer[]): Promise<void> {
    const { catalog, namespace } = this.#of.session;
    const url = catalog.paths.namespace(namespace);
    await Promise.all(writers.map(({ client }) => client.get(url)));
  }

  #makeWriters(): Writer[] {
    const { plan, session, options } = this.#of;
    const client = () =>
      new RawClient({
        url: session.catalog.paths.namespaces(),
        token: options.catalog.token,
        userAgent: options.userAgent,
        headers: headerProperties(options.catalog.properties),
        ...(options.requestTimeoutMs === undefined ? {} : { timeoutMs: options.requestTimeoutMs }),
      });
    return Array.from({ length: plan.writers }, (_, number) => ({
      number,
      client: client(),
      twin: client(),
    }));
  }

  #context(writers: readonly Writer[]): RunContext {
    const { number: run, plan, session, recorder, random, emit, options } = this.#of;
    const suffix = (text: string | undefined) => `r${run}${text === undefined ? "" : `_${text}`}`;
    const total = plan.mode === "free" ? plan.commits * plan.writers : plan.commits;
    return {
      run,
      plan,
      session,
      recorder,
      writers,
      random,
      signal: options.signal,
      graceSignal: options.graceSignal,
      makeTable: async (text) => {
        const opened = await session.makeTable(suffix(text));
        this.#tables.set(opened.id, { name: opened.name, opened });
        return opened;
      },
      newTableName: (text) => {
        const name = session.newName(suffix(text));
        this.#tables.set(formatTableName(name), { name, opened: undefined });
        return name;
      },
      progress: (done) => {
        const nowMs = performance.now();
        if (nowMs - this.#progressMs < PROGRESS_INTERVAL_MS) return;
        this.#progressMs = nowMs;
        emit({ type: "progress", run, done, total });
      },
      notice: (message) => emit({ type: "notice", message }),
    };
  }
}

async function closeAll(writers: readonly Writer[]): Promise<void> {
  await Promise.all(writers.flatMap(({ client, twin }) => [client.close(), twin.close()]));
}

/** What the catalog calls itself, if it does. */
async function serverOf(options: ProbeOptions): Promise<string | null> {
  const { uri, warehouse, token } = options.catalog;
  const url = `${uri.replace(/\/+$/, "")}/v1/config?warehouse=${encodeURIComponent(warehouse)}`;
  const headers = headerProperties(options.catalog.properties);
  const client = new RawClient({ url, token, userAgent: options.userAgent, headers });
  try {
    return (await client.get(url)).server ?? null;
  } finally {
    await client.close();
  }
}
