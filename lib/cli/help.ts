/** `help`: the short help, and the full help of a verb. */
import { EXIT_CODE, UsageError } from "../errors.ts";
import { SHORT_HELP } from "./short_help.ts";
import { helpOfVerb, type VerbCall } from "./verb.ts";
import { VERBS_BUILT } from "./verbs.ts";

const HELP_OF_VERBS: Readonly<Record<typeof VERBS_BUILT[number], () => Promise<string>>> = {
  ingest: async () => helpOfVerb((await import("./ingest_flags.ts")).INGEST),
  generate: async () => helpOfVerb((await import("./generate.ts")).GENERATE),
  probe: async () => helpOfVerb((await import("./probe_flags.ts")).PROBE),
  serve: async () => helpOfVerb((await import("./serve_flags.ts")).SERVE),
  verify: async () => helpOfVerb((await import("./verify.ts")).VERIFY),
  clean: async () => helpOfVerb((await import("./clean.ts")).CLEAN),
  version: async () => (await import("./version.ts")).VERSION_HELP,
  help: () => Promise.resolve("Usage: lakekeeper-ingest help [VERB]\n"),
};

/**
 * Runs `help`.
 *
 * @throws {UsageError} for a verb that has none.
 */
export async function runHelp(call: VerbCall): Promise<number> {
  const [word] = call.args;
  if (word === undefined || word.startsWith("-")) {
    call.terminal.out.write(SHORT_HELP);
    return EXIT_CODE.ok;
  }
  const verb = VERBS_BUILT.find((name) => name === word);
  if (verb === undefined) {
    throw new UsageError(`Cannot show help for "${word}": there is no such verb in this version`, {
      hint: `Verbs: ${VERBS_BUILT.join(", ")}`,
    });
  }
  call.terminal.out.write(await HELP_OF_VERBS[verb]());
  return EXIT_CODE.ok;
}
