/** Reads source and table side by side, with a bounded number of chunks and files under way. */
import type { CsvDialect } from "../input/columns.ts";
import type { Source } from "../input/source.ts";
import { splitChunks } from "../input/split.ts";
import type { CompareAnswer, CompareJob, Task } from "./job.ts";
import type { ComparePool } from "./pool.ts";
import type { TableFile } from "./table_files.ts";

/** Rows of the source that go to a worker at a time. */
const CHUNK_ROWS = 65_536;
const CHUNK_BYTES_MAX = 16 * 2 ** 20;

/**
 * Gives both sides to the workers, and each answer to `take`, in any order.
 *
 * @throws {ToolError} the first failure of a side.
 */
export async function readSides(
  from: { readonly pool: ComparePool; readonly files: readonly TableFile[] },
  options: { readonly source: Source; readonly dialect: CsvDialect; readonly task: Task },
  take: (job: CompareJob, answer: CompareAnswer) => void,
): Promise<void> {
  const { pool, files } = from;
  const { source, dialect, task } = options;
  const run = async (job: CompareJob) => take(job, await pool.compare(job, task));
  const readSource = async () => {
    const chunks = splitChunks(source.open(), {
      dialect,
      rowsPerChunk: CHUNK_ROWS,
      chunkBytesMax: CHUNK_BYTES_MAX,
      file: source.name,
    });
    // One chunk more than workers, so that none waits for the reading.
    const lanes = new Lanes(pool.size + 1);
    for await (const { bytes, rows, firstLine } of chunks) {
      await lanes.enter(() => run({ side: "source", bytes, rows, firstLine }));
    }
    await lanes.drain();
  };
  const readTable = async () => {
    const lanes = new Lanes(pool.size);
    for (const file of files) await lanes.enter(() => run({ side: "table", ...file }));
    await lanes.drain();
  };
  await Promise.all([readSource(), readTable()]);
}

/** Keeps a bounded number of promises going; the first failure is thrown at the next step. */
class Lanes {
  readonly #size: number;
  readonly #going = new Set<Promise<void>>();
  #failure: { readonly error: unknown } | undefined;

  constructor(size: number) {
    this.#size = size;
  }

  async enter(start: () => Promise<void>): Promise<void> {
    while (this.#going.size >= this.#size) await Promise.race(this.#going);
    this.#check();
    const going: Promise<void> = start().catch((error) => {
      this.#failure ??= { error };
    }).finally(() => this.#going.delete(going));
    this.#going.add(going);
  }

  async drain(): Promise<void> {
    await Promise.all(this.#going);
    this.#check();
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}
