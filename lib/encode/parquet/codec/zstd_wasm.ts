/** Zstandard in WebAssembly. */
import loadModule from "@foxglove/wasm-zstd/dist/wasm-zstd.js";
import type { CompressAtLevel } from "./compress.ts";

/** What the library's own functions call; used as it is, each page needs no fresh memory. */
interface ZstdModule {
  /** Another array after memory grew. */
  readonly HEAPU8: Uint8Array;
  _malloc(lengthBytes: number): number;
  _free(address: number): void;
  _compressBound(lengthBytes: number): number;
  /** @returns bytes written; -1 when it failed. */
  _compress(
    to: number,
    toLength: number,
    from: number,
    fromLength: number,
    level: number,
  ): number;
}

/** Compresses bytes to one frame. */
export const zstdCompress: CompressAtLevel = compressorOf(await loadModule() as ZstdModule);

/** Input and output stay at one place of the module's memory. */
function compressorOf(module: ZstdModule): CompressAtLevel {
  let capacity = 0;
  let from = 0;
  let to = 0;
  return (bytes, level) => {
    if (bytes.length > capacity) {
      if (capacity > 0) {
        module._free(from);
        module._free(to);
      }
      capacity = bytes.length;
      from = module._malloc(capacity);
      to = module._malloc(module._compressBound(capacity));
    }
    module.HEAPU8.set(bytes, from);
    const bound = module._compressBound(bytes.length);
    const length = module._compress(to, bound, from, bytes.length, level);
    if (length === -1) throw new Error("Cannot compress a page by zstd: the library has failed");
    return module.HEAPU8.subarray(to, to + length);
  };
}
