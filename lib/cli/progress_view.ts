/** Progress on stderr: a bar for a terminal, a line now and then for anything else. */
import type { Emit, LoadEvent } from "../load/events.ts";
import { lineText, ProgressFigures } from "./progress_text.ts";
import type { Terminal } from "./terminal.ts";

/** A view of progress, and how other views write without tearing it. */
export interface ProgressView {
  /** Takes the events of the load. */
  readonly emit: Emit;
  /** Both streams, to be used by the other views. */
  readonly terminal: Terminal;
  /** Takes the bar away. */
  stop(): void;
}

/** Time, for the views that tell of it. */
export interface ProgressClock {
  /** Milliseconds from any fixed point; never goes back. */
  readonly nowMs: () => number;
  /** Calls again and again, without keeping the process alive; gives what ends it. */
  readonly every: (ms: number, run: () => void) => () => void;
}

/** A line comes at least so often, while there is something to wait for. */
const LINE_INTERVAL_MS = 10_000;
/** And at each such share of the input, */
const LINE_SHARE = 0.1;
/** unless the line before has only just come: a quick load needs none. */
const LINE_GAP_MS = 2_000;

const systemClock: ProgressClock = {
  nowMs: () => performance.now(),
  every: (ms, run) => {
    const timer = setInterval(run, ms);
    Deno.unrefTimer(timer);
    return () => clearInterval(timer);
  },
};

/**
 * Makes the view. Rows are counted when committed, in `once` when encoded; the total is known once
 * the input's size is.
 */
export async function createProgressView(
  terminal: Terminal,
  options: {
    readonly enabled: boolean;
    /** @default the system's */
    readonly clock?: ProgressClock;
  },
): Promise<ProgressView> {
  const { enabled, clock = systemClock } = options;
  if (!enabled) return { emit: () => {}, terminal, stop: () => {} };
  if (!terminal.err.animates) return createLines(terminal, clock);
  // The library of the bar is loaded only for somebody to look at it.
  return (await import("./progress_bar.ts")).createBar(terminal, clock);
}

function createLines(terminal: Terminal, clock: ProgressClock): ProgressView {
  const figures = new ProgressFigures();
  let lastMs = 0;
  let lastShare = 0;
  let endTimer: (() => void) | undefined;
  const write = () => {
    const now = figures.at(clock.nowMs());
    lastMs = clock.nowMs();
    lastShare = now.share ?? 0;
    terminal.err.write(`${lineText(now)}\n`);
  };
  const stop = () => {
    endTimer?.();
    endTimer = undefined;
  };
  const emit = (event: LoadEvent) => {
    const nowMs = clock.nowMs();
    figures.add(event, nowMs);
    if (event.type === "start") {
      lastMs = nowMs;
      // A load that nothing happens in tells of it, too.
      endTimer = clock.every(LINE_INTERVAL_MS / 10, () => {
        if (clock.nowMs() - lastMs >= LINE_INTERVAL_MS) write();
      });
    } else if (event.type === "summary") {
      stop();
    } else if ((event.type === "chunk" || event.type === "encoded") && endTimer !== undefined) {
      const gained = (figures.at(nowMs).share ?? 0) - lastShare;
      if (gained >= LINE_SHARE && nowMs - lastMs >= LINE_GAP_MS) write();
    }
  };
  return { emit, terminal, stop };
}
