/** `first-commit`: writers race to be the first in an empty table, all asserting that it is empty. */
import type { RunContext } from "../run_context.ts";
import { draftAll, raceDrafts } from "./append.ts";

/** Runs it: each round has a table of its own. @throws {ToolError} */
export async function runFirstCommit(context: RunContext): Promise<void> {
  for (let round = 0; round < context.plan.commits; round++) {
    if (context.signal.aborted) return;
    const table = await context.makeTable(String(round));
    const drafts = await draftAll(context, { table, base: table.emptyBase(), round });
    await raceDrafts(context, { table, drafts, round });
    context.progress(round + 1);
  }
}
