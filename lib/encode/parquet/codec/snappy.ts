/** Snappy. */
import { snappyCompressor } from "hysnappy";
import type { Compress } from "./compress.ts";

/** Compresses bytes. */
export const snappyCompress: Compress = snappyCompressor();
