/** Tells which rows of the uneven buckets differ, and how often each side has them. */
import { BUCKET_COUNT, type Side } from "./buckets.ts";
import type { FoundRow } from "./job.ts";

/** A row that one side has more often than the other. */
export interface DifferingRow {
  /** Times that the source has it. */
  readonly source: number;
  /** Times that the table has it. */
  readonly table: number;
  /** Physical lines of the source, ascending: the first five at most. */
  readonly lines: readonly number[];
  /** Text of each value, in the order of the table's columns. */
  readonly values: readonly string[];
}

/** Lines that are kept of a row that the source has often. */
const LINES_KEPT_MAX = 5;

/** Rows that are held in memory at most, as they are spread over the buckets. */
const ROWS_AIM = 100_000;
const BUCKETS_MAX = 4096;

/**
 * How many uneven buckets are looked into: as many as there is memory for their rows, even and
 * differing ones, and always one.
 *
 * @param rows of both sides
 */
export function bucketsLookedInto(rows: number): number {
  const rowsPerBucket = Math.max(1, rows / BUCKET_COUNT);
  return Math.max(1, Math.min(BUCKETS_MAX, Math.floor(ROWS_AIM / rowsPerBucket)));
}

interface Counted {
  source: number;
  table: number;
  lines: number[];
  readonly values: readonly string[];
}

/** Counts rows by their hashes. */
export class RowCounter {
  readonly #rows = new Map<string, Counted>();

  /** Counts the rows that one job has found. */
  add(found: readonly FoundRow[], side: Side): void {
    for (const { key, line, values } of found) {
      let counted = this.#rows.get(key);
      if (counted === undefined) {
        counted = { source: 0, table: 0, lines: [], values };
        this.#rows.set(key, counted);
      }
      counted[side]++;
      if (line !== undefined) keepLine(counted.lines, line);
    }
  }

  /** The rows that differ: by their first lines in the source, then those of the table alone. */
  differing(): DifferingRow[] {
    const firstLine = ({ lines }: DifferingRow) => lines[0] ?? Number.MAX_SAFE_INTEGER;
    return [...this.#rows.values()]
      .filter(({ source, table }) => source !== table)
      .sort((one, other) => firstLine(one) - firstLine(other));
  }
}

/** Chunks come in any order; the first lines are kept. */
function keepLine(lines: number[], line: number): void {
  const at = lines.findIndex((other) => other > line);
  lines.splice(at === -1 ? lines.length : at, 0, line);
  if (lines.length > LINES_KEPT_MAX) lines.pop();
}
