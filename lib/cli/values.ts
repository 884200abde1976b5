/** Values of flags and variables as people write them, and numbers as people read them. */
import { UsageError } from "../errors.ts";
import { nearest } from "./nearest.ts";

const COUNT_UNITS: Readonly<Record<string, number>> = { "": 1, k: 1e3, m: 1e6, g: 1e9 };

/**
 * A count such as `1000`, `10k` or `1m`.
 *
 * @throws {UsageError} when it is none, or out of bounds.
 */
export function parseCount(
  text: string,
  of: { readonly flag: string; readonly min: number; readonly max?: number },
): number {
  const match = /^(\d{1,15})([kmg]?)$/i.exec(text.trim());
  const count = match === null
    ? NaN
    : Number(match[1]) * (COUNT_UNITS[match[2]!.toLowerCase()] ?? NaN);
  const max = of.max ?? Number.MAX_SAFE_INTEGER;
  if (!(count >= of.min && count <= max)) {
    const range = of.max === undefined ? `from ${of.min} on` : `from ${of.min} to ${of.max}`;
    throw new UsageError(`Cannot use ${of.flag} "${text}": it takes a whole number ${range}`);
  }
  return count;
}

const DURATION_UNITS_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/**
 * A duration such as `500ms`, `30s`, `5m` or `1h`, in ms.
 *
 * @throws {UsageError} when it is none.
 */
export function parseDurationMs(text: string, of: { readonly flag: string }): number {
  const match = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h)$/.exec(text.trim());
  if (match === null) {
    throw new UsageError(
      `Cannot use ${of.flag} "${text}": it takes a duration such as 500ms, 30s or 5m`,
    );
  }
  return Number(match[1]) * DURATION_UNITS_MS[match[2]!]!;
}

const SIZE_UNITS: Readonly<Record<string, number>> = {
  "": 1,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
};

/**
 * A size such as `128MiB`, in bytes.
 *
 * @throws {UsageError} when it is none.
 */
export function parseSizeBytes(text: string, of: { readonly flag: string }): number {
  const match = /^(\d{1,12})([kmg]i?b|)$/i.exec(text.trim());
  const bytes = match === null ? 0 : Number(match[1]) * SIZE_UNITS[match[2]!.toLowerCase()]!;
  if (bytes > 0) return bytes;
  throw new UsageError(`Cannot use ${of.flag} "${text}": it takes a size such as 512KiB or 128MiB`);
}

/**
 * A yes or no from a variable.
 *
 * @throws {UsageError} for anything else.
 */
export function parseSwitch(text: string, of: { readonly flag: string }): boolean {
  if (/^(1|true|yes|on)$/i.test(text)) return true;
  if (/^(0|false|no|off)$/i.test(text)) return false;
  throw new UsageError(`Cannot use ${of.flag} "${text}": it takes true or false`);
}

/**
 * One of a few words.
 *
 * @throws {UsageError} for any other, with the one that was likely meant.
 */
export function parseChoice<T extends string | number>(
  text: string,
  of: { readonly flag: string; readonly choices: readonly T[] },
): T {
  const chosen = of.choices.find((choice) => String(choice) === text);
  if (chosen !== undefined) return chosen;
  const names = of.choices.map(String);
  // Figures are not misspelt.
  const near = nearest(text, names.filter((name) => !/^\d+$/.test(name)));
  throw new UsageError(
    `Cannot use ${of.flag} "${text}": it takes ${names.join(", ")}`,
    near === undefined ? {} : { hint: `Did you mean "${near}"?` },
  );
}

/** A number with thousands separators. */
export function formatCount(count: number): string {
  return Math.round(count).toString().replace(/\B(?=(\d{3})+$)/g, ",");
}

/** A duration of the size that fits: `340 ms`, `2.9 s`, `3 min 20 s`. */
export function formatDuration(ms: number): string {
  // A figure that would be rounded up to the next unit takes that unit.
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** A size in MiB. */
export function formatMebibytes(bytes: number): string {
  return `${formatCount(bytes / 2 ** 20)} MiB`;
}
