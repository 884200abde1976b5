/** Counts line feeds, by a kernel (`kernel/lines.ts`) that works on a copy of some bytes at a time. */
import { LF } from "./csv_bytes.ts";
import moduleBytes from "./lines_kernel.wasm" with { type: "bytes" };

/** Bytes that can be looked at together: they stay in the cache. */
export const PIECE_BYTES = 1 << 16;

/** Where the piece lies; in front is what the compiler needs, and one byte that is not of it. */
const PIECE_START = 4096;
/** The kernel reads so far over the end. */
const SLACK_BYTES = 16;
const MEMORY_PAGES = 2;

interface LinesKernel {
  countLines(from: number, length: number, skipsBlank: number): number;
  endOfLine(from: number, lines: number): number;
}

let compiled: WebAssembly.Module | undefined;

/** Counts the lines of one piece after the other. */
export class LineCounter {
  readonly #bytes: Uint8Array;
  readonly #kernel: LinesKernel;

  constructor() {
    const memory = new WebAssembly.Memory({ initial: MEMORY_PAGES, maximum: MEMORY_PAGES });
    compiled ??= new WebAssembly.Module(moduleBytes);
    const { exports } = new WebAssembly.Instance(compiled, { env: { memory } });
    this.#kernel = exports as unknown as LinesKernel;
    this.#bytes = new Uint8Array(memory.buffer);
  }

  /**
   * Line feeds in a piece.
   *
   * @param piece of {@linkcode PIECE_BYTES} at most
   * @param options.skipsBlank whether a blank line (of nothing, or of a carriage return) must be found
   * @param options.isAtStart whether the first byte begins a line
   * @returns -1 when there is a quote, or when a blank line must be found and there may be one
   */
  count(
    piece: Uint8Array,
    options: { readonly skipsBlank: boolean; readonly isAtStart: boolean },
  ): number {
    const end = PIECE_START + piece.length;
    this.#bytes[PIECE_START - 1] = options.isAtStart ? LF : 0;
    this.#bytes.set(piece, PIECE_START);
    this.#bytes.fill(0, end, end + SLACK_BYTES);
    return this.#kernel.countLines(PIECE_START, piece.length, Number(options.skipsBlank));
  }

  /** Bytes of the piece counted last up to the end of a line, which it has; the first line is 1. */
  endOfLine(line: number): number {
    return this.#kernel.endOfLine(PIECE_START, line);
  }
}
