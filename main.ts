/** lakekeeper-ingest: loads CSV into Iceberg tables through any REST catalog. */
import { runCommand } from "./lib/cli/command.ts";

if (import.meta.main) Deno.exit(await runCommand(Deno.args, Deno.exit));
