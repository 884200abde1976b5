/** The closed list of verbs: the first word of a command line that is in it is a verb. */

/** Every verb, in the order in which help lists them. */
export const VERB_NAMES = [
  "ingest",
  "generate",
  "serve",
  "probe",
  "verify",
  "clean",
  "doctor",
  "config",
  "completions",
  "man",
  "version",
  "help",
] as const;

/** Name of a verb. */
export type VerbName = typeof VERB_NAMES[number];
