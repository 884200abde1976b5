/**
 * Zstandard. Newer versions of the runtime have it compiled for the machine; for the others there is a
 * build in WebAssembly, which takes half as long again.
 */
import * as zlib from "node:zlib";
import loadModule from "@foxglove/wasm-zstd/dist/wasm-zstd.js";

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

/** Before this version of Deno zstd was missing, or failed on some input. */
const NATIVE_SINCE = [2, 9] as const;

/** Compresses bytes; the answer may last until the next call only. */
export type ZstdCompress = (bytes: Uint8Array, level: number) => Uint8Array;

let ready: ZstdCompress | undefined;

/** Settles when {@linkcode zstdCompress} can be called. */
export const zstdReady: Promise<void> = hasNative()
  ? Promise.resolve().then(() => void (ready = compressNatively))
  : (loadModule() as Promise<ZstdModule>).then((module) => void (ready = compressorOf(module)));

/** Compresses bytes to one frame, when {@linkcode zstdReady}. */
export const zstdCompress: ZstdCompress = (bytes, level): Uint8Array => ready!(bytes, level);

function hasNative(): boolean {
  const [major = 0, minor = 0] = Deno.version.deno.split(".").map(Number);
  return major > NATIVE_SINCE[0] || (major === NATIVE_SINCE[0] && minor >= NATIVE_SINCE[1]);
}

function compressNatively(bytes: Uint8Array, level: number): Uint8Array {
  return zlib.zstdCompressSync(bytes, {
    params: { [zlib.constants.ZSTD_c_compressionLevel]: level },
  });
}

/** Input and output stay at one place of the module's memory. */
function compressorOf(module: ZstdModule): ZstdCompress {
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
