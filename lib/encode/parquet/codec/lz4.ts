/** LZ4 in raw blocks. */
import { compress } from "lz4-wasm-nodejs";
import type { Compress } from "./compress.ts";

/** The library puts the length in front, which a raw block does not have. */
const HEAD_BYTES = 4;

/** Compresses bytes to one block. */
export const lz4Compress: Compress = (bytes): Uint8Array => compress(bytes).subarray(HEAD_BYTES);
