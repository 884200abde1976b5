/** What a workload works with: its writers, its tables, and requests that enter the history. */
import type { SeededRandom } from "../../random.ts";
import type { TableName } from "../../rest/catalog.ts";
import type { CommitRequest } from "../../table/metadata.ts";
import { stringifyJson } from "../../table/json.ts";
import { scanTable, type TableView } from "./answer_scan.ts";
import type { IntentRecord, InvokeRecord } from "../history.ts";
import type { RunPlan } from "../plan.ts";
import { PATIENCE_MS } from "./patience.ts";
import type { Base, Draft, RaceTable } from "./race_table.ts";
import { requirementRecords } from "./race_table.ts";
import type { RawAnswer, RawClient } from "./raw_client.ts";
import type { Recorder } from "./recorder.ts";
import type { ProbeSession } from "./session.ts";

/** A client that races. */
export interface Writer {
  /** From 0. */
  readonly number: number;
  /** Its first connection, for everything but what goes to the twin. */
  readonly client: RawClient;
  /** A second connection, for what is sent twice at once. */
  readonly twin: RawClient;
}

/** A request that is ready to be sent. */
export interface Shot {
  /** Where it is posted to: absolute. */
  readonly url: string;
  /** JSON text. */
  readonly body: string;
  /** As the history has it. */
  readonly kind: InvokeRecord["kind"];
  /** What it would do, one for each table; at least one. */
  readonly intents: readonly IntentRecord[];
  /** Sent as `Idempotency-Key` header, a UUID; absent for none. */
  readonly idempotencyKey?: string;
  /** What the one right answer is, where the workload knows; absent where it depends on others. */
  readonly expect?: InvokeRecord["expect"];
}

/** What came of a shot. */
export interface Hit {
  /** Its number in the history. */
  readonly op: number;
  /** Without its text, which would keep every answer in memory. */
  readonly answer: RawAnswer;
  /** The table as the answer shows it; undefined for a refusal, and for an answer without metadata. */
  readonly view: TableView | undefined;
}

/** One run of a workload. */
export interface RunContext {
  /** Number of the run, from 1. */
  readonly run: number;
  /** What the run is to be. */
  readonly plan: RunPlan;
  /** For all dealings with the catalog beside the race. */
  readonly session: ProbeSession;
  /** Takes down each request and answer. */
  readonly recorder: Recorder;
  /** At least one. */
  readonly writers: readonly Writer[];
  /** The probe's one stream of draws: the order of the writers follows from the seed. */
  readonly random: SeededRandom;
  /** Aborted when the probe is to end: no new round begins. */
  readonly signal: AbortSignal;
  /** Aborted when nothing shall be waited for any more. */
  readonly graceSignal: AbortSignal;
  /** Makes a table that the run's record names. */
  makeTable(suffix?: string): Promise<RaceTable>;
  /** Names a table that the writers will make. */
  newTableName(suffix: string): TableName;
  /** Says how far the run has come. */
  progress(done: number): void;
  /** Tells a person something; the run goes on. */
  notice(message: string): void;
}

/** Sends a request and writes down that it was sent and what was answered. */
export async function fire(
  context: RunContext,
  writer: Writer,
  options: Shot & {
    readonly round?: number;
    readonly resendOf?: number;
    /** On the writer's second connection. */
    readonly onTwin?: boolean;
  },
): Promise<Hit> {
  const { recorder } = context;
  const { url, body, idempotencyKey, round, resendOf, expect } = options;
  const key = idempotencyKey === undefined ? {} : { idempotencyKey };
  const op = recorder.invoke(context.run, {
    writer: writer.number,
    ...(round === undefined ? {} : { round }),
    kind: options.kind,
    intents: options.intents,
    ...(idempotencyKey === undefined ? {} : { idempotency_key: idempotencyKey }),
    ...(resendOf === undefined ? {} : { resend_of: resendOf }),
    ...(expect === undefined ? {} : { expect }),
  });
  const client = options.onTwin === true ? writer.twin : writer.client;
  let answer = await client.post(url, { body, ...key });
  const timeUs = recorder.nowUs();
  const view = answer.outcome === "ok" ? scanTable(answer.text) : undefined;
  if (answer.outcome === "ok" && view === undefined && options.kind !== "transaction") {
    const message = `HTTP ${answer.status} without table metadata`;
    answer = { ...answer, outcome: "unknown", message };
  }
  const table = options.intents[0]!.table;
  recorder.complete(op, { answer, timeUs, table, view });
  return { op, answer: { ...answer, text: "" }, view };
}

/** The commit of a draft. */
export function draftShot(context: RunContext, table: RaceTable, draft: Draft): Shot {
  return {
    url: context.session.catalog.paths.table(table.name),
    body: table.bodyOf(draft),
    kind: "commit",
    intents: [draft.intent],
  };
}

/** A commit that adds no snapshot. */
export function changeShot(
  context: RunContext,
  table: RaceTable,
  of: {
    readonly request: CommitRequest;
    readonly columns?: readonly string[];
    readonly properties?: Readonly<Record<string, string>>;
  },
): Shot {
  const { request, columns, properties } = of;
  return {
    url: context.session.catalog.paths.table(table.name),
    body: stringifyJson({ identifier: table.name, ...request }),
    kind: "commit",
    intents: [{
      table: table.id,
      ...(columns === undefined ? {} : { columns }),
      ...(properties === undefined ? {} : { properties }),
      requirements: requirementRecords(request.requirements),
    }],
  };
}

/** A commit to several tables at once. */
export function transactionShot(
  context: RunContext,
  parts: ReadonlyArray<{ readonly table: RaceTable; readonly draft: Draft }>,
): Shot {
  return {
    url: context.session.catalog.paths.transaction(),
    body: stringifyJson({
      "table-changes": parts.map(({ table, draft }) => ({
        identifier: table.name,
        ...draft.request,
      })),
    }),
    kind: "transaction",
    intents: parts.map(({ draft }) => draft.intent),
  };
}

const RELOAD_WAIT_MS = 200;
/** A catalog that asks for more is asked earlier. */
const RELOAD_WAIT_MS_MAX = 5000;

/**
 * Loads a table by a writer's own connection. Troubles that pass are waited for.
 *
 * @returns undefined when it cannot be loaded.
 */
export async function reload(
  context: RunContext,
  table: RaceTable,
  writer: Writer = context.writers[0]!,
): Promise<Base | undefined> {
  const url = `${context.session.catalog.paths.table(table.name)}?snapshots=refs`;
  const deadlineMs = performance.now() + PATIENCE_MS;
  do {
    const answer = await writer.client.get(url);
    const view = answer.outcome === "ok" ? scanTable(answer.text) : undefined;
    if (view !== undefined) return table.baseOf(view);
    if (answer.outcome === "fail" && answer.status !== null && answer.status !== 429) break;
    const waitMs = Math.min(answer.retryAfterMs ?? RELOAD_WAIT_MS, RELOAD_WAIT_MS_MAX);
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  } while (performance.now() < deadlineMs && !context.signal.aborted);
  return undefined;
}

/** The writers in a new order: whoever is asked first tends to win. */
export function shuffled<T>(items: readonly T[], random: SeededRandom): T[] {
  const order = [...items];
  for (let at = order.length - 1; at > 0; at--) {
    const other = random.below(at + 1);
    [order[at], order[other]] = [order[other]!, order[at]!];
  }
  return order;
}
