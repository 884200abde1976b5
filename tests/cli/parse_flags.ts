/** A command line read with an environment and files that are given, not looked for. */
import {
  collectValues,
  type Flag,
  type FlagValues,
  parseCommandLine,
  type ParsedCommand,
} from "../../lib/cli/flags.ts";
import type { ConfigFile } from "../../lib/cli/config/config_file.ts";

/** Parses the words, as `readVerbFlags` does; throws what that throws. */
export function parseFlags(
  command: ParsedCommand,
  options: {
    readonly args: readonly string[];
    readonly flags: readonly Flag[];
    readonly environment: (name: string) => string | undefined;
    readonly files?: readonly ConfigFile[];
  },
): FlagValues {
  parseCommandLine(command, options.args);
  return collectValues(command, options);
}
