/** `help`: the short help, and the full help of a verb. */
import { EXIT_CODE, UsageError } from "../errors.ts";
import { definitionOf } from "./definitions.ts";
import { nearest } from "./nearest.ts";
import { printShortHelp } from "./short_help.ts";
import { HELP } from "./tool_verbs.ts";
import { printHelp, type VerbCall } from "./verb.ts";
import { VERB_NAMES } from "./verbs.ts";

/**
 * Runs `help`.
 *
 * @throws {UsageError} for a verb that there is not.
 */
export async function runHelp(call: VerbCall): Promise<number> {
  const [word] = call.args;
  if (word === "-h" || word === "--help") {
    printHelp(HELP, call.terminal);
    return EXIT_CODE.ok;
  }
  if (word === undefined || word.startsWith("-")) {
    printShortHelp(call.terminal.out, call.terminal);
    return EXIT_CODE.ok;
  }
  const verb = VERB_NAMES.find((name) => name === word);
  if (verb === undefined) {
    const near = nearest(word.toLowerCase(), VERB_NAMES);
    throw new UsageError(`Cannot show help for "${word}": there is no such verb`, {
      hint: near === undefined ? `Verbs: ${VERB_NAMES.join(", ")}` : `Did you mean "${near}"?`,
    });
  }
  printHelp(await definitionOf(verb), call.terminal);
  return EXIT_CODE.ok;
}
