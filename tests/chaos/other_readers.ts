/** Reads a table by readers in other languages: pyiceberg and DuckDB. */
import { readByDuckdb, readByPyiceberg, type ReadRequest } from "../real/read_back.ts";
import type { LoadPlan } from "./load_plan.ts";
import type { ChaosSite } from "./site.ts";

/** Reads the table of a load. @returns what the readers find wrong. */
export async function readByOthers(site: ChaosSite, plan: LoadPlan): Promise<string[]> {
  const directory = await Deno.makeTempDir({ prefix: "lakekeeper-ingest-chaos-readers-" });
  try {
    const csv: string[] = [];
    for (const [nth, input] of plan.inputs.entries()) {
      const path = `${directory}/${nth}.csv`;
      await Deno.writeFile(path, input.csv.bytes);
      csv.push(path);
    }
    const request: ReadRequest = { table: plan.table, csv, key: "id" };
    const read = await readByPyiceberg(site.readers, request);
    const byDuckdb = await readByDuckdb(site.readers, request, { read });
    const faults = [...read.files.problems, ...read.chainProblems].map((fault) =>
      `pyiceberg: ${fault}`
    );
    for (const [reader, values] of [["pyiceberg", read.values], ["DuckDB", byDuckdb]] as const) {
      const { rows, rowsExpected, rowsMissing, rowsExtra, examples } = values;
      if (rows === rowsExpected && rowsMissing === 0 && rowsExtra === 0) continue;
      faults.push(
        `${reader}: ${rows} of ${rowsExpected} rows, ${rowsMissing} missing, ${rowsExtra} extra`,
        ...examples,
      );
    }
    return faults;
  } catch (error) {
    return [`other readers: ${error instanceof Error ? error.message : String(error)}`];
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}
