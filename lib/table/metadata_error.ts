/** The error of a change to table metadata that cannot be made, and why it cannot. */

/**
 * Says why a change cannot be made: `invalid` when the request is wrong whenever it is sent (HTTP
 * 400), `lostRace` when it was right for an older state of the table (HTTP 409,
 * `CommitFailedException`).
 */
export class MetadataError extends Error {
  /** Name of the class, for traces. */
  override readonly name = "MetadataError";
  /** Which status the answer has: 400 for `invalid`, 409 for `lostRace`. */
  readonly kind: "invalid" | "lostRace";

  /** Takes what is said of the change that was refused; without a kind it is `invalid`. */
  constructor(message: string, kind: "invalid" | "lostRace" = "invalid") {
    super(message);
    this.kind = kind;
  }
}
