/**
 * How many rows a second a pool of workers parses and encodes to the row groups of a file, from memory
 * to memory: neither reader nor disk nor catalog takes part.
 *
 * Arguments: file of generated rows, workers. Prints a JSON object.
 */
import { EncodePool } from "../lib/encode/pool.ts";
import { chunksInMemory } from "./chunks_in_memory.ts";
import { encodeSetup } from "./encode_setup.ts";
import { GENERATED_TYPES } from "./generated_types.ts";

const WARM_UP_CHUNKS_A_WORKER = 4;
const MEASURED_S_MIN = 2;

const [file, workersText] = Deno.args;
const workers = Number(workersText);
const chunks = await chunksInMemory(file!, { rowsPerChunk: 25_000 });
const pool = new EncodePool(workers);
try {
  pool.setup(encodeSetup(GENERATED_TYPES, { directory: "/nowhere" }));
  let next = 0;
  const encodeOne = async (): Promise<number> => {
    const index = next++;
    const { bytes, rows, firstLine } = chunks[index % chunks.length]!;
    const part = await pool.encodePart({ index, bytes, rows, firstLine });
    return part.rows;
  };
  const lane = async (until: (done: number) => boolean): Promise<number> => {
    let rows = 0;
    for (let done = 0; !until(done); done++) rows += await encodeOne();
    return rows;
  };
  // One job more than workers, so that none waits for this thread.
  const lanes = (until: (done: number) => boolean) =>
    Promise.all(Array.from({ length: workers + 1 }, () => lane(until)));
  await lanes((done) => done === WARM_UP_CHUNKS_A_WORKER);
  const startMs = performance.now();
  const counts = await lanes(() => performance.now() - startMs > MEASURED_S_MIN * 1000);
  const rows = counts.reduce((sum, count) => sum + count, 0);
  console.log(JSON.stringify({ rowsPerS: rows / (performance.now() - startMs) * 1000 }));
} finally {
  pool.close();
}
