/** The event stream as JSON lines: names in snake_case, 64-bit ids as strings. */
import type { Emit } from "../load/events.ts";
import type { Terminal } from "./terminal.ts";

/**
 * Makes a view that prints each event as one line on stdout; HTTP events only when traced. An error
 * stands on stderr, too, as one does that comes before the load.
 */
export function createJsonView(
  terminal: Pick<Terminal, "out" | "err">,
  options: { readonly trace: boolean },
): Emit {
  return (event) => {
    if (event.type === "http" && !options.trace) return;
    const line = `${jsonLine(event, new Date())}\n`;
    terminal.out.write(line);
    if (event.type === "error") terminal.err.write(line);
  };
}

/** One event as it stands on its line. Fields and types may be added, none changes its meaning. */
export function jsonLine<T extends { readonly type: string }>(event: T, time: Date): string {
  const { type, ...rest } = event;
  return JSON.stringify({ type, time: time.toISOString(), ...(snakeKeys(rest) as object) });
}

/**
 * A value with its keys in snake_case, fractions rounded to three digits. Keys of the events are
 * camelCase words; status codes and the like have no capitals to change.
 */
export function snakeKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(snakeKeys);
  if (typeof value !== "object" || value === null) {
    return typeof value === "number" && !Number.isInteger(value) ? roundTo3(value) : value;
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [snakeKey(key), snakeKeys(item)]),
  );
}

/** The names of events are few, and come again with each. */
const knownKeys = new Map<string, string>();
const KNOWN_MAX = 1000;

function snakeKey(key: string): string {
  let snake = knownKeys.get(key);
  if (snake === undefined) {
    snake = key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    if (knownKeys.size < KNOWN_MAX) knownKeys.set(key, snake);
  }
  return snake;
}

function roundTo3(value: number): number {
  return Math.round(value * 1000) / 1000;
}
