/** The closed list of verbs: the first word of a command line that is in it is a verb. */

/** Verbs that are built. */
export const VERBS_BUILT = [
  "ingest",
  "generate",
  "serve",
  "probe",
  "verify",
  "clean",
  "version",
  "help",
] as const;

/** Verbs that come later; until then they say so. */
export const VERBS_TO_COME: readonly string[] = [
  "doctor",
  "config",
  "completions",
  "man",
];

/** Every verb of the list. */
export const VERB_NAMES: readonly string[] = [...VERBS_BUILT, ...VERBS_TO_COME];
