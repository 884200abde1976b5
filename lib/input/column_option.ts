/** The value of `--column name:type`. */
import { UsageError } from "../errors.ts";
import { parsePrimitiveType, type PrimitiveType } from "../table/types.ts";

/** A column whose type the user gave. */
export interface ColumnOption {
  /** As the header has it; without one `column_1` and so on. */
  readonly name: string;
  /** Wins over what the rows suggest. */
  readonly type: PrimitiveType;
}

/**
 * Reads `name:type`, such as `price:decimal(9,2)`. A name may hold colons, a type never does, so
 * the last colon parts them.
 *
 * @throws {UsageError} when there is no name, or no primitive Iceberg type after the last colon
 */
export function parseColumnOption(text: string): ColumnOption {
  const colon = text.lastIndexOf(":");
  if (colon <= 0) {
    throw new UsageError(`Cannot read --column ${JSON.stringify(text)}: it must be name:type`, {
      hint: "For example --column zip:string",
    });
  }
  const typeText = text.slice(colon + 1).trim();
  const type = parsePrimitiveType(typeText.toLowerCase());
  if (type === undefined) {
    throw new UsageError(
      `Cannot read --column ${JSON.stringify(text)}: ${JSON.stringify(typeText)} is no type`,
      {
        hint: "Types: boolean, int, long, float, double, decimal(p,s), date, time, timestamp, " +
          "timestamptz, timestamp_ns, timestamptz_ns, string, uuid, fixed[n], binary",
      },
    );
  }
  return { name: text.slice(0, colon), type };
}
