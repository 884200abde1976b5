/** Zstandard as the runtime has it. */
import { constants, zstdCompressSync } from "node:zlib";
import type { CompressAtLevel } from "./compress.ts";

/** Compresses bytes to one frame. */
export const zstdCompress: CompressAtLevel = (bytes, level): Uint8Array =>
  zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: level } });
