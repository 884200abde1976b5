// `deno task kernels`: compiles the WebAssembly kernels, whose sources are AssemblyScript, to the
// `.wasm` files beside them. Those are checked in, so that nothing has to be compiled to run the
// tool; `tests/tools/kernels_test.ts` shows that they are what the sources give.

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** A module of kernels. */
export interface Kernel {
  /** The source that exports the functions, from the project's root. */
  readonly entry: string;
  /** Where the compiled module lies, from the project's root. */
  readonly output: string;
  /**
   * Address of the module's constants. All modules of a worker share one memory, whose heap starts
   * behind all constants (`HEAP_START` in `lib/input/work_memory.ts`).
   */
  readonly memoryBase: number;
}

/** All modules of kernels. */
export const KERNELS: readonly Kernel[] = [
  {
    entry: "lib/input/kernel/parse.ts",
    output: "lib/input/parse_kernel.wasm",
    memoryBase: 1024,
  },
  // The main thread's, in a memory of its own.
  {
    entry: "lib/input/kernel/lines.ts",
    output: "lib/input/lines_kernel.wasm",
    memoryBase: 1024,
  },
  {
    entry: "lib/encode/kernel/encode.ts",
    output: "lib/encode/encode_kernel.wasm",
    memoryBase: 65_536,
  },
];

/**
 * Compiles a module.
 *
 * @throws {Error} with the compiler's messages
 */
export async function compileKernel(
  { entry, memoryBase }: Kernel,
): Promise<Uint8Array<ArrayBuffer>> {
  const files = new Map<string, string | Uint8Array>();
  const output = "kernel.wasm";
  const { error, stderr } = await asc.main([
    ...[entry, "--outFile", output, "--memoryBase", String(memoryBase)],
    ...[
      "--runtime",
      "stub",
      "--importMemory",
      "--enable",
      "simd",
      "--enable",
      "relaxed-simd",
      "--noAssert",
    ],
    ...["-O3", "--converge"],
  ], {
    readFile: (name) => readSource(name),
    writeFile: (name, content) => void files.set(name, content),
    listFiles: () => [],
  });
  const compiled = files.get(output);
  if (error !== null || !(compiled instanceof Uint8Array)) {
    throw new Error(`Cannot compile ${entry}:\n${stderr.toString()}`);
  }
  return new Uint8Array(compiled);
}

/**
 * What the formatter and the other tools of TypeScript read is not quite what AssemblyScript wants:
 * its decorators stand in comments, and its imports have endings.
 */
async function readSource(name: string): Promise<string | null> {
  try {
    const text = await Deno.readTextFile(join(ROOT, name));
    return text.replaceAll(/^\/\/ (@(?:inline|lazy))$/gm, "   $1")
      .replaceAll(/( from "\.[^"]+)\.ts"/g, '$1"');
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

if (import.meta.main) {
  for (const kernel of KERNELS) {
    const compiled = await compileKernel(kernel);
    await Deno.writeFile(join(ROOT, kernel.output), compiled);
    console.log(`${kernel.output}: ${compiled.length} bytes`);
  }
}
