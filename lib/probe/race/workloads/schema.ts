/** `schema`: some writers add a column while the others append, all on one base. */
import { currentSchema, type TableMetadata } from "../../../table/metadata.ts";
import { patiently } from "../patience.ts";
import type { RaceTable } from "../race_table.ts";
import {
  changeShot,
  draftShot,
  fire,
  type RunContext,
  type Shot,
  shuffled,
} from "../run_context.ts";

/** Runs it. @throws {ToolError} when the table cannot be made or loaded. */
export async function runSchema(context: RunContext): Promise<void> {
  const table = await context.makeTable();
  let base = table.emptyBase();
  for (let round = 0; round < context.plan.commits; round++) {
    if (context.signal.aborted) return;
    const appenders = context.writers.filter(({ number }) => number % 2 === 0);
    const drafts = appenders.map(({ number: writer }) => table.draft(base, { writer }));
    await table.write(drafts);
    const shots = context.writers.map((writer): { writer: typeof writer; shot: Shot } => {
      const draft = drafts[appenders.indexOf(writer)];
      const shot = draft === undefined
        ? addColumn(context, { table, name: `added_by_${writer.number}_in_${round}` })
        : draftShot(context, table, draft);
      return { writer, shot };
    });
    await Promise.all(
      shuffled(shots, context.random).map(({ writer, shot }) =>
        fire(context, writer, { ...shot, round })
      ),
    );
    // Two may have won, an append and a column: and the next column needs the whole schema.
    const loaded = await patiently(() => context.session.catalog.loadTable(table.name), {
      signal: context.graceSignal,
    });
    if (loaded === undefined) return;
    base = table.adopt(loaded.metadata);
    context.progress(round + 1);
  }
}

function addColumn(
  context: RunContext,
  of: { readonly table: RaceTable; readonly name: string },
): Shot {
  const { table, name } = of;
  const { metadata } = table;
  const id = metadata["last-column-id"] + 1;
  const schema = currentSchema(metadata);
  return changeShot(context, table, {
    columns: [name],
    request: {
      requirements: [
        { type: "assert-table-uuid", uuid: table.uuid },
        {
          type: "assert-last-assigned-field-id",
          "last-assigned-field-id": metadata["last-column-id"],
        },
        { type: "assert-current-schema-id", "current-schema-id": metadata["current-schema-id"] },
      ],
      updates: [
        {
          action: "add-schema",
          schema: {
            ...schema,
            "schema-id": nextSchemaId(metadata),
            fields: [...schema.fields, { id, name, type: "string", required: false }],
          },
          "last-column-id": id,
        },
        // -1 stands for the schema that was added last.
        { action: "set-current-schema", "schema-id": -1 },
      ],
    },
  });
}

function nextSchemaId(metadata: TableMetadata): number {
  return Math.max(...metadata.schemas.map((schema) => schema["schema-id"] ?? 0)) + 1;
}
