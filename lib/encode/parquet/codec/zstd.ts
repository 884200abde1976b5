/**
 * Zstandard. Newer versions of the runtime have it compiled for the machine; for the others there is a
 * build in WebAssembly, which takes half as long again. Only the one that is used is loaded.
 */
import type { CompressAtLevel } from "./compress.ts";

/** Before this version of Deno zstd was missing, or failed on some input. */
const NATIVE_SINCE = [2, 9] as const;

/** Compresses bytes to one frame. */
export const zstdCompress: CompressAtLevel = hasNative()
  ? (await import("./zstd_native.ts")).zstdCompress
  : (await import("./zstd_wasm.ts")).zstdCompress;

function hasNative(): boolean {
  const [major = 0, minor = 0] = Deno.version.deno.split(".").map(Number);
  return major > NATIVE_SINCE[0] || (major === NATIVE_SINCE[0] && minor >= NATIVE_SINCE[1]);
}
