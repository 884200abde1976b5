/** `append`: writers race to append to one branch, in rounds or freely. */
import type { Base, Draft, RaceTable } from "../race_table.ts";
import { FreshFiles } from "../race_data.ts";
import { draftShot, fire, type Hit, reload, type RunContext, shuffled } from "../run_context.ts";
import { raceFreely } from "./free.ts";

/** Runs it. @throws {ToolError} when the table or its files cannot be made. */
export async function runAppend(context: RunContext): Promise<void> {
  const table = await context.makeTable();
  const fresh = context.plan.withData ? new FreshFiles(table.metadata, table.access) : undefined;
  try {
    if (context.plan.mode === "free") await raceFreely(context, { table, fresh });
    else await raceInRounds(context, { table, fresh });
  } finally {
    fresh?.close();
  }
}

async function raceInRounds(
  context: RunContext,
  of: { readonly table: RaceTable; readonly fresh: FreshFiles | undefined },
): Promise<void> {
  const { table, fresh } = of;
  let base = table.emptyBase();
  for (let round = 0; round < context.plan.commits; round++) {
    if (context.signal.aborted) return;
    const drafts = await draftAll(context, { table, base, round, fresh });
    const next = await raceDrafts(context, { table, drafts, round });
    if (next === undefined) return;
    base = next;
    context.progress(round + 1);
  }
}

/** An append of each writer on one base, with its files in the store. */
export async function draftAll(
  context: RunContext,
  of: {
    readonly table: RaceTable;
    readonly base: Base;
    readonly round: number;
    readonly fresh?: FreshFiles | undefined;
  },
): Promise<Draft[]> {
  const { table, base, round, fresh } = of;
  const drafts = await Promise.all(
    context.writers.map(async ({ number: writer }) => {
      if (fresh === undefined) return table.draft(base, { writer });
      const path = table.newDataPath(writer);
      return table.draft(base, {
        writer,
        file: await fresh.make({ path, writer, attempt: round }),
      });
    }),
  );
  await table.write(drafts, { hasDataFiles: fresh !== undefined });
  return drafts;
}

/**
 * Posts the drafts of all writers at once.
 *
 * @returns the table after it: as the one winner left it, else as it is found; undefined when it
 * cannot be loaded.
 */
export async function raceDrafts(
  context: RunContext,
  of: { readonly table: RaceTable; readonly drafts: readonly Draft[]; readonly round: number },
): Promise<Base | undefined> {
  const { table, drafts, round } = of;
  const shots = context.writers.map((writer, at) => ({
    writer,
    shot: draftShot(context, table, drafts[at]!),
  }));
  const hits = await Promise.all(
    shuffled(shots, context.random).map(({ writer, shot }) =>
      fire(context, writer, { ...shot, round })
    ),
  );
  return baseAfter(hits, table) ?? await reload(context, table);
}

/** The table after a race whose outcome is plain: one winner, and everybody else refused. */
function baseAfter(hits: readonly Hit[], table: RaceTable): Base | undefined {
  const winners = hits.filter(({ answer }) => answer.outcome !== "fail");
  const view = winners.length === 1 ? winners[0]!.view : undefined;
  return view === undefined ? undefined : table.baseOf(view);
}
