/** How many of the sampled fields are null. */
import type { ColumnTarget } from "./columns.ts";
import { delimiterByte } from "./csv_bytes.ts";
import type { Sample } from "./infer.ts";
import { NullRule } from "./null_rule.ts";
import { Tokenizer } from "./tokenizer.ts";

/** Nulls of some columns, and the rows in which they were counted. */
export interface NullCounts {
  /** In the order of the targets. */
  readonly nulls: readonly number[];
  /** Rows that were looked at. */
  readonly rows: number;
}

/** Counts in the rows that a sample has kept; what is null depends on the type that is written. */
export function countNulls(
  sample: Sample,
  targets: ReadonlyArray<Pick<ColumnTarget, "index" | "type">>,
): NullCounts {
  const { dialect } = sample;
  const columnCount = sample.columns.length;
  const rules = targets.map(({ type }) => new NullRule(dialect.nullValues, type.kind === "string"));
  const nulls = targets.map(() => 0);
  let rows = 0;
  for (const { bytes } of sample.kept) {
    const tokenizer = new Tokenizer(bytes, { delimiter: delimiterByte(dialect), columnCount });
    const { batch } = tokenizer;
    while (tokenizer.next()) {
      rows += batch.rows;
      for (const [at, { index }] of targets.entries()) {
        const rule = rules[at]!;
        for (let row = 0; row < batch.rows; row++) {
          const field = row * columnCount + index;
          if (rule.matches(batch.bytes, batch.start(field), batch.end(field))) nulls[at]!++;
        }
      }
    }
  }
  return { nulls, rows };
}
