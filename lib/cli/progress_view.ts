/** Progress on stderr: a bar for a terminal, a line now and then for anything else. */
import type { Emit, LoadEvent } from "../load/events.ts";
import { addEvent, EMPTY_TALLY } from "../load/summary.ts";
import type { Terminal } from "./terminal.ts";
import { formatCount } from "./values.ts";

/** A view of progress, and how other views write without tearing it. */
export interface ProgressView {
  readonly emit: Emit;
  /** Both streams, to be used by the other views. */
  readonly terminal: Terminal;
  /** Takes the bar away. */
  stop(): void;
}

const LINE_INTERVAL_MS = 10_000;

/** Makes the view. Rows are counted when committed; the total is known once the input's size is. */
export async function createProgressView(
  terminal: Terminal,
  options: { readonly enabled: boolean },
): Promise<ProgressView> {
  if (!options.enabled) return { emit: () => {}, terminal, stop: () => {} };
  if (!terminal.err.isTerminal) return createLines(terminal);
  // The library of the bar is loaded only for somebody to look at it.
  return (await import("./progress_bar.ts")).createBar(terminal);
}

function createLines(terminal: Terminal): ProgressView {
  let tally = EMPTY_TALLY;
  let inputBytes: number | undefined;
  let lastMs = performance.now();
  const emit = (event: LoadEvent) => {
    tally = addEvent(tally, event);
    if (event.type === "start") inputBytes = event.inputBytes;
    const nowMs = performance.now();
    if (event.type !== "chunk" || nowMs - lastMs < LINE_INTERVAL_MS) return;
    lastMs = nowMs;
    const share = inputBytes === undefined || inputBytes === 0
      ? ""
      : `, ${Math.floor(tally.bytesRead / inputBytes * 100)} % read`;
    terminal.err.write(`${formatCount(tally.rowsCommitted)} rows committed${share}\n`);
  };
  return { emit, terminal, stop: () => {} };
}
