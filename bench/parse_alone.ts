/**
 * How long the parser takes for a file that is in memory and cut into chunks, on one thread.
 *
 * Arguments: file, repetitions, and a JSON object of Iceberg types by column. Prints the milliseconds
 * of each repetition as a JSON array; one before the first is not counted. Cutting is not counted,
 * as it is the main thread's work; `deno task profile` shows it.
 */
import { ChunkParser } from "../lib/input/parse.ts";
import { parsePrimitiveType } from "../lib/table/types.ts";
import { chunksInMemory, DIALECT } from "./chunks_in_memory.ts";

const [file, repetitions, typesJson] = Deno.args;
const types: Record<string, string> = JSON.parse(typesJson!);
const targets = Object.entries(types).map(([name, type], index) => ({
  name,
  index,
  type: parsePrimitiveType(type)!,
  required: false,
}));
const chunks = await chunksInMemory(file!);
const parser = new ChunkParser();
const timesMs: number[] = [];
for (let repetition = 0; repetition <= Number(repetitions); repetition++) {
  const startMs = performance.now();
  for (const { bytes, rows, firstLine } of chunks) {
    parser.parse(bytes, {
      dialect: DIALECT,
      columnCount: targets.length,
      targets,
      firstLine,
      file: file!,
      rows,
    });
  }
  if (repetition > 0) timesMs.push(performance.now() - startMs);
}
console.log(JSON.stringify(timesMs));
