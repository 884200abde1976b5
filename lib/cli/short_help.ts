/** The short help, for a command line that asks for nothing. */
import { inAscii, type Output, paint, type Terminal } from "./terminal.ts";
import { VERB_NAMES } from "./verbs.ts";
import { wrap } from "./wrap.ts";

const WIDTH = 80;

const EXAMPLES = `lakekeeper-ingest loads CSV into Apache Iceberg tables, in parallel.

Examples:
  lakekeeper-ingest sample_data.csv --workers 2     load a file
  lakekeeper-ingest generate --rows 1m -o big.csv   make sample data
  lakekeeper-ingest verify sample_data.csv          compare table and file
  lakekeeper-ingest serve                           run the embedded catalog
  lakekeeper-ingest probe                           race writers, and judge

Common flags:
  -w, --workers <N>       workers that encode and commit (default: 2)
      --chunk-size <N>    rows of a chunk (default: 1000)
      --uri <URI>         catalog (default: http://localhost:8181/catalog)
      --warehouse <NAME>  warehouse of the catalog (default: demo)
      --table <NAME>      table, or namespace.table (default: sample_table)
`;

/** Writes what a first look needs. */
export function printShortHelp(output: Output, terminal: Pick<Terminal, "usesUnicode">): void {
  const verbs = [
    ...wrap(`Verbs: ${VERB_NAMES.join(", ")}.`, { width: WIDTH }),
    "All that a verb can do: lakekeeper-ingest help VERB",
  ];
  const text = `${EXAMPLES}\n${verbs.join("\n")}\n`
    .replaceAll(/^(Examples|Common flags|Verbs):/gm, (heading) => paint(output, "bold", heading));
  output.write(terminal.usesUnicode ? text : inAscii(text));
}
