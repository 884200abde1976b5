/**
 * `multi-table`: transactions over two tables race each other, and every third writer commits to the
 * second table alone. A transaction must be carried out in both tables or in none.
 */
import type { Base, RaceTable } from "../race_table.ts";
import {
  draftShot,
  fire,
  reload,
  type RunContext,
  shuffled,
  transactionShot,
} from "../run_context.ts";

const ENDPOINT = "POST /v1/{prefix}/transactions/commit";
/** Answers of catalogs that do not know a path or a method. */
const UNKNOWN_PATH: ReadonlySet<number> = new Set([404, 405, 501]);

/** Why a catalog has no transactions; undefined when it has. */
export async function lacksTransactions(context: RunContext): Promise<string | undefined> {
  const { catalog } = context.session;
  const listed = catalog.config.endpoints;
  if (listed !== undefined && !listed.has(ENDPOINT)) return "its config does not list the endpoint";
  const url = catalog.paths.transaction();
  const { status } = await context.writers[0]!.client.post(url, { body: '{"table-changes":[]}' });
  return status !== null && UNKNOWN_PATH.has(status)
    ? `it answers HTTP ${status} to an empty transaction`
    : undefined;
}

/** Runs it. @throws {ToolError} */
export async function runMultiTable(context: RunContext): Promise<void> {
  const one = await context.makeTable("one");
  const other = await context.makeTable("other");
  let baseOfOne = one.emptyBase();
  let baseOfOther = other.emptyBase();
  for (let round = 0; round < context.plan.commits; round++) {
    if (context.signal.aborted) return;
    await raceOnce(context, {
      one: { table: one, base: baseOfOne },
      other: { table: other, base: baseOfOther },
      round,
    });
    const found = await Promise.all([reload(context, one), reload(context, other)]);
    if (found[0] === undefined || found[1] === undefined) return;
    [baseOfOne, baseOfOther] = [found[0], found[1]];
    context.progress(round + 1);
  }
}

interface Side {
  readonly table: RaceTable;
  readonly base: Base;
}

async function raceOnce(
  context: RunContext,
  of: { readonly one: Side; readonly other: Side; readonly round: number },
): Promise<void> {
  const { one, other, round } = of;
  const drafts = context.writers.map((writer) => ({
    writer,
    ofOne: writer.number % 3 === 2
      ? undefined
      : one.table.draft(one.base, { writer: writer.number }),
    ofOther: other.table.draft(other.base, { writer: writer.number }),
  }));
  await one.table.write(drafts.flatMap(({ ofOne }) => ofOne === undefined ? [] : [ofOne]));
  await other.table.write(drafts.map(({ ofOther }) => ofOther));
  const shots = drafts.map(({ writer, ofOne, ofOther }) => ({
    writer,
    shot: ofOne === undefined
      ? draftShot(context, other.table, ofOther)
      : transactionShot(context, [
        { table: one.table, draft: ofOne },
        { table: other.table, draft: ofOther },
      ]),
  }));
  await Promise.all(
    shuffled(shots, context.random).map(({ writer, shot }) =>
      fire(context, writer, { ...shot, round })
    ),
  );
}
