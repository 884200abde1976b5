/** The bytes of this load that are known to be in the table; shared by all writers of a run. */
import type { ByteRange } from "../table/locations.ts";
import { coverage, foldRanges, type LedgerRange } from "./ledger.ts";

/** Collects ranges as they are found, by whoever they were written. */
export class RecordedRanges {
  #ranges: LedgerRange[] = [];

  /** Ranges in order, those that touch made one. */
  get ranges(): readonly LedgerRange[] {
    return this.#ranges;
  }

  /** Adds what was found; what is known already is left out. */
  add(ranges: readonly LedgerRange[]): void {
    const fresh = ranges.filter((range) => coverage(range, this.#ranges) !== "whole");
    if (fresh.length > 0) this.#ranges = foldRanges([...this.#ranges, ...fresh]);
  }

  /** How a range lies to those in the table. */
  coverage(range: ByteRange): "none" | "whole" | "part" {
    return coverage(range, this.#ranges);
  }
}
