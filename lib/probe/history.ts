/**
 * The history of a probe: what each writer asked and was answered, and what was found in the end.
 * Plain data, one JSON object a line (`history.jsonl`). The checker, the numbers and the report all
 * read this and nothing else, so that a history can be judged again later and elsewhere.
 *
 * Versioned: within version 1 fields and record types may be added, and readers skip record types
 * that they do not know. 64-bit ids are decimal strings. Times are microseconds since the probe began.
 */
// deno-lint-ignore-file camelcase -- fields are named as the file has them

/** Names the format in the header. */
export const HISTORY_FORMAT = "lakekeeper-ingest/history";
/** Version of the format that this code writes, and the newest that it reads. */
export const HISTORY_VERSION = 1;

/** Races that a probe can run. */
export const WORKLOADS = [
  "append",
  "first-commit",
  "create",
  "schema",
  "multi-table",
  "idempotency",
  "properties",
  "stale",
] as const;
/** A race that a probe can run. */
export type Workload = (typeof WORKLOADS)[number];

/** First line: what was probed, by what. */
export interface HeaderRecord {
  /** Tells the record types apart, here and below. */
  readonly type: "header";
  /** Always {@linkcode HISTORY_FORMAT}: what a reader knows such a file by. */
  readonly format: typeof HISTORY_FORMAT;
  /** {@linkcode HISTORY_VERSION} of the writer; a newer one than the reader's is refused. */
  readonly version: number;
  /** RFC 3339. */
  readonly started: string;
  /** What made it: version of this tool, runtime such as `deno 2.9.6`, and target triple. */
  readonly tool: { readonly version: string; readonly runtime: string; readonly target: string };
  /** What was probed, as far as it tells of itself. */
  readonly catalog: {
    readonly uri: string;
    readonly warehouse: string;
    /** `Server` header of its answers. */
    readonly server: string | null;
    /** What its config lists, or null. */
    readonly endpoints: readonly string[] | null;
    readonly idempotency_key_lifetime: string | null;
  };
  /** Levels joined by dots; all tables of the probe are made in it. */
  readonly namespace: string;
  /** Decides the order in which the writers of a round are sent off (`--seed`). */
  readonly seed: number;
  /** Command line that made it, without secrets. */
  readonly command: string;
}

/** A race begins: one workload with one number of writers. */
export interface RunRecord {
  /** Comes before the operations of the run. */
  readonly type: "run";
  /** From 1. */
  readonly run: number;
  /** What the writers race with. */
  readonly workload: Workload;
  /** Writers that race; their numbers go from 0 to one less. */
  readonly writers: number;
  /** `rounds`: all writers start each round together, on one base. `free`: each goes on at once. */
  readonly mode: "rounds" | "free";
  /** Rounds, or commits of each writer. */
  readonly commits: number;
  /** Fresh Parquet for each commit, as a loader would write it. */
  readonly with_data: boolean;
  /** Tables of the run, `namespace.name`. */
  readonly tables: readonly string[];
  /** Why the catalog could not be asked; then nothing else follows for this run. */
  readonly not_offered?: string;
  /** When the writers were about to begin. */
  readonly time_us: number;
}

/** What an operation would do to one table. */
export interface IntentRecord {
  /** `namespace.name`. */
  readonly table: string;
  /** Snapshot to be added, if any. */
  readonly snapshot_id?: string;
  /** Its parent; null for the first one. */
  readonly parent_snapshot_id?: string | null;
  /** Sequence number of the snapshot to be added (table spec, "Sequence Numbers"). */
  readonly sequence_number?: number;
  /** Location of that snapshot's manifest list. */
  readonly manifest_list?: string;
  /** Data files that it adds; every attempt of every writer has its own. */
  readonly files?: ReadonlyArray<{ readonly path: string; readonly rows: number }>;
  /** Columns to be added. */
  readonly columns?: readonly string[];
  /** Properties to be set. */
  readonly properties?: Readonly<Record<string, string>>;
  /** Requirements sent, as on the wire; 64-bit ids as strings. */
  readonly requirements: ReadonlyArray<Readonly<Record<string, unknown>>>;
}

/** A request is sent. */
export interface InvokeRecord {
  /** Comes before the bytes leave. */
  readonly type: "invoke";
  /** Number of the run it belongs to. */
  readonly run: number;
  /** Unique in the history, rising with time. */
  readonly op: number;
  /** Taken before the request is handed to the network. */
  readonly time_us: number;
  /** From 0. */
  readonly writer: number;
  /** From 0; absent when writers run freely. */
  readonly round?: number;
  /** The endpoint of the REST spec: `updateTable`, `createTable` or `commitTransaction`. */
  readonly kind: "commit" | "create" | "transaction";
  /** One for each table that it would change. */
  readonly intents: readonly IntentRecord[];
  /** Value of the `Idempotency-Key` header; absent when none was sent. */
  readonly idempotency_key?: string;
  /** This is the very same request as that operation's (same key, same body), sent again. */
  readonly resend_of?: number;
  /**
   * What the workload knows about the one right answer, if it knows: `conflict`: it must lose,
   * whatever others do (`stale`, an assertion that cannot hold); `reused-key`: its key belongs to
   * another request.
   */
  readonly expect?: "conflict" | "reused-key";
}

/** What the answer to an operation said about a table. */
export interface AnswerRecord {
  /** `namespace.name`. */
  readonly table: string;
  /** `table-uuid` of the metadata in the answer. */
  readonly table_uuid: string;
  /** Head of main, or null. */
  readonly head: string | null;
  /** Parent of that head; null for the first snapshot, and when the answer does not show it. */
  readonly head_parent: string | null;
  /** `last-sequence-number` of the metadata in the answer; 0 when it has none. */
  readonly last_sequence_number: number;
  /** `metadata-location` of the answer; null when it names none. */
  readonly metadata_location: string | null;
}

/** An answer, or the end of waiting for one. */
export interface CompleteRecord {
  /** At most one for each `invoke`; without it the history ends before the answer. */
  readonly type: "complete";
  /** Number of the `invoke` that it answers. */
  readonly op: number;
  /** Taken when the body had been read whole, or the waiting ended. */
  readonly time_us: number;
  /** `ok`: acknowledged. `fail`: certainly not done, by the answer. `unknown`: may have been done. */
  readonly outcome: "ok" | "fail" | "unknown";
  /** HTTP status; null when there was no answer. */
  readonly status: number | null;
  /** `type` of the error body (REST spec, `ErrorModel`); absent when there is none. */
  readonly error_type?: string;
  /** The error's message, or why there was no answer; at most 500 characters. */
  readonly message?: string;
  /** Of a success that says what the table is like now. */
  readonly answer?: AnswerRecord;
}

/** A snapshot of the final read. */
export interface SnapshotRecord {
  /** Decimal text. */
  readonly snapshot_id: string;
  /** Decimal text; null for the first snapshot. */
  readonly parent_snapshot_id: string | null;
  /** 0 where the metadata has none, as in format version 1. */
  readonly sequence_number: number;
  /** By the clock of whoever made the snapshot, in ms since 1970. */
  readonly timestamp_ms: number;
  /** Location of the Avro file that names the snapshot's manifests. */
  readonly manifest_list: string;
  /** Schema that was the current one then; null where the metadata does not say. */
  readonly schema_id: number | null;
  /** Operation and totals, as texts (table spec, "Optional Snapshot Summary Fields"). */
  readonly summary: Readonly<Record<string, string>>;
}

/** A data file that the head's manifests name. */
export interface FileRecord {
  /** Location, as the manifest has it. */
  readonly path: string;
  /** Snapshot that added it, as the manifest entry says. */
  readonly snapshot_id: string | null;
  /** The data sequence number; null only in histories that others have written. */
  readonly sequence_number: number | null;
  /** By the manifest. */
  readonly rows: number;
}

/** What is found in a table when all writers are done. */
export interface FinalRecord {
  /** One for each table of a run, after its last operation. */
  readonly type: "final";
  /** Number of the run it belongs to. */
  readonly run: number;
  /** When the table had been read. */
  readonly time_us: number;
  /** `namespace.name`. */
  readonly table: string;
  /** Why it could not be read; then nothing else is there. */
  readonly error?: string;
  /** The catalog says for certain (404) that there is no such table; then nothing else is there. */
  readonly missing?: true;
  /** `table-uuid` of the metadata. */
  readonly table_uuid?: string;
  /** Head of main, as decimal text; null for a table without a snapshot. */
  readonly head?: string | null;
  /** 0 where the metadata has none, as in format version 1. */
  readonly last_sequence_number?: number;
  /** As the catalog gives them (`snapshots=all`), in its order. */
  readonly snapshots?: readonly SnapshotRecord[];
  /**
   * Whether the snapshots are the whole history. False for a catalog that shows the current one
   * only: then parents must be taken from the answers and from the files.
   */
  readonly history_complete?: boolean;
  /** Heads of main over time, the oldest first (table spec, "Table Metadata Fields"). */
  readonly snapshot_log?: ReadonlyArray<{
    readonly snapshot_id: string;
    readonly timestamp_ms: number;
  }>;
  /** Snapshot id by the name of the branch or tag. */
  readonly refs?: Readonly<Record<string, string>>;
  /** Column names of the current schema with their field ids. */
  readonly columns?: ReadonlyArray<{ readonly id: number; readonly name: string }>;
  /** Table properties, as the metadata has them. */
  readonly properties?: Readonly<Record<string, string>>;
  /** Live data files of the head, from its manifests; absent when they could not be read. */
  readonly files?: readonly FileRecord[];
  /** Rows counted in the data files themselves (Parquet footers), all together; null: not counted. */
  readonly rows_counted?: number | null;
  /** Why files or rows could not be read. */
  readonly unread?: string;
}

/** Last line; a history without it was cut. */
export interface EndRecord {
  /** Says that the probe was not cut off. */
  readonly type: "end";
  /** When the probe was over. */
  readonly time_us: number;
  /** Lines before this one. */
  readonly records: number;
}

/** One line of a history. */
export type HistoryRecord =
  | HeaderRecord
  | RunRecord
  | InvokeRecord
  | CompleteRecord
  | FinalRecord
  | EndRecord;
