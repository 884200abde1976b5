/** Schema changes as other writers make them. */
import { currentSchema, type TableMetadata, type Update } from "../../lib/table/metadata.ts";

/** Adds a string column `extra` to the current schema. */
export function addColumnUpdates(
  metadata: TableMetadata,
  options: { readonly required: boolean },
): Update[] {
  const { "schema-id": _, ...schema } = currentSchema(metadata);
  const id = metadata["last-column-id"] + 1;
  const fields = [...schema.fields, { id, name: "extra", type: "string", ...options }];
  return [
    { action: "add-schema", schema: { ...schema, fields }, "last-column-id": id },
    { action: "set-current-schema", "schema-id": -1 },
  ];
}
