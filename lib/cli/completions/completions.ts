/** `completions`: scripts by which shells complete the tool's command line. */
import { EXIT_CODE, UsageError } from "../../errors.ts";
import { allDefinitions } from "../definitions.ts";
import { COMPLETIONS, SHELLS } from "../tool_verbs.ts";
import { parseChoice } from "../values.ts";
import { readOperands, type VerbCall } from "../verb.ts";
import { bashCompletions } from "./bash.ts";
import { fishCompletions } from "./fish.ts";
import { type VerbWords, wordsOf } from "./words.ts";
import { zshCompletions } from "./zsh.ts";

const SCRIPTS: Readonly<
  Record<typeof SHELLS[number], (verbs: readonly VerbWords[]) => string>
> = { bash: bashCompletions, zsh: zshCompletions, fish: fishCompletions };

/**
 * Runs `completions`: prints the script of a shell.
 *
 * @throws {UsageError} for a shell that there are none for.
 */
export async function runCompletions(call: VerbCall): Promise<number> {
  const words = readOperands(call, COMPLETIONS);
  if (words === undefined) return EXIT_CODE.ok;
  const [word, ...others] = words;
  if (word === undefined || others.length > 0) {
    throw new UsageError(`Cannot print completions: it takes one shell, ${SHELLS.join(", ")}`, {
      hint: "For example: lakekeeper-ingest completions bash",
    });
  }
  const shell = parseChoice(word, { flag: "shell", choices: SHELLS });
  call.terminal.out.write(SCRIPTS[shell](wordsOf(await allDefinitions())));
  return EXIT_CODE.ok;
}
