/** Which unquoted fields are null. */

const encoder = new TextEncoder();

/** The texts that stand for null in a column, and whether an empty field does. */
export class NullRule {
  /** Whether an empty unquoted field is null. */
  readonly emptyIsNull: boolean;
  /** The other texts, as bytes. */
  readonly texts: readonly Uint8Array[];

  /**
   * The rule of a column.
   *
   * @param nullValues texts of a `CsvDialect`
   * @param isString whether the column's type is string, where an empty field is a value
   */
  constructor(nullValues: readonly string[], isString: boolean) {
    this.emptyIsNull = !isString || nullValues.includes("");
    // A text that starts with a quote is a quoted field in the file, which is never null.
    this.texts = nullValues.filter((text) => text !== "" && !text.startsWith('"'))
      .map((text) => encoder.encode(text));
  }

  /** Whether a field is null. */
  matches(bytes: Uint8Array, start: number, end: number): boolean {
    if (start === end) return this.emptyIsNull;
    return this.texts.some((text) =>
      text.length === end - start && text.every((byte, at) => bytes[start + at] === byte)
    );
  }
}
