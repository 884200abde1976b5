/**
 * Writers that run freely: each goes on at once, on what its own success left or, after a lost race,
 * on the table as it is. This measures the throughput of a table.
 *
 * Unless fresh data is asked for, nothing is written between two posts, so that the catalog is
 * measured and not the store: the files of what has landed are written when the race is over. A
 * catalog that looks at files while it commits refuses that; then they are written before each post.
 */
import type { FreshFiles } from "../race_data.ts";
import type { Base, Draft, RaceTable } from "../race_table.ts";
import { draftShot, fire, type Hit, reload, type RunContext, type Writer } from "../run_context.ts";

/** Ends a run whose catalog is slow. */
const FREE_MS_MAX = 5000;
/** A writer that is refused so often for other reasons than a lost race gives up. */
const REFUSALS_MAX = 20;
const WAIT_MS = 100;

/** How the files of appends get into the store. */
interface Files {
  readonly table: RaceTable;
  readonly fresh: FreshFiles | undefined;
  /** Whether they are there before the post. */
  isEager: boolean;
}

/** Runs the race. @throws {ToolError} when files cannot be written. */
export async function raceFreely(
  context: RunContext,
  of: { readonly table: RaceTable; readonly fresh: FreshFiles | undefined },
): Promise<void> {
  const { table, fresh } = of;
  const files: Files = { table, fresh, isEager: fresh !== undefined };
  const base = await firstCommit(context, files);
  const deadlineMs = performance.now() + FREE_MS_MAX;
  let acknowledged = 0;
  await Promise.all(context.writers.map((writer) =>
    writeFreely(context, {
      writer,
      files,
      base,
      deadlineMs,
      onAcknowledged: () => context.progress(++acknowledged),
    })
  ));
}

/** One commit before the race: it opens the branch, and shows whether files can be put off. */
async function firstCommit(context: RunContext, files: Files): Promise<Base> {
  const { table } = files;
  const writer = context.writers[0]!;
  for (let base = table.emptyBase();;) {
    const { draft, hit } = await commitOnce(context, { writer, files, base, attempt: 0 });
    if (hit.answer.outcome === "ok") return hit.view ? table.baseOf(hit.view) : draft.after;
    base = await reload(context, table, writer) ?? base;
    if (files.isEager || hit.answer.outcome !== "fail") return base;
    context.notice(
      "The catalog refuses a commit whose files are not there yet: they are written before each post",
    );
    files.isEager = true;
  }
}

async function writeFreely(
  context: RunContext,
  of: {
    readonly writer: Writer;
    readonly files: Files;
    readonly base: Base;
    readonly deadlineMs: number;
    readonly onAcknowledged: () => void;
  },
): Promise<void> {
  const { writer, files } = of;
  let base = of.base;
  let refusals = 0;
  let acknowledged = 0;
  for (let attempt = 1; acknowledged < context.plan.commits; attempt++) {
    if (context.signal.aborted || performance.now() > of.deadlineMs) return;
    const { draft, hit } = await commitOnce(context, { writer, files, base, attempt });
    const { answer, view } = hit;
    if (answer.outcome === "ok") {
      acknowledged++;
      refusals = 0;
      of.onAcknowledged();
      base = view === undefined ? draft.after : files.table.baseOf(view);
      continue;
    }
    refusals = answer.status === 409 ? 0 : refusals + 1;
    if (answer.status === 401 || answer.status === 403 || refusals > REFUSALS_MAX) return;
    if (answer.status === 429 || answer.status === null) {
      await new Promise((resolve) => setTimeout(resolve, answer.retryAfterMs ?? WAIT_MS));
    }
    const found = await reload(context, files.table, writer);
    if (found === undefined) return;
    base = found;
  }
}

async function commitOnce(
  context: RunContext,
  of: {
    readonly writer: Writer;
    readonly files: Files;
    readonly base: Base;
    readonly attempt: number;
  },
): Promise<{ readonly draft: Draft; readonly hit: Hit }> {
  const { writer, files, base, attempt } = of;
  const { table, fresh } = files;
  const path = table.newDataPath(writer.number);
  const file = await fresh?.make({ path, writer: writer.number, attempt });
  const draft = table.draft(base, {
    writer: writer.number,
    ...(file === undefined ? {} : { file }),
  });
  if (files.isEager) await table.write([draft], { hasDataFiles: file !== undefined });
  return { draft, hit: await fire(context, writer, draftShot(context, table, draft)) };
}
