/**
 * `idempotency`: writers race, each sending its request twice at once under one Idempotency-Key; the
 * winner's is sent a third time after its success; then another request comes under its key.
 */
import { uuidV7 } from "../../../table/uuid_v7.ts";
import type { RaceTable } from "../race_table.ts";
import {
  draftShot,
  fire,
  type Hit,
  reload,
  type RunContext,
  type Shot,
  type Writer,
} from "../run_context.ts";
import { draftAll } from "./append.ts";

/** Why a catalog has no keys; undefined when it has. Silence means that it has none (REST spec). */
export function lacksIdempotency(context: RunContext): string | undefined {
  return context.session.catalog.config.idempotencyKeyLifetime === undefined
    ? "its config names no idempotency-key-lifetime"
    : undefined;
}

/** Runs it. @throws {ToolError} */
export async function runIdempotency(context: RunContext): Promise<void> {
  const table = await context.makeTable();
  let base = table.emptyBase();
  for (let round = 0; round < context.plan.commits; round++) {
    if (context.signal.aborted) return;
    const drafts = await draftAll(context, { table, base, round });
    const pairs = await Promise.all(
      context.writers.map((writer, at) => {
        const shot = { ...draftShot(context, table, drafts[at]!), idempotencyKey: uuidV7() };
        return fireTwice(context, { writer, shot, round });
      }),
    );
    const winner = pairs.find(({ hits }) => hits.some(({ answer }) => answer.outcome === "ok"));
    base = await reload(context, table) ?? base;
    if (winner !== undefined) {
      const { writer, shot, first } = winner;
      await fire(context, writer, { ...shot, round, resendOf: first });
      await reuseKey(context, { table, writer, key: shot.idempotencyKey, round });
      base = await reload(context, table) ?? base;
    }
    context.progress(round + 1);
  }
}

interface KeyedShot extends Shot {
  readonly idempotencyKey: string;
}

async function fireTwice(
  context: RunContext,
  of: { readonly writer: Writer; readonly shot: KeyedShot; readonly round: number },
): Promise<{
  readonly writer: Writer;
  readonly shot: KeyedShot;
  readonly first: number;
  readonly hits: readonly Hit[];
}> {
  const { writer, shot, round } = of;
  const first = fire(context, writer, { ...shot, round });
  // The number of an operation is given when it is sent, which has just happened.
  const op = context.recorder.lastOp;
  const second = fire(context, writer, { ...shot, round, resendOf: op, onTwin: true });
  return { writer, shot, first: op, hits: await Promise.all([first, second]) };
}

async function reuseKey(
  context: RunContext,
  of: {
    readonly table: RaceTable;
    readonly writer: Writer;
    readonly key: string;
    readonly round: number;
  },
): Promise<void> {
  const { table, writer, key, round } = of;
  const base = await reload(context, table);
  if (base === undefined) return;
  const draft = table.draft(base, { writer: writer.number });
  await table.write([draft]);
  await fire(context, writer, {
    ...draftShot(context, table, draft),
    idempotencyKey: key,
    expect: "reused-key",
    round,
  });
}
