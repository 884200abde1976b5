/** The check before the summary: what was acknowledged must be in the table. */
import { ToolError } from "../errors.ts";
import { toBigInt } from "../table/json.ts";
import type { TableMetadata } from "../table/metadata.ts";
import type { CommitContext, ReadyChunk } from "./commit_context.ts";
import { findEvidence } from "./evidence.ts";
import { ancestry, coverage } from "./ledger.ts";

/** Chunks by the snapshot that was acknowledged to hold them. */
export type Acknowledged = ReadonlyMap<
  bigint,
  readonly Pick<ReadyChunk, "index" | "rows" | "range">[]
>;

const CHUNKS_SHOWN_MAX = 10;

/**
 * Loads the table once more, and reports acknowledged chunks that are not in it: a catalog that
 * loses updates shows here.
 */
export async function lastLook(context: CommitContext, acknowledged: Acknowledged): Promise<void> {
  if (acknowledged.size === 0) return;
  const { emit } = context;
  try {
    const loaded = await context.catalog.loadTable(context.table);
    const missing = loaded === undefined
      ? [...acknowledged.values()].flat()
      : await findMissing(context, { metadata: loaded.metadata, acknowledged });
    if (missing.length === 0) return;
    const chunks = missing.map((chunk) => chunk.index);
    emit({
      type: "error",
      failure: "lost",
      exitCode: 1,
      message:
        `The catalog acknowledged ${chunks.length} ${chunks.length === 1 ? "chunk" : "chunks"} ` +
        `(${chunks.slice(0, CHUNKS_SHOWN_MAX).join(", ")}` +
        `${chunks.length > CHUNKS_SHOWN_MAX ? ", …" : ""}), and ` +
        `${chunks.length === 1 ? "it is" : "they are"} not in the table`,
      hint: "Someone has rolled the table back or replaced it, or the catalog loses commits",
    });
    emit({ type: "lost", chunks, rows: missing.reduce((total, chunk) => total + chunk.rows, 0) });
  } catch (error) {
    if (!(error instanceof ToolError || error instanceof RangeError)) throw error;
    emit({
      type: "notice",
      message: `The table could not be loaded for the last check: ${error.message}`,
    });
  }
}

async function findMissing(
  context: CommitContext,
  of: { readonly metadata: TableMetadata; readonly acknowledged: Acknowledged },
): Promise<readonly Pick<ReadyChunk, "index" | "rows" | "range">[]> {
  const seen = new Set<bigint>();
  let isCut = false;
  for (const snapshot of ancestry(of.metadata)) {
    if (snapshot === "cut") isCut = true;
    else seen.add(toBigInt(snapshot["snapshot-id"]));
  }
  const missing = [...of.acknowledged].filter(([id]) => !seen.has(id)).flatMap(([, chunks]) =>
    chunks
  );
  if (missing.length === 0 || !isCut) return missing;
  const { loadId, manifests, store, emit } = context;
  const { ranges } = await findEvidence(of.metadata, { base: [], loadId, manifests, store });
  const absent = missing.filter((chunk) => coverage(chunk.range, ranges) !== "whole");
  if (absent.length === 0) return [];
  emit({
    type: "notice",
    message: "The table's history is cut: the last check went by the names of its files",
  });
  return absent;
}
