/**
 * `properties`: all writers set one property. Without an assertion all succeed and the last one
 * wins; with an assertion that has become stale the change must be refused.
 */
import type { Requirement } from "../../../table/metadata.ts";
import type { Base, RaceTable } from "../race_table.ts";
import {
  changeShot,
  draftShot,
  fire,
  reload,
  type RunContext,
  type Shot,
  shuffled,
} from "../run_context.ts";

const PROPERTY = "probe.last-writer";

/** Runs it. @throws {ToolError} */
export async function runProperties(context: RunContext): Promise<void> {
  const table = await context.makeTable();
  const [first] = context.writers;
  const last = context.writers.at(-1)!;
  let base: Base = table.emptyBase();
  for (let round = 0; round < context.plan.commits; round++) {
    if (context.signal.aborted) return;
    await Promise.all(
      shuffled(context.writers, context.random).map((writer) =>
        fire(context, writer, {
          ...setProperty(context, { table, value: `writer ${writer.number}, round ${round}` }),
          round,
        })
      ),
    );
    // The branch moves on, and an assertion that was true before is stale.
    const before = base.head?.["snapshot-id"] ?? null;
    const draft = table.draft(await reload(context, table) ?? base, { writer: first!.number });
    await table.write([draft]);
    const { answer } = await fire(context, first!, {
      ...draftShot(context, table, draft),
      round,
    });
    base = await reload(context, table) ?? draft.after;
    context.progress(round + 1);
    // Without an acknowledgement nobody knows whether the assertion still holds.
    if (answer.outcome !== "ok") continue;
    await fire(context, last, {
      ...setProperty(context, {
        table,
        value: `stale, round ${round}`,
        assertion: { type: "assert-ref-snapshot-id", ref: "main", "snapshot-id": before },
      }),
      expect: "conflict",
      round,
    });
  }
}

function setProperty(
  context: RunContext,
  of: { readonly table: RaceTable; readonly value: string; readonly assertion?: Requirement },
): Shot {
  const { table, value, assertion } = of;
  const properties = { [PROPERTY]: value };
  return changeShot(context, table, {
    properties,
    request: {
      requirements: [
        { type: "assert-table-uuid", uuid: table.uuid },
        ...(assertion === undefined ? [] : [assertion]),
      ],
      updates: [{ action: "set-properties", updates: properties }],
    },
  });
}
