/** The command lines of all verbs, each loaded when it is asked for. */
import { COMPLETIONS, HELP, MAN, VERSION } from "./tool_verbs.ts";
import type { VerbDefinition } from "./verb.ts";
import { VERB_NAMES, type VerbName } from "./verbs.ts";

const DEFINITIONS: Readonly<Record<VerbName, () => Promise<VerbDefinition>>> = {
  ingest: async () => (await import("./ingest_flags.ts")).INGEST,
  generate: async () => (await import("./generate.ts")).GENERATE,
  serve: async () => (await import("./serve_flags.ts")).SERVE,
  probe: async () => (await import("./probe_flags.ts")).PROBE,
  verify: async () => (await import("./verify.ts")).VERIFY,
  clean: async () => (await import("./clean.ts")).CLEAN,
  doctor: async () => (await import("./doctor/doctor_flags.ts")).DOCTOR,
  config: async () => (await import("./config/config_flags.ts")).CONFIG,
  completions: () => Promise.resolve(COMPLETIONS),
  man: () => Promise.resolve(MAN),
  version: () => Promise.resolve(VERSION),
  help: () => Promise.resolve(HELP),
};

/** The command line of one verb. */
export function definitionOf(verb: VerbName): Promise<VerbDefinition> {
  return DEFINITIONS[verb]();
}

/** The command lines of all verbs that are built, in the order of the list. */
export function allDefinitions(): Promise<VerbDefinition[]> {
  return Promise.all(VERB_NAMES.map(definitionOf));
}
