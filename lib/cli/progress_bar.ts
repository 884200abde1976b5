/** The bar that shows the progress of a load on a terminal. */
import { SingleBar } from "cli-progress";
import type { LoadEvent } from "../load/events.ts";
import { progressBar, ProgressFigures } from "./progress_text.ts";
import type { ProgressClock, ProgressView } from "./progress_view.ts";
import type { Output, Terminal } from "./terminal.ts";

const CLEAR_LINE = "\r\x1b[K";

/** Makes the view: one line with all figures, below whatever else is written. */
export function createBar(terminal: Terminal, clock: ProgressClock): ProgressView {
  const figures = new ProgressFigures();
  const barText = () =>
    progressBar(figures.at(clock.nowMs()), {
      columns: terminal.err.columns(),
      usesUnicode: terminal.usesUnicode,
    });
  const bar = new SingleBar({
    format: barText,
    stream: barStream(terminal.err),
    clearOnComplete: true,
    // A signal may end the tool at any time, and must not leave the terminal changed.
    hideCursor: false,
    linewrap: true,
  });
  let running = false;
  const update = (event: LoadEvent) => {
    figures.add(event, clock.nowMs());
    if (event.type === "start") {
      running = true;
      // Its own count means nothing: the text has all figures.
      bar.start(1, 0);
    } else if (event.type === "summary") {
      stop();
    } else if (running) {
      bar.update(0);
    }
  };
  const stop = () => {
    if (running) bar.stop();
    running = false;
  };
  /** The bar's line is cleared before other text, and drawn again below it. */
  const beside = (output: Output): Output => ({
    ...output,
    write: (text) => {
      const isBesideBar = running && output.isTerminal;
      if (isBesideBar) terminal.err.write(CLEAR_LINE);
      output.write(text);
      if (isBesideBar) terminal.err.write(barText());
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
      return output.columns();
    },
    // deno-lint-ignore no-control-regex
    write: (text: unknown) => output.write(String(text).replaceAll(/\x1b[78]/g, "")),
  } as unknown as NodeJS.WritableStream;
}
