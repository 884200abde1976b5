/** A file that grows in memory. */

/** Files of a load are about of one size. */
const ROOM = 1.1;

/** Bytes appended one after the other; the next file takes the place of the last. */
export class FileBuffer {
  #bytes = new Uint8Array(0);
  #length = 0;

  /**
   * Begins another file.
   *
   * @param lengthMax about the most bytes that it can have: room that is not used costs no memory, and
   * growth in steps leaves holes of their sizes.
   */
  clear(lengthMax: number): void {
    this.#length = 0;
    if (this.#bytes.length < lengthMax) this.#bytes = new Uint8Array(Math.ceil(lengthMax * ROOM));
  }

  /** Bytes so far. */
  get length(): number {
    return this.#length;
  }

  /** Copies bytes to the end; memory grows when there is no room. */
  append(bytes: Uint8Array): void {
    const length = this.#length + bytes.length;
    if (length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(length, Math.ceil(this.#bytes.length * 1.5)));
      grown.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = grown;
    }
    this.#bytes.set(bytes, this.#length);
    this.#length = length;
  }

  /** All bytes so far; a view, of use until the next file is begun. */
  bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }
}
