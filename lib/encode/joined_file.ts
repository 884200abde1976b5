/** A data file made of row groups that workers have encoded, each for itself. */
import type { ColumnMetrics, DataFile } from "../table/data_file.ts";
import type { EncodedPart, EncodeSetup } from "./job.ts";
import { mergeMetrics } from "./merge_metrics.ts";
import { FileBuffer } from "./parquet/file_buffer.ts";
import { footerBytes, MAGIC, movedGroup, type WrittenGroup } from "./parquet/row_groups.ts";
import { schemaElement } from "./parquet/schema_element.ts";

/** One data file after the other, in the same memory. */
export class JoinedFile {
  readonly #setup: EncodeSetup;
  readonly #file = new FileBuffer();
  #groups: WrittenGroup[] = [];
  #columns: ColumnMetrics[] | undefined;

  /**
   * Makes room for the first file; {@link clear} begins it.
   *
   * @param setup that of the workers that encode the parts.
   */
  constructor(setup: EncodeSetup) {
    this.#setup = setup;
  }

  /** Bytes so far. */
  get length(): number {
    return this.#file.length;
  }

  /**
   * Begins another file.
   *
   * @param lengthMax about the most bytes that it can have.
   */
  clear(lengthMax: number): void {
    this.#file.clear(lengthMax);
    this.#file.append(MAGIC);
    this.#groups = [];
    this.#columns = undefined;
  }

  /** Adds row groups, whose memory is given back. */
  add(part: EncodedPart): void {
    const { length } = this.#file;
    this.#groups.push(...part.groups.map((group) => movedGroup(group, length)));
    this.#file.append(part.bytes);
    this.#columns = this.#columns === undefined
      ? [...part.columns]
      : this.#columns.map((column, at) =>
        mergeMetrics(this.#setup.columns[at]!.type, column, part.columns[at]!)
      );
    // At once, and not when this thread's garbage is looked for.
    part.bytes.buffer.transfer(0);
  }

  /**
   * Ends the file.
   *
   * @returns its bytes, which last until {@link clear}, and what a manifest says of it.
   */
  finish(path: string): { readonly bytes: Uint8Array<ArrayBuffer>; readonly file: DataFile } {
    const groups = this.#groups;
    const { columns, parquet: { encoding } } = this.#setup;
    const elements = columns.map(schemaElement);
    this.#file.append(footerBytes({ elements, groups, encoding, offset: this.#file.length }));
    const bytes = this.#file.bytes();
    const file: DataFile = {
      path,
      recordCount: groups.reduce((total, { rows }) => total + rows, 0),
      sizeBytes: bytes.length,
      splitOffsets: groups.map(({ start }) => start),
      columns: this.#columns ?? [],
    };
    return { bytes, file };
  }
}
