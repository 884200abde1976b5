/** Columns that the CSV does not have: all null, or all of one default value. */
import type { CsvDialect, ParsedColumn } from "../input/columns.ts";
import { parseChunk } from "../input/parse.ts";
import type { PrimitiveType } from "../table/types.ts";
import type { WriteColumn } from "../table/write_plan.ts";

const DIALECT: CsvDialect = { delimiter: ",", nullValues: [], hasHeader: false };

/**
 * Makes a column of `rows` equal values.
 *
 * @throws {InputError} when the table's default value does not fit its own type.
 */
export function constantColumn(column: WriteColumn, rows: number): ParsedColumn {
  const { name, type, required, defaultText } = column;
  if (defaultText === undefined) return nullColumn({ name, type }, rows);
  const record = `"${defaultText.replaceAll('"', '""')}"\n`;
  const [parsed] = parseChunk(new TextEncoder().encode(record.repeat(rows)), {
    dialect: DIALECT,
    columnCount: 1,
    targets: [{ name, index: 0, type, required }],
    firstLine: 1,
    file: `default value of table column "${name}"`,
  });
  return parsed!;
}

function nullColumn(
  column: { readonly name: string; readonly type: PrimitiveType },
  rows: number,
): ParsedColumn {
  const shape = {
    ...column,
    length: rows,
    nullCount: rows,
    validity: new Uint8Array(Math.ceil(rows / 8)),
  };
  switch (column.type.kind) {
    case "boolean":
      return { ...shape, values: new Uint8Array(Math.ceil(rows / 8)) };
    case "int":
    case "date":
      return { ...shape, values: new Int32Array(rows) };
    case "float":
      return { ...shape, values: new Float32Array(rows) };
    case "double":
      return { ...shape, values: new Float64Array(rows) };
    case "decimal":
      return { ...shape, values: new Uint32Array(rows * 4) };
    case "uuid":
      return { ...shape, values: new Uint8Array(rows * 16) };
    case "fixed":
      return { ...shape, values: new Uint8Array(rows * column.type.lengthBytes) };
    case "string":
    case "binary":
      return { ...shape, values: new Uint8Array(0), offsets: new Int32Array(rows + 1) };
    default:
      return { ...shape, values: new BigInt64Array(rows) };
  }
}
