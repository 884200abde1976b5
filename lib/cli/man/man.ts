/** `man`: the manual page. */
import { EXIT_CODE, UsageError } from "../../errors.ts";
import { buildInfo } from "../build_info.ts";
import { allDefinitions } from "../definitions.ts";
import { COMMON_VARIABLES, MAN } from "../tool_verbs.ts";
import { readOperands, type VerbCall } from "../verb.ts";
import { manPage } from "./page.ts";

/**
 * Runs `man`: prints the page as roff.
 *
 * @throws {UsageError} for any argument.
 */
export async function runMan(call: VerbCall): Promise<number> {
  const words = readOperands(call, MAN);
  if (words === undefined) return EXIT_CODE.ok;
  if (words.length > 0) {
    throw new UsageError(`Cannot use "${words[0]}": man takes nothing`, {
      hint: "The page has all verbs; to read it: lakekeeper-ingest man | man -l -",
    });
  }
  const verbs = await allDefinitions();
  call.terminal.out.write(manPage({ build: buildInfo(), verbs, variables: COMMON_VARIABLES }));
  return EXIT_CODE.ok;
}
