/**
 * The memory that the WebAssembly kernels of a worker share: a chunk's bytes, its parsed columns, and
 * what the encoder makes of them lie in it one behind the other, and the next chunk takes their place.
 */
import { InputError } from "../errors.ts";

/** Where the heap starts: below lie the constants of the kernels (`tools/kernels.ts`). */
const HEAP_START = 131_072;
const PAGE_BYTES = 65_536;
/** Memory grows by so many pages at least, 1 MiB: each time all views have to be made again. */
const PAGES_MIN = 16;
const PAGES_MAX = 65_536;
/** Fewer than `PAGES_MAX` hold, so that no sum of an address and a length overflows. */
const TOP_MAX = PAGES_MAX * PAGE_BYTES - PAGES_MIN * PAGE_BYTES;

/** Memory of kernels, handed out from its start on and given back all at once. */
export class WorkMemory {
  /** For linking only: what lies in it is reached by {@link bytes} and {@link words}. */
  readonly memory: WebAssembly.Memory = new WebAssembly.Memory({
    initial: HEAP_START / PAGE_BYTES + PAGES_MIN,
    maximum: PAGES_MAX,
  });
  #top = HEAP_START;
  #bytes = new Uint8Array(this.buffer);
  #words = new Int32Array(this.buffer);

  /** What the memory's views stand on now; it is another one after memory grew. */
  get buffer(): ArrayBuffer {
    return this.memory.buffer as ArrayBuffer;
  }

  /** Address behind what was handed out last; {@link release} takes it. */
  get top(): number {
    return this.#top;
  }

  /** All of the memory. A view is of use until the next {@link allocate} only, as memory may move. */
  get bytes(): Uint8Array<ArrayBuffer> {
    if (this.#bytes.buffer !== this.memory.buffer) this.#bytes = new Uint8Array(this.buffer);
    return this.#bytes;
  }

  /** All of the memory as 32-bit words, for as long as {@link bytes}. */
  get words(): Int32Array<ArrayBuffer> {
    if (this.#words.buffer !== this.memory.buffer) this.#words = new Int32Array(this.buffer);
    return this.#words;
  }

  /**
   * Hands out memory. What it holds is not cleared.
   *
   * @param align a power of two; 16 serves all vectors and numbers
   * @returns its address
   * @throws {InputError} when a chunk wants more than there can be, nearly 4 GiB
   */
  allocate(lengthBytes: number, align = 16): number {
    const address = Math.ceil(this.#top / align) * align;
    const top = address + lengthBytes;
    if (top > TOP_MAX) {
      throw new InputError("Cannot hold a chunk: its columns take more than 4 GiB", {
        hint: "Give a smaller --chunk-size",
      });
    }
    const pages = Math.ceil((top - this.memory.buffer.byteLength) / PAGE_BYTES);
    if (pages > 0) this.memory.grow(Math.max(pages, PAGES_MIN));
    this.#top = top;
    return address;
  }

  /** Takes back all that was handed out since {@link top} was `top`. */
  release(top: number): void {
    this.#top = top;
  }

  /** Takes back everything. */
  reset(): void {
    this.#top = HEAP_START;
  }
}

/**
 * Makes a module of kernels work on a memory.
 *
 * @param module whose only import is the memory
 * @returns what it exports
 */
export function linkKernel<Exports>(module: WebAssembly.Module, work: WorkMemory): Exports {
  const { exports } = new WebAssembly.Instance(module, { env: { memory: work.memory } });
  return exports as unknown as Exports;
}
