// The files of the bundle that are loaded by name: `bundle.ts` makes them, `compile_tool.ts` compiles
// the first of them.

/** A source file that becomes a file of a known name: {@linkcode MAIN_MODULE}, the workers. */
export interface Entry {
  /** Below the folder of the sources. */
  readonly source: string;
  /** Name of the bundled file, with its ending. */
  readonly output: string;
}

/** The file that is run. */
export const MAIN_MODULE = "main.js";

/** Modules that only a Worker loads; the module graph of `main.ts` does not lead to them. */
const WORKER_SOURCES = ["lib/encode/worker.ts", "lib/server/worker.ts", "lib/verify/worker.ts"];

/** All that is loaded by name. */
export const ENTRIES: readonly Entry[] = [
  { source: "main.ts", output: MAIN_MODULE },
  ...WORKER_SOURCES.map((source) => ({ source, output: workerOutput(source) })),
];

function workerOutput(source: string): string {
  return `${source.replaceAll("/", "_").replace(/\.ts$/, "")}.js`;
}
