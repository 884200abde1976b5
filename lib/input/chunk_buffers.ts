/** Memory of chunks that have been dealt with, for those to come. */

/** Where the memory of chunks comes from, and goes to. */
export interface ChunkBuffers<Buffer extends ArrayBufferLike = ArrayBufferLike> {
  /** Memory of at least so many bytes, with anything in them. */
  take(lengthBytes: number): Uint8Array<Buffer>;
  /** Takes back the memory of which nothing is needed any more. */
  give(buffer: Buffer): void;
}

/** Memory that is fresh for each chunk. */
export const FRESH_BUFFERS: ChunkBuffers<ArrayBuffer> = {
  take: (lengthBytes) => new Uint8Array(lengthBytes),
  give: () => {},
};

/** So much room is made beyond what is asked for: chunks differ, and what is not touched costs nothing. */
const ROOM = 1.25;

/**
 * Memory that threads share and that is used again: fresh memory for each chunk would be cleared and
 * paged in each time, and memory that goes from thread to thread brings each its garbage collector.
 */
export class SharedBuffers implements ChunkBuffers<SharedArrayBuffer> {
  readonly #free: SharedArrayBuffer[] = [];

  take(lengthBytes: number): Uint8Array<SharedArrayBuffer> {
    for (let buffer = this.#free.pop(); buffer !== undefined; buffer = this.#free.pop()) {
      // Chunks of a load are about of one size: what is too small now would stay so.
      if (buffer.byteLength >= lengthBytes) return new Uint8Array(buffer);
    }
    return new Uint8Array(new SharedArrayBuffer(Math.ceil(lengthBytes * ROOM)));
  }

  give(buffer: SharedArrayBuffer): void {
    this.#free.push(buffer);
  }
}
