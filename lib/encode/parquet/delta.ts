/** The DELTA family of encodings, for `--encoding compact`. */
import { ByteWriter } from "hyparquet-writer/src/bytewriter.js";
import { deltaBinaryPack, deltaByteArray } from "hyparquet-writer/src/delta.js";
import type { WorkMemory } from "../../input/work_memory.ts";
import type { Cells, RowRange } from "./cells.ts";
import type { FooterElement, FooterEncoding } from "./footer.ts";

/** The encoding of a column that has no dictionary; undefined for a type that has none. */
export function deltaEncoding(element: FooterElement): FooterEncoding | undefined {
  switch (element.type) {
    case "INT32":
    case "INT64":
      return "DELTA_BINARY_PACKED";
    case "BYTE_ARRAY":
      return "DELTA_BYTE_ARRAY";
    default:
      return undefined;
  }
}

/** The values of some rows that are not null, in the column's delta encoding. */
export function writeDelta(
  cells: Cells,
  of: { readonly rows: RowRange; readonly element: FooterElement; readonly work: WorkMemory },
): Uint8Array {
  const { rows: { from, to }, work: { buffer, bytes, words } } = of;
  const writer = new ByteWriter((to - from) * 4 + 1024);
  const { validity } = cells;
  const rows: number[] = [];
  for (let row = from; row < to; row++) {
    if (validity === 0 || ((bytes[validity + (row >> 3)] as number) & (1 << (row & 7))) !== 0) {
      rows.push(row);
    }
  }
  if (cells.kind === "variable") {
    const text = bytes.subarray(cells.values);
    const first = cells.offsets >> 2;
    deltaByteArray(
      writer,
      rows.map((row) => text.subarray(words[first + row], words[first + row + 1])),
    );
  } else if (cells.kind === "fixed") {
    const start = cells.values + from * cells.widthBytes;
    const values = cells.widthBytes === 4
      ? new Int32Array(buffer, start, to - from)
      : new BigInt64Array(buffer, start, to - from);
    const kept = validity === 0 ? values : rows.map((row) => values[row - from]!);
    deltaBinaryPack(writer, kept, of.element.type as "INT32" | "INT64");
  }
  return writer.getBytes();
}
