/** How far a load is, as figures and as one line of text. */
import type { LoadEvent } from "../load/events.ts";
import { formatCount, formatDuration } from "./values.ts";

/** How far a load is. */
export interface Progress {
  /** When rows count: in `once` all are committed together, so there it is once they are encoded. */
  readonly counts: "committed" | "encoded";
  /** Bytes of the input that count, 0 to 1; undefined when its size is not known. */
  readonly share: number | undefined;
  /** Rows that count. */
  readonly rows: number;
  /** Of those, per second since the start. */
  readonly rowsPerS: number;
  /** Bytes of the input. */
  readonly bytesPerS: number;
  /** At the speed so far; undefined when there is none, or the end is not known. */
  readonly leftMs: number | undefined;
  /** Chunks that have come to their end, or in `once` are encoded. */
  readonly chunks: number;
  /** Snapshots made. */
  readonly commits: number;
  /** Lost races. */
  readonly conflicts: number;
}

/** Counts the events of a load. */
export class ProgressFigures {
  #counts: Progress["counts"] = "committed";
  #startedMs = 0;
  #inputBytes: number | undefined;
  #bytes = 0;
  #rows = 0;
  #chunks = 0;
  #commits = 0;
  #conflicts = 0;
  /** Of those that do not count yet. */
  readonly #bytesOfChunk = new Map<number, number>();

  /** Counts one event. */
  add(event: LoadEvent, nowMs: number): void {
    switch (event.type) {
      case "start":
        this.#counts = event.commitMode === "once" ? "encoded" : "committed";
        this.#startedMs = nowMs;
        this.#inputBytes = event.inputBytes;
        return;
      case "read":
        this.#bytesOfChunk.set(event.chunk, event.bytes);
        return;
      case "commit":
        if (event.outcome === "committed") this.#commits++;
        if (event.outcome === "conflict") this.#conflicts++;
        return;
      case "encoded":
        if (this.#counts === "encoded") this.#count(event.chunk, event.rows);
        return;
      case "chunk": {
        const isIn = event.state === "committed" || event.state === "recorded";
        this.#count(event.chunk, isIn ? event.rows : 0);
      }
    }
  }

  /** Counts a chunk, unless it has been. */
  #count(chunk: number, rows: number): void {
    const bytes = this.#bytesOfChunk.get(chunk);
    if (bytes === undefined) return;
    this.#bytesOfChunk.delete(chunk);
    this.#bytes += bytes;
    this.#rows += rows;
    this.#chunks++;
  }

  /** The figures at a time. */
  at(nowMs: number): Progress {
    const elapsedMs = Math.max(1, nowMs - this.#startedMs);
    const total = this.#inputBytes;
    const share = total === undefined || total === 0 ? undefined : Math.min(1, this.#bytes / total);
    return {
      counts: this.#counts,
      share,
      rows: this.#rows,
      rowsPerS: this.#rows / elapsedMs * 1000,
      bytesPerS: this.#bytes / elapsedMs * 1000,
      leftMs: share === undefined || share === 0 ? undefined : elapsedMs * (1 / share - 1),
      chunks: this.#chunks,
      commits: this.#commits,
      conflicts: this.#conflicts,
    };
  }
}

/** Least and most characters of the bar itself. */
const BAR_MIN = 8;
const BAR_MAX = 40;

/**
 * The bar and as many figures as fit into one line: the most wanted ones stay the longest. Without a
 * known end there is no bar.
 */
export function progressBar(
  progress: Progress,
  of: { readonly columns: number; readonly usesUnicode: boolean },
): string {
  const { share } = progress;
  // A line as wide as the terminal would wrap in some.
  const space = of.columns - 1 - (share === undefined ? 0 : BAR_MIN + 1);
  const parts = partsOf(progress);
  let shown = parts;
  while (shown.length > 1 && joined(shown).length > space) {
    const least = shown.reduce((one, other) => other.rank > one.rank ? other : one);
    shown = shown.filter((part) => part !== least);
  }
  const text = joined(shown);
  if (share === undefined) return text;
  const size = Math.max(BAR_MIN, Math.min(BAR_MAX, of.columns - 2 - text.length));
  const done = Math.round(size * share);
  const [full, empty] = of.usesUnicode ? ["█", "░"] : ["#", "-"];
  return `${full!.repeat(done)}${empty!.repeat(size - done)} ${text}`;
}

/** All figures, for a log. */
export function lineText(progress: Progress): string {
  return `Progress: ${joined(partsOf(progress))}`;
}

/** A part of the line; those of the highest rank are left out first. */
interface Part {
  readonly text: string;
  readonly rank: number;
}

function joined(parts: readonly Part[]): string {
  return parts.map(({ text }) => text).join(", ");
}

function partsOf(progress: Progress): Part[] {
  const { share, leftMs } = progress;
  const encoded = progress.counts === "encoded" ? " encoded" : "";
  return [
    ...(share === undefined ? [] : [{ text: `${Math.floor(share * 100)} %`, rank: 0 }]),
    { text: `${countOf(progress.rows, "row")}${encoded}`, rank: 1 },
    { text: `${formatCount(progress.rowsPerS)} rows/s`, rank: 2 },
    { text: `${(progress.bytesPerS / 1e6).toFixed(1)} MB/s`, rank: 6 },
    { text: countOf(progress.chunks, "chunk"), rank: 7 },
    { text: countOf(progress.commits, "commit"), rank: 5 },
    { text: countOf(progress.conflicts, "conflict"), rank: 4 },
    ...(leftMs === undefined ? [] : [{ text: `${formatDuration(leftMs)} left`, rank: 3 }]),
  ];
}

function countOf(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`;
}
