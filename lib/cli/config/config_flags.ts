/** The command line of `config`. */
import { CATALOG_FLAGS, CATALOG_VARIABLES } from "../catalog_choice.ts";
import { TABLE_FLAGS } from "../table_flags.ts";
import type { VerbDefinition } from "../verb.ts";

/** What `config` can be asked for. */
export const CONFIG_WORDS = ["show", "path"] as const;

/** The command line of `config`. */
export const CONFIG: VerbDefinition = {
  name: "config",
  usage: "show|path [flags]",
  description: "Show the settings in effect and where each comes from, or the files looked for",
  operands: [{ values: CONFIG_WORDS }],
  flags: [
    ...CATALOG_FLAGS,
    ...TABLE_FLAGS,
    { flags: "--json", description: "print all of it as one JSON object", group: "Output" },
  ],
  examples: [
    "lakekeeper-ingest config show",
    "lakekeeper-ingest config show --catalog prod --json",
    "lakekeeper-ingest config path",
  ],
  notes: [
    "Flags beat variables, which beat .lakekeeper-ingest.yaml in the working directory, which beats " +
    "the user's lakekeeper-ingest/config.yaml, which beats .pyiceberg.yaml. Keys of the two files " +
    "are the names of flags without the dashes. Secrets are shown as ***.",
    "Every flag of ingest is taken here, too, to see what it would change.",
  ],
  variables: [
    ...CATALOG_VARIABLES,
    ["PYICEBERG_CATALOG__NAME__KEY", "pyiceberg's settings of the catalog NAME"],
    ["PYICEBERG_HOME", "directory of .pyiceberg.yaml, looked into before the home directory"],
    ["XDG_CONFIG_HOME", "directory of the user's settings (default: ~/.config)"],
  ],
  exitStatus: [
    ["0", "shown"],
    ["2", "wrong command line or configuration: what is wrong stands below the settings"],
  ],
};
