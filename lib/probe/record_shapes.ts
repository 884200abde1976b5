/**
 * The shapes of a history's records, for lines that someone else may have written. Fields that are
 * not known are let through: within a version of the format they may be added.
 */
import * as v from "valibot";
import { HISTORY_FORMAT, type HistoryRecord, WORKLOADS } from "./history.ts";

const whole = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const timeUs = v.pipe(v.number(), v.finite());
/** A 64-bit id as text. */
const id = v.pipe(v.string(), v.regex(/^-?\d{1,19}$/, "expected a 64-bit integer as text"));
const texts = v.record(v.string(), v.string());

const header = v.looseObject({
  type: v.literal("header"),
  format: v.literal(HISTORY_FORMAT),
  version: whole,
  started: v.string(),
  tool: v.looseObject({ version: v.string(), runtime: v.string(), target: v.string() }),
  catalog: v.looseObject({
    uri: v.string(),
    warehouse: v.string(),
    server: v.nullable(v.string()),
    endpoints: v.nullable(v.array(v.string())),
    idempotency_key_lifetime: v.nullable(v.string()),
  }),
  namespace: v.string(),
  seed: v.number(),
  command: v.string(),
});

const run = v.looseObject({
  type: v.literal("run"),
  run: whole,
  workload: v.picklist(WORKLOADS),
  writers: whole,
  mode: v.picklist(["rounds", "free"]),
  commits: whole,
  with_data: v.boolean(),
  tables: v.array(v.string()),
  not_offered: v.exactOptional(v.string()),
  time_us: timeUs,
});

const intent = v.looseObject({
  table: v.string(),
  snapshot_id: v.exactOptional(id),
  parent_snapshot_id: v.exactOptional(v.nullable(id)),
  sequence_number: v.exactOptional(whole),
  manifest_list: v.exactOptional(v.string()),
  files: v.exactOptional(v.array(v.looseObject({ path: v.string(), rows: whole }))),
  columns: v.exactOptional(v.array(v.string())),
  properties: v.exactOptional(texts),
  requirements: v.array(v.record(v.string(), v.unknown())),
});

const invoke = v.looseObject({
  type: v.literal("invoke"),
  run: whole,
  op: whole,
  time_us: timeUs,
  writer: whole,
  round: v.exactOptional(whole),
  kind: v.picklist(["commit", "create", "transaction"]),
  intents: v.array(intent),
  idempotency_key: v.exactOptional(v.string()),
  resend_of: v.exactOptional(whole),
  expect: v.exactOptional(v.picklist(["conflict", "reused-key"])),
});

const complete = v.looseObject({
  type: v.literal("complete"),
  op: whole,
  time_us: timeUs,
  outcome: v.picklist(["ok", "fail", "unknown"]),
  status: v.nullable(whole),
  error_type: v.exactOptional(v.string()),
  message: v.exactOptional(v.string()),
  answer: v.exactOptional(v.looseObject({
    table: v.string(),
    table_uuid: v.string(),
    head: v.nullable(id),
    head_parent: v.nullable(id),
    last_sequence_number: whole,
    metadata_location: v.nullable(v.string()),
  })),
});

const snapshot = v.looseObject({
  snapshot_id: id,
  parent_snapshot_id: v.nullable(id),
  sequence_number: whole,
  timestamp_ms: whole,
  manifest_list: v.string(),
  schema_id: v.nullable(whole),
  summary: texts,
});

const final = v.looseObject({
  type: v.literal("final"),
  run: whole,
  time_us: timeUs,
  table: v.string(),
  error: v.exactOptional(v.string()),
  missing: v.exactOptional(v.literal(true)),
  table_uuid: v.exactOptional(v.string()),
  head: v.exactOptional(v.nullable(id)),
  last_sequence_number: v.exactOptional(whole),
  snapshots: v.exactOptional(v.array(snapshot)),
  history_complete: v.exactOptional(v.boolean()),
  snapshot_log: v.exactOptional(
    v.array(v.looseObject({ snapshot_id: id, timestamp_ms: whole })),
  ),
  refs: v.exactOptional(v.record(v.string(), id)),
  columns: v.exactOptional(v.array(v.looseObject({ id: whole, name: v.string() }))),
  properties: v.exactOptional(texts),
  files: v.exactOptional(v.array(v.looseObject({
    path: v.string(),
    snapshot_id: v.nullable(id),
    sequence_number: v.nullable(whole),
    rows: whole,
  }))),
  rows_counted: v.exactOptional(v.nullable(whole)),
  unread: v.exactOptional(v.string()),
});

const end = v.looseObject({ type: v.literal("end"), time_us: timeUs, records: whole });

/**
 * The shape of a record, as the package that checks it documents it.
 *
 * @internal
 */
export type RecordShape = v.GenericSchema<unknown, HistoryRecord>;

/** The shapes by type. Each must give what `HistoryRecord` says: the type checker compares the two. */
export const SHAPES: Readonly<Record<HistoryRecord["type"], RecordShape>> = {
  header,
  run,
  invoke,
  complete,
  final,
  end,
};

/** Whether records of this type are known. */
export function isKnownType(type: string): type is HistoryRecord["type"] {
  return Object.hasOwn(SHAPES, type);
}

/**
 * A parsed line as a record, or what is wrong with it: `writer: Invalid type: Expected number but
 * received "3"`.
 */
export function readShape(
  type: HistoryRecord["type"],
  value: unknown,
): { readonly record: HistoryRecord } | { readonly fault: string } {
  const result = v.safeParse(SHAPES[type], value, { abortEarly: true });
  if (result.success) return { record: result.output };
  const [issue] = result.issues;
  const path = v.getDotPath(issue);
  return { fault: path === null ? issue.message : `${path}: ${issue.message}` };
}
