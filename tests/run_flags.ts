/** The command lines of the long runs: chaos, durability, judge. */

/** Flags as they were given. */
export interface GivenFlags {
  /** Whether a switch is on. */
  isOn(name: string): boolean;
  /** Text of a flag, or undefined. */
  text(name: string): string | undefined;
  /** Number of a flag; NaN for a text that is none. */
  number(name: string, fallback: number): number;
}

/**
 * Reads a command line.
 *
 * @param known flags with a value, and switches, with their dashes.
 * @returns undefined for a flag that is not known, or one without its value.
 */
export function readGiven(
  args: readonly string[],
  known: { readonly valued: readonly string[]; readonly switches: readonly string[] },
): GivenFlags | undefined {
  const given = new Map<string, string>();
  for (let at = 0; at < args.length; at++) {
    const name = args[at]!;
    if (known.switches.includes(name)) given.set(name, "");
    else if (known.valued.includes(name) && args[at + 1] !== undefined) {
      given.set(name, args[++at]!);
    } else return undefined;
  }
  return {
    isOn: (name) => given.has(name),
    text: (name) => given.get(name),
    number: (name, fallback) => Number(given.get(name) ?? fallback),
  };
}

/** A seed for a run that was given none. */
export function drawSeed(): number {
  return Math.floor(Math.random() * 1_000_000_000);
}

/** Whether all are whole numbers, and none is negative. */
export function areCounts(values: readonly number[]): boolean {
  return values.every((value) => Number.isSafeInteger(value) && value >= 0);
}
