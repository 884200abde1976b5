/** Where the value of a setting comes from, and which of two places wins. */

/** Where a value came from. */
export type ValueSource =
  | "flag"
  | "environment"
  | "project file"
  | "user file"
  | "pyiceberg file"
  | "default";

/** The strongest first. */
const SOURCES: readonly ValueSource[] = [
  "flag",
  "environment",
  "project file",
  "user file",
  "pyiceberg file",
  "default",
];

/** The place of a value. */
export interface Origin {
  /** The kind of the place. */
  readonly source: ValueSource;
  /** The flag, the variable, or the path of the file; none for what is built in. */
  readonly name?: string;
  /** Line of the file, from 1. */
  readonly line?: number;
}

/** A value and its place. */
export interface Setting {
  /** As a text, as a flag would be given it. */
  readonly value: string;
  /** Where it stands. */
  readonly origin: Origin;
}

/** Whether values of the first source win over those of the second. */
export function beats(one: ValueSource, other: ValueSource): boolean {
  return SOURCES.indexOf(one) < SOURCES.indexOf(other);
}

/** The place in a few words. */
export function describeOrigin(origin: Origin): string {
  if (origin.name === undefined) return origin.source === "default" ? "built-in" : origin.source;
  return origin.line === undefined ? origin.name : `${origin.name}:${origin.line}`;
}
