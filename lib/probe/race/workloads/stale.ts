/** `stale`: assertions that no longer hold, or never did, one after the other. Each must be refused. */
import type { Requirement } from "../../../table/metadata.ts";
import type { Base, Draft, RaceTable } from "../race_table.ts";
import { requirementRecords } from "../race_table.ts";
import { draftShot, fire, reload, type RunContext } from "../run_context.ts";

/** Runs it. @throws {ToolError} */
export async function runStale(context: RunContext): Promise<void> {
  const table = await context.makeTable();
  let { base } = await append(context, { table, base: table.emptyBase(), round: 0 });
  for (let round = 0; round < context.plan.commits; round++) {
    if (base === undefined || context.signal.aborted) return;
    const old: Base = base;
    const moved = await append(context, { table, base: old, round });
    base = moved.base;
    if (base === undefined) return;
    context.progress(round + 1);
    // Without an acknowledgement nobody knows whether the old assertions still hold.
    if (!moved.isAcknowledged) continue;
    for (const requirements of staleRequirements(table, { old, now: base })) {
      if (context.signal.aborted) return;
      const draft = table.draft(base, { writer: 0 });
      await table.write([draft]);
      const shot = draftShot(context, table, asserting(draft, requirements));
      await fire(context, context.writers[0]!, { ...shot, expect: "conflict", round });
      base = await reload(context, table);
      if (base === undefined) return;
    }
  }
}

/** Each set has one assertion that does not hold; everything else in it is right. */
function staleRequirements(
  table: RaceTable,
  of: { readonly old: Base; readonly now: Base },
): Requirement[][] {
  const uuid: Requirement = { type: "assert-table-uuid", uuid: table.uuid };
  const head = (base: Base): Requirement => ({
    type: "assert-ref-snapshot-id",
    ref: "main",
    "snapshot-id": base.head?.["snapshot-id"] ?? null,
  });
  return [
    [uuid, head(of.old)],
    [uuid, { type: "assert-ref-snapshot-id", ref: "main", "snapshot-id": null }],
    [uuid, head(of.now), {
      type: "assert-current-schema-id",
      "current-schema-id": of.now.schemaId + 1,
    }],
    [{ type: "assert-table-uuid", uuid: crypto.randomUUID() }, head(of.now)],
  ];
}

function asserting(draft: Draft, requirements: readonly Requirement[]): Draft {
  return {
    ...draft,
    request: { ...draft.request, requirements: [...requirements] },
    intent: { ...draft.intent, requirements: requirementRecords(requirements) },
  };
}

async function append(
  context: RunContext,
  of: { readonly table: RaceTable; readonly base: Base; readonly round: number },
): Promise<{ readonly base: Base | undefined; readonly isAcknowledged: boolean }> {
  const { table, base, round } = of;
  const draft = table.draft(base, { writer: 0 });
  await table.write([draft]);
  const { answer } = await fire(context, context.writers[0]!, {
    ...draftShot(context, table, draft),
    round,
  });
  return { base: await reload(context, table), isAcknowledged: answer.outcome === "ok" };
}
