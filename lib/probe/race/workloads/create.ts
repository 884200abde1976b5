/** `create`: all writers create the same table; one wins, the others are told that it exists. */
import { formatTableName } from "../../../rest/catalog.ts";
import { RACE_SCHEMA } from "../race_data.ts";
import { fire, type RunContext, shuffled } from "../run_context.ts";

/** Runs it: another table in each round. */
export async function runCreate(context: RunContext): Promise<void> {
  const { catalog, namespace } = context.session;
  for (let round = 0; round < context.plan.commits; round++) {
    if (context.signal.aborted) return;
    const table = context.newTableName(String(round));
    const body = JSON.stringify({
      name: table.name,
      schema: RACE_SCHEMA,
      properties: { "format-version": "2" },
      "stage-create": false,
    });
    await Promise.all(
      shuffled(context.writers, context.random).map((writer) =>
        fire(context, writer, {
          url: catalog.paths.tables(namespace),
          body,
          kind: "create",
          intents: [{ table: formatTableName(table), requirements: [] }],
          round,
        })
      ),
    );
    context.progress(round + 1);
  }
}
