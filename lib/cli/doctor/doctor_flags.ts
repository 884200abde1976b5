/** The command line of `doctor`. */
import { CATALOG_FLAGS, CATALOG_VARIABLES } from "../catalog_choice.ts";
import type { Flag } from "../flags.ts";
import { TABLE_FLAGS } from "../table_flags.ts";
import type { VerbDefinition } from "../verb.ts";

const DOCTOR_FLAGS: readonly Flag[] = [
  ...CATALOG_FLAGS,
  ...TABLE_FLAGS,
  { flags: "--json", description: "print each check as a JSON line", group: "Output" },
  {
    flags: "--trace",
    description: "show method, URL and status of every request",
    group: "Output",
  },
];

/** The command line of `doctor`. */
export const DOCTOR: VerbDefinition = {
  name: "doctor",
  usage: "[flags]",
  description: "Check that a load can work: catalog, rights, credentials, store, clocks",
  flags: DOCTOR_FLAGS,
  examples: [
    "lakekeeper-ingest doctor",
    "lakekeeper-ingest doctor --uri http://localhost:8181/catalog --warehouse demo",
    "lakekeeper-ingest doctor --json",
  ],
  notes: [
    "A namespace and a table with names of their own (lakekeeper_ingest_doctor_…) are made, one " +
    "object is written and read where the table's files would lie, and all of it is removed " +
    "again, also after Ctrl-C. Where namespaces may not be made, the table is made in --namespace.",
    "What of the catalog is in use, and which place said so: lakekeeper-ingest config show.",
  ],
  variables: CATALOG_VARIABLES,
  exitStatus: [
    ["0", "every check passed; there may be warnings"],
    ["1", "a check failed for another reason than those below"],
    ["2", "wrong command line or configuration, or no such warehouse"],
    ["6", "the catalog or the store refused access"],
    ["7", "the catalog or the store cannot be reached"],
    ["130, 143", "interrupted by SIGINT, SIGTERM"],
  ],
};
