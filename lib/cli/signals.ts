/** Ctrl-C and SIGTERM: the first ends a load in order, the second at once. */
import { EXIT_CODE } from "../errors.ts";
import type { Stop } from "../load/stop.ts";

/** Running listeners. */
export interface Signals {
  /** Stops listening: the system does again what it does by itself. */
  close(): void;
}

const EXIT_CODES: ReadonlyArray<readonly [Deno.Signal, number]> = Deno.build.os === "windows"
  ? [["SIGINT", EXIT_CODE.interrupted], ["SIGBREAK", EXIT_CODE.terminated]]
  : [["SIGINT", EXIT_CODE.interrupted], ["SIGTERM", EXIT_CODE.terminated]];

/** Asks a load to end on the first signal, and leaves on the second. */
export function listenForSignals(stop: Stop, exitNow: (code: number) => void): Signals {
  return listen((code) => {
    if (stop.isRequested) exitNow(code);
    stop.request(code);
  });
}

/**
 * Leaves on the first signal: for a verb that has nothing to put in order. The system would do so
 * unasked, but not to process 1, which a container's entry point is.
 */
export function leaveOnSignals(exitNow: (code: number) => void): Signals {
  return listen(exitNow);
}

function listen(onSignal: (code: number) => void): Signals {
  const listeners = EXIT_CODES.map(([signal, code]) => {
    const listener = () => onSignal(code);
    Deno.addSignalListener(signal, listener);
    return () => Deno.removeSignalListener(signal, listener);
  });
  return { close: () => listeners.forEach((remove) => remove()) };
}
