/** What workers are told of a load, made without a catalog. */
import type { EncodeSetup } from "../lib/encode/job.ts";
import { parquetSettings } from "../lib/encode/parquet/settings.ts";
import { currentSchema } from "../lib/table/metadata.ts";
import { newTableMetadata } from "../lib/table/new_table.ts";
import { metricsModes } from "../lib/table/table_properties.ts";
import { matchColumns } from "../lib/table/write_plan.ts";
import { DIALECT } from "./chunks_in_memory.ts";

/**
 * The setup of a load into a new table with the default properties.
 *
 * @param types Iceberg types by column, in the order of the file.
 * @param options.directory folder of the data files; it need not be there when nothing is written.
 */
export function encodeSetup(
  types: Readonly<Record<string, string>>,
  options: { readonly directory: string },
): EncodeSetup {
  const location = `file://${options.directory}`;
  const fields = Object.entries(types).map(([name, type], index) => ({
    id: index + 1,
    name,
    type,
    required: false,
  }));
  const metadata = newTableMetadata({ schema: { type: "struct", fields } }, {
    uuid: crypto.randomUUID(),
    location,
    nowMs: Date.now(),
  });
  const schema = currentSchema(metadata);
  const metrics = metricsModes(metadata, schema);
  const { columns } = matchColumns(schema, fields.map(({ name }, index) => ({ name, index })));
  return {
    inputName: "benchmark",
    dialect: DIALECT,
    columnCount: fields.length,
    columns: columns.map((column) => ({ ...column, metrics: metrics(column.fieldId) })),
    parquet: parquetSettings(metadata),
    storeLocation: location,
    storeProperties: {},
  };
}
