/** Digests of the source's content, so that a load that is run again knows its bytes. */
import { createHash, type Hash } from "node:crypto";

const DIGEST_DIGITS = 32;

/**
 * Digests the data of a source in order. What is in the ledger is the digest up to the end of a
 * range: it says that all bytes before are the same, too.
 */
export class ContentDigest {
  readonly #hash: Hash = createHash("sha256");

  /**
   * Begins with the column names.
   *
   * @param columnNames they belong to the content: the same bytes under other names differ.
   */
  constructor(columnNames: readonly string[]) {
    this.#hash.update(JSON.stringify(columnNames) + "\n");
  }

  /** Adds bytes and gives the digest up to their end: 32 hexadecimal digits. */
  add(bytes: Uint8Array): string {
    this.#hash.update(bytes);
    return this.#hash.copy().digest("hex").slice(0, DIGEST_DIGITS);
  }
}
