/** Histories made by hand: a few lines say who did what and what was found, the rest is filled in. */
// deno-lint-ignore-file camelcase -- fields are named as the history has them
import type {
  AnswerRecord,
  CompleteRecord,
  FinalRecord,
  HistoryRecord,
  IntentRecord,
  InvokeRecord,
  RunRecord,
  SnapshotRecord,
  Workload,
} from "../../lib/probe/history.ts";
import { HISTORY_FORMAT, HISTORY_VERSION } from "../../lib/probe/history.ts";
import { checkHistory } from "../../lib/probe/check/checker.ts";
import type { Verdict } from "../../lib/probe/verdict.ts";

export const TABLE = "ns.t";

/** A commit that was sent. */
export interface Sent {
  readonly op: number;
  /** Its snapshot, 1000 more than its operation. */
  readonly id: string;
  readonly intents: readonly IntentRecord[];
}

/** What was sent and what came back. Left out: writer 0, status 200, no overlap with others. */
export interface SendOptions {
  readonly writer?: number;
  readonly round?: number;
  /** Asserted and stated; null for the first snapshot. */
  readonly on?: Sent | null;
  /** 200 by default; null for no answer. */
  readonly status?: number | null;
  readonly error_type?: string;
  readonly outcome?: CompleteRecord["outcome"];
  /** The answer never came, nor the end of waiting. */
  readonly open?: boolean;
  readonly resendOf?: Sent;
  readonly key?: string;
  readonly expect?: InvokeRecord["expect"];
  readonly kind?: InvokeRecord["kind"];
  readonly intents?: readonly IntentRecord[];
  readonly answer?: Partial<AnswerRecord>;
  /** Times of request and answer, in µs; by default requests of a round overlap. */
  readonly from?: number;
  readonly to?: number;
}

/** A history under construction. */
export class Handmade {
  readonly records: HistoryRecord[] = [{
    type: "header",
    format: HISTORY_FORMAT,
    version: HISTORY_VERSION,
    started: "2026-01-02T03:04:05Z",
    tool: { version: "0.1.0", runtime: "deno", target: "x86_64-unknown-linux-gnu" },
    catalog: {
      uri: "http://127.0.0.1:1/catalog",
      warehouse: "demo",
      server: null,
      endpoints: null,
      idempotency_key_lifetime: null,
    },
    namespace: "ns",
    seed: 1,
    command: "probe",
  }];
  readonly #sent: Sent[] = [];
  #op = 0;
  #run = 0;

  constructor(workload: Workload = "append", run: Partial<RunRecord> = {}) {
    this.run(workload, run);
  }

  /** Begins a run. */
  run(workload: Workload, run: Partial<RunRecord> = {}): this {
    this.records.push({
      type: "run",
      run: ++this.#run,
      workload,
      writers: 2,
      mode: "rounds",
      commits: 1,
      with_data: false,
      tables: [TABLE],
      time_us: 0,
      ...run,
    });
    return this;
  }

  /** An append, unless the intents say otherwise. */
  send(options: SendOptions = {}): Sent {
    const op = ++this.#op;
    const { writer = 0, round = 0, on = null, status = 200, resendOf } = options;
    const sent: Sent = resendOf === undefined
      ? { op, id: String(1000 + op), intents: options.intents ?? [appendOf(op, { on })] }
      : { op, id: resendOf.id, intents: resendOf.intents };
    this.#sent.push(sent);
    const from = options.from ?? round * 1000 + op;
    this.records.push({
      type: "invoke",
      run: this.#run,
      op,
      time_us: from,
      writer,
      round,
      kind: options.kind ?? "commit",
      intents: sent.intents,
      ...(options.key === undefined ? {} : { idempotency_key: options.key }),
      ...(resendOf === undefined ? {} : { resend_of: resendOf.op }),
      ...(options.expect === undefined ? {} : { expect: options.expect }),
    });
    if (options.open === true) return sent;
    const outcome = options.outcome ??
      (status === null || status >= 500 ? "unknown" : status < 300 ? "ok" : "fail");
    this.records.push({
      type: "complete",
      op,
      time_us: options.to ?? round * 1000 + 900 + op,
      outcome,
      status,
      ...(options.error_type === undefined ? {} : { error_type: options.error_type }),
      ...(options.answer === undefined ? {} : {
        answer: {
          table: sent.intents[0]!.table,
          table_uuid: "u",
          head: sent.id,
          head_parent: on?.id ?? null,
          last_sequence_number: 1,
          metadata_location: null,
          ...options.answer,
        },
      }),
    });
    return sent;
  }

  /** The final read: a chain, the first snapshot first, each on the one before. */
  final(chain: readonly Sent[], more: Partial<FinalRecord> = {}): this {
    const table = more.table ?? TABLE;
    const intents = chain.map(({ intents }) => intents.find((intent) => intent.table === table)!);
    const snapshots = snapshotsOf(intents);
    const files = intents.flatMap((intent, at) =>
      (intent.files ?? []).map(({ path, rows }) => ({
        path,
        rows,
        snapshot_id: intent.snapshot_id!,
        sequence_number: at + 1,
      }))
    );
    this.records.push({
      type: "final",
      run: this.#run,
      time_us: 1_000_000,
      table,
      table_uuid: "u",
      head: snapshots.at(-1)?.snapshot_id ?? null,
      last_sequence_number: snapshots.length,
      snapshots,
      history_complete: true,
      snapshot_log: snapshots.map(({ snapshot_id, timestamp_ms }) => ({
        snapshot_id,
        timestamp_ms,
      })),
      refs: snapshots.length === 0 ? {} : { main: snapshots.at(-1)!.snapshot_id },
      columns: [{ id: 1, name: "id" }],
      properties: {},
      files,
      rows_counted: (more.files ?? files).reduce((sum, { rows }) => sum + rows, 0),
      ...more,
    });
    return this;
  }

  /** Ends the history and judges it; one conflict is enough unless told. */
  judge(options: { readonly minConflicts?: number } = { minConflicts: 1 }): Verdict {
    return checkHistory(this.end(), options);
  }

  /** All records, with the last line. */
  end(): readonly HistoryRecord[] {
    return [...this.records, { type: "end", time_us: 2_000_000, records: this.records.length }];
  }
}

/** An append of one file of one row. */
export function appendOf(
  op: number,
  { on = null, table = TABLE, schema }: {
    readonly on?: { readonly id: string } | null;
    readonly table?: string;
    readonly schema?: number;
  } = {},
): IntentRecord {
  const id = String(1000 + op);
  const parent = on?.id ?? null;
  return {
    table,
    snapshot_id: id,
    parent_snapshot_id: parent,
    manifest_list: `${table}/${id}.avro`,
    files: [{ path: `${table}/${id}.parquet`, rows: 1 }],
    requirements: [
      { type: "assert-table-uuid", uuid: "u" },
      { type: "assert-ref-snapshot-id", ref: "main", "snapshot-id": parent },
      ...(schema === undefined
        ? []
        : [{ type: "assert-current-schema-id", "current-schema-id": schema }]),
    ],
  };
}

/** Snapshots of a chain. */
export function snapshotsOf(intents: readonly IntentRecord[]): SnapshotRecord[] {
  let rows = 0;
  let files = 0;
  return intents.map((intent, at) => {
    files += intent.files?.length ?? 0;
    rows += (intent.files ?? []).reduce((sum, file) => sum + file.rows, 0);
    return {
      snapshot_id: intent.snapshot_id!,
      parent_snapshot_id: intents[at - 1]?.snapshot_id ?? null,
      sequence_number: at + 1,
      timestamp_ms: 1_700_000_000_000 + at,
      manifest_list: intent.manifest_list!,
      schema_id: 0,
      summary: { "total-data-files": String(files), "total-records": String(rows) },
    };
  });
}

/** The violations' kinds with their operations, such as `lost 2 3`. */
export function found({ violations }: Verdict): string[] {
  return violations.map(({ kind, ops }) => [kind, ...ops].join(" "));
}

/** Two rounds of two writers; the first of each round wins. */
export function twoRounds() {
  const history = new Handmade();
  const a = history.send();
  const b = history.send({ writer: 1, status: 409 });
  const c = history.send({ round: 1, on: a });
  const d = history.send({ round: 1, writer: 1, on: a, status: 409 });
  return { history, a, b, c, d };
}
