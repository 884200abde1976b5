/** Digests of the source's content, so that a load that is run again knows its bytes. */
import { createXXHash128, type IHasher } from "hash-wasm";

/**
 * Digests the data of a source in order. What is in the ledger is the digest up to the end of a
 * range: it says that all bytes before are the same, too.
 *
 * One thread digests all that every worker parses, so the hash is one that keeps up with them
 * (XXH3 of 128 bits). It tells a source that has changed; it is no proof against forgers, who could
 * write into the table as well.
 */
export class ContentDigest {
  readonly #hash: IHasher;

  private constructor(hash: IHasher) {
    this.#hash = hash;
  }

  /**
   * Begins with the column names.
   *
   * @param columnNames they belong to the content: the same bytes under other names differ.
   */
  static async open(columnNames: readonly string[]): Promise<ContentDigest> {
    const hash = await createXXHash128();
    hash.init().update(JSON.stringify(columnNames) + "\n");
    return new ContentDigest(hash);
  }

  /** Adds bytes and gives the digest up to their end: 32 hexadecimal digits. */
  add(bytes: Uint8Array): string {
    this.#hash.update(bytes);
    // Taking the digest ends the hash.
    const state = this.#hash.save();
    const digest = this.#hash.digest("hex");
    this.#hash.load(state);
    return digest;
  }
}
