/**
 * A probe seen from two sides: what the catalog says that it did (its request log and its figures),
 * and what the probe says of it (its verdict and its history). Read without the tool's own code.
 */

/** One request as the catalog has logged it (`serve --json`). */
export interface LoggedRequest {
  readonly method: string;
  /** Template of the path. */
  readonly route: string;
  readonly path: string;
  /** Status that the client got; 0 for no answer. */
  readonly status: number;
  /** Status that the work came to, where the client got another one or none. */
  readonly resultStatus: number | undefined;
  readonly errorType: string | undefined;
  readonly faults: readonly string[];
  /** When it came and when it was answered, in ms since 1970. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** One operation as the probe has recorded it. */
export interface RecordedOperation {
  readonly op: number;
  readonly run: number;
  readonly status: number | null;
  readonly errorType: string | undefined;
  readonly snapshotIds: readonly string[];
  readonly fromMs: number;
  /** Infinity without an answer. */
  readonly toMs: number;
}

/** A violation as `probe --json` prints it. */
export interface PrintedViolation {
  readonly kind: string;
  readonly run: number;
  readonly table: string;
  readonly words: string;
  readonly ops: readonly number[];
  readonly snapshots: readonly string[];
  readonly times?: number;
}

/** A run as `probe --json` prints it. */
export interface PrintedRun {
  readonly run: number;
  readonly workload: string;
  readonly verdict: string;
  readonly reason?: string;
  readonly conflicts: number;
  readonly acknowledged: number;
  readonly recovered: number;
}

/** The last line of `probe --json`. */
export interface PrintedVerdict {
  readonly verdict: string;
  readonly reason?: string;
  readonly violations: readonly PrintedViolation[];
  readonly runs: readonly PrintedRun[];
  readonly numbers: ReadonlyArray<{ readonly run: number; readonly mode: string }>;
}

/** Both sides of one probe. */
export interface Observed {
  readonly exitCode: number;
  readonly verdict: PrintedVerdict;
  readonly operations: ReadonlyMap<number, RecordedOperation>;
  readonly log: readonly LoggedRequest[];
  /** Faults that struck by name, and commits that lost their race, as `/metrics` has them. */
  readonly figures: {
    readonly faults: Readonly<Record<string, number>>;
    readonly conflicts: number;
  };
  /** Snapshots of the branch by table, read from the catalog; of the tables that are blamed. */
  readonly branches: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Reads the log of `serve --json`; other lines are passed over. */
export function readLog(text: string): LoggedRequest[] {
  return text.split("\n").filter((line) => line.startsWith("{")).flatMap((line) => {
    const { type, ...request } = JSON.parse(line);
    if (type !== "request") return [];
    const fromMs = Date.parse(request.time);
    return [{
      method: request.method,
      route: request.route,
      path: request.path,
      status: request.status,
      resultStatus: request.result_status,
      errorType: request.error_type,
      faults: request.faults ?? [],
      fromMs,
      toMs: fromMs + request.elapsed_ms,
    }];
  });
}

/** Reads the operations of `history.jsonl`. */
export function readOperations(text: string): Map<number, RecordedOperation> {
  const records = text.trimEnd().split("\n").map((line) => JSON.parse(line));
  const startedMs = Date.parse(records[0].started);
  const completes = new Map(
    records.filter(({ type }) => type === "complete").map((record) => [record.op, record]),
  );
  return new Map(
    records.filter(({ type }) => type === "invoke").map((invoke) => {
      const complete = completes.get(invoke.op);
      return [invoke.op, {
        op: invoke.op,
        run: invoke.run,
        status: complete?.status ?? null,
        errorType: complete?.error_type,
        snapshotIds: invoke.intents.flatMap(({ snapshot_id: id }: { snapshot_id?: string }) =>
          id ?? []
        ),
        fromMs: startedMs + invoke.time_us / 1000,
        toMs: complete === undefined ? Infinity : startedMs + complete.time_us / 1000,
      }];
    }),
  );
}

/** Reads Prometheus' text format, as far as the judge wants it. */
export function readFigures(text: string): Observed["figures"] {
  const faults = [...text.matchAll(/^\w+_faults_total\{fault="([^"]+)"\} (\d+)$/gm)]
    .map(([, name, count]) => [name!, Number(count)] as const);
  const conflicts = /^\w+_commit_conflicts_total (\d+)$/m.exec(text)?.[1];
  return { faults: Object.fromEntries(faults), conflicts: Number(conflicts ?? NaN) };
}

/** The branch of a table's metadata, from the head down. 64-bit ids are read as texts. */
export function readBranch(text: string): Set<string> {
  const { metadata } = JSON.parse(text.replaceAll(/(-id":\s*)(-?\d{16,})/g, '$1"$2"'));
  const parents = new Map<string, string | undefined>(
    // deno-lint-ignore no-explicit-any -- the spec's JSON, of which two fields are looked at
    (metadata.snapshots ?? []).map((snapshot: any) => [
      String(snapshot["snapshot-id"]),
      snapshot["parent-snapshot-id"] && String(snapshot["parent-snapshot-id"]),
    ]),
  );
  const branch = new Set<string>();
  let at: string | undefined = metadata.refs?.main && String(metadata.refs.main["snapshot-id"]);
  while (at !== undefined && parents.has(at) && !branch.has(at)) {
    branch.add(at);
    at = parents.get(at);
  }
  return branch;
}
