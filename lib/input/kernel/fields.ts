// The fields of a column within a batch: where the first one is stored, and where its value goes.
// @ts-nocheck: another language, which its own compiler checks.
import {
  BATCH_FIELDS_AT,
  BATCH_STRIDE,
  COLUMN_FIELD,
  COLUMN_ROWS,
  COLUMN_VALUES,
} from "./layout.ts";

/** Address of the pair of addresses of the column's field in row `from` of the batch. */
// @inline
export function fieldOf(column: usize, batch: usize, from: i32): usize {
  return load<usize>(batch, BATCH_FIELDS_AT) + load<usize>(column, COLUMN_FIELD) +
    <usize> from * load<usize>(batch, BATCH_STRIDE);
}

/** Address of the value of row `from` of the batch, values being of `widthBytes`. */
// @inline
export function valueOf(column: usize, from: i32, widthBytes: usize): usize {
  return load<usize>(column, COLUMN_VALUES) +
    <usize> (load<i32>(column, COLUMN_ROWS) + from) * widthBytes;
}
