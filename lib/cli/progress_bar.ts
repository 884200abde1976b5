/** The bar that shows the progress of a load on a terminal. */
import { Presets, SingleBar } from "cli-progress";
import { stderr } from "node:process";
import type { LoadEvent } from "../load/events.ts";
import { addEvent, EMPTY_TALLY } from "../load/summary.ts";
import type { ProgressView } from "./progress_view.ts";
import type { Output, Terminal } from "./terminal.ts";
import { formatCount } from "./values.ts";

const CLEAR_LINE = "\r\x1b[K";

/** Makes the view: the total is known once the input's size is, and no bar is drawn without it. */
export function createBar(terminal: Terminal): ProgressView {
  const bar = new SingleBar({
    format: "{bar} {percentage}% | {rows} rows | {rate} rows/s | {eta_formatted} left",
    stream: barStream(terminal.err),
    clearOnComplete: true,
    // A signal may end the tool at any time, and must not leave the terminal changed.
    hideCursor: false,
    linewrap: true,
    etaBuffer: 50,
  }, Presets.shades_grey);
  let tally = EMPTY_TALLY;
  let committedBytes = 0;
  let startedMs = 0;
  let running = false;
  const bytesOfChunk = new Map<number, number>();
  const update = (event: LoadEvent) => {
    tally = addEvent(tally, event);
    if (event.type === "start" && event.inputBytes !== undefined) {
      startedMs = performance.now();
      running = true;
      bar.start(event.inputBytes, 0, { rows: "0", rate: "0" });
    } else if (event.type === "read") {
      bytesOfChunk.set(event.chunk, event.bytes);
    } else if (event.type === "chunk" && running) {
      committedBytes += bytesOfChunk.get(event.chunk) ?? 0;
      bytesOfChunk.delete(event.chunk);
      const rate = tally.rowsCommitted / Math.max(1, performance.now() - startedMs) * 1000;
      bar.update(committedBytes, {
        rows: formatCount(tally.rowsCommitted),
        rate: formatCount(rate),
      });
    } else if (event.type === "summary") {
      stop();
    }
  };
  const stop = () => {
    if (running) bar.stop();
    running = false;
  };
  /** The bar's line is cleared before other text, and drawn again by its next update. */
  const beside = (output: Output): Output => ({
    ...output,
    write: (text) => {
      if (running && output.isTerminal) terminal.err.write(CLEAR_LINE);
      output.write(text);
    },
  });
  return {
    emit: update,
    terminal: { ...terminal, out: beside(terminal.out), err: beside(terminal.err) },
    stop,
  };
}

/**
 * The bar's own stream. It saves the cursor's place when it starts and goes back there when it
 * ends, which would be above the lines that were written meanwhile; so these two codes are dropped.
 */
function barStream(output: Output): NodeJS.WritableStream {
  return {
    isTTY: true,
    get columns() {
      return stderr.columns;
    },
    // deno-lint-ignore no-control-regex
    write: (text: unknown) => output.write(String(text).replaceAll(/\x1b[78]/g, "")),
  } as unknown as NodeJS.WritableStream;
}
