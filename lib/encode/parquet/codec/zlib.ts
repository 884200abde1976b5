/** The codecs that the runtime has had from the beginning. */
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import type { CompressAtLevel } from "./compress.ts";

/** Compresses bytes to one member. */
export const gzipCompress: CompressAtLevel = (bytes, level): Uint8Array =>
  gzipSync(bytes, { level });

/** Compresses bytes to one stream. */
export const brotliCompress: CompressAtLevel = (bytes, level): Uint8Array =>
  brotliCompressSync(bytes, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: level,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  });
