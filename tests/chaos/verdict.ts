/** What a table holds beside what it should hold, and the counts of a whole run. */
import { countRows, type Row } from "./rows.ts";
import type { TableReading } from "./table_reading.ts";

/** What is wrong with a table. */
export interface Verdict {
  /** Rows that are missing. */
  readonly lost: number;
  /** Rows that are there more often than in the input. */
  readonly doubled: number;
  /** Whether the table is damaged, or holds what no input held. */
  readonly corrupted: boolean;
  /** Files that the table refers to and that are gone. */
  readonly liveFilesDeleted: number;
  /** What was found, for people. */
  readonly findings: readonly string[];
}

const FINDINGS_MAX = 8;

/** Compares rows as multisets. */
export function judge(reading: TableReading, expected: readonly Row[]): Verdict {
  const wanted = countRows(expected);
  const found = countRows(reading.rows);
  const findings: string[] = [];
  let lost = 0;
  let doubled = 0;
  let strange = 0;
  for (const [key, count] of wanted) {
    const difference = (found.get(key) ?? 0) - count;
    if (difference < 0) lost -= difference;
    if (difference > 0) doubled += difference;
    if (difference !== 0) findings.push(`${difference > 0 ? "+" : ""}${difference} × ${key}`);
  }
  for (const [key, count] of found) {
    if (wanted.has(key)) continue;
    strange += count;
    findings.push(`not of the input: ${count} × ${key}`);
  }
  return {
    lost,
    doubled,
    corrupted: reading.corruptions.length > 0 || strange > 0,
    liveFilesDeleted: reading.missing.length,
    findings: [
      ...reading.corruptions.slice(0, FINDINGS_MAX),
      ...reading.missing.slice(0, FINDINGS_MAX).map((location) => `gone: ${location}`),
      ...findings.slice(0, FINDINGS_MAX),
    ],
  };
}

/** Whether nothing is wrong. */
export function isSound(verdict: Verdict): boolean {
  const { lost, doubled, corrupted, liveFilesDeleted } = verdict;
  return lost === 0 && doubled === 0 && !corrupted && liveFilesDeleted === 0;
}

/** Counts over many loads. */
export class Totals {
  loads = 0;
  lost = 0;
  doubled = 0;
  corrupted = 0;
  liveFilesDeleted = 0;
  /** Loads that did not come to their end, or said what is not so. */
  failed = 0;

  /** Counts one load's verdict. */
  add(verdict: Verdict): void {
    this.loads++;
    this.lost += verdict.lost;
    this.doubled += verdict.doubled;
    this.corrupted += verdict.corrupted ? 1 : 0;
    this.liveFilesDeleted += verdict.liveFilesDeleted;
  }

  /** Whether every count is 0. */
  get isClean(): boolean {
    const { lost, doubled, corrupted, liveFilesDeleted, failed } = this;
    return lost + doubled + corrupted + liveFilesDeleted + failed === 0;
  }

  /** The line that says it all. */
  toString(): string {
    return `loads ${this.loads}, lost ${this.lost}, doubled ${this.doubled}, ` +
      `corrupted ${this.corrupted}, live files deleted ${this.liveFilesDeleted}`;
  }
}
