/** The short help, for a command line that asks for nothing. */

/** What a first look needs. */
export const SHORT_HELP = `lakekeeper-ingest loads CSV into Apache Iceberg tables, in parallel.

Examples:
  lakekeeper-ingest sample_data.csv --workers 2      load a file
  lakekeeper-ingest generate --rows 1m -o big.csv    make sample data
  lakekeeper-ingest verify sample_data.csv           compare the table with the file
  lakekeeper-ingest serve                            run the embedded catalog
  lakekeeper-ingest probe                            race writers against the catalog, and judge it

Common flags:
  -w, --workers <N>      workers that encode and commit in parallel (default: 2)
      --chunk-size <N>   rows of a chunk (default: 1000)
      --uri <URI>        Iceberg REST catalog (default: http://localhost:8181/catalog)
      --warehouse <NAME> warehouse of the catalog (default: demo)
      --table <NAME>     table, or namespace.table (default: sample_table)

Verbs: ingest, generate, serve, probe, verify, clean, version, help.
All flags of a verb: lakekeeper-ingest help VERB
`;
