/** Codecs of Parquet pages. */
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { snappyCompressor } from "hysnappy";
import { compress as lz4Compress } from "lz4-wasm-nodejs";
import type { Codec } from "../../table/table_properties.ts";
import type { FooterCodec } from "./footer.ts";
import { zstdCompress, zstdReady } from "./zstd.ts";

/** Settles when every codec can be used; the libraries begin to load with this module. */
export const codecsReady: Promise<unknown> = zstdReady;

/** Codecs by their names in a Parquet footer. */
const PARQUET_CODECS: Readonly<Record<Codec, FooterCodec>> = {
  zstd: "ZSTD",
  snappy: "SNAPPY",
  gzip: "GZIP",
  lz4: "LZ4_RAW",
  brotli: "BROTLI",
  uncompressed: "UNCOMPRESSED",
};

/** Levels of zstd that are tried, the fastest first. */
const ZSTD_LEVELS = [1, 2, 3] as const;

/** A slower level is taken when it makes a sample so much smaller than the one before. */
const ZSTD_WORTH_IT = [1, 0.97, 0.94] as const;

/** So much of a column's first page is tried: the most that a small load has time for. */
const SAMPLE_BYTES = 128 * 1024;

/** Pages below this are compressed at the strongest of the levels, which costs next to nothing. */
const SMALL_PAGE_BYTES = 64 * 1024;

const GZIP_LEVEL = 6;
const BROTLI_LEVEL = 1;

/** The lz4 library puts the length in front, which a raw block does not have. */
const LZ4_HEAD_BYTES = 4;

/** When {@linkcode codecsReady}: compresses the pages of a load's files, and learns which level of zstd pays for which column. */
export class Compressor {
  /** As the footer names it. */
  readonly codec: FooterCodec;
  readonly #name: Codec;
  readonly #level: number | undefined;
  readonly #levels = new Map<number, number>();
  #snappy: ((input: Uint8Array) => Uint8Array) | undefined;

  /**
   * Makes a compressor of one codec.
   *
   * @param level of zstd, gzip or brotli, for all columns; undefined: chosen by the data.
   */
  constructor(codec: Codec, level?: number) {
    this.codec = PARQUET_CODECS[codec];
    this.#name = codec;
    this.#level = level;
  }

  /**
   * Compresses one page. The answer may be a view of what was given, and lasts until the next page.
   *
   * @param column whose page it is: a number that stays the same from file to file.
   */
  compress(page: Uint8Array, column: number): Uint8Array {
    switch (this.#name) {
      case "zstd":
        return this.#zstd(page, column);
      case "snappy":
        this.#snappy ??= snappyCompressor();
        return this.#snappy(page);
      case "gzip":
        return gzipSync(page, { level: this.#level ?? GZIP_LEVEL });
      case "brotli":
        return brotliCompressSync(page, {
          params: {
            [constants.BROTLI_PARAM_QUALITY]: this.#level ?? BROTLI_LEVEL,
            [constants.BROTLI_PARAM_SIZE_HINT]: page.length,
          },
        });
      case "lz4":
        return lz4Compress(page).subarray(LZ4_HEAD_BYTES);
      case "uncompressed":
        return page;
    }
  }

  #zstd(page: Uint8Array, column: number): Uint8Array {
    let level = this.#level ?? this.#levels.get(column);
    if (level === undefined) {
      if (page.length < SMALL_PAGE_BYTES) return zstdCompress(page, ZSTD_LEVELS.at(-1)!);
      level = levelWorthIt(page.subarray(0, SAMPLE_BYTES));
      this.#levels.set(column, level);
    }
    return zstdCompress(page, level);
  }
}

function levelWorthIt(sample: Uint8Array): number {
  let best: number = ZSTD_LEVELS[0];
  let leastBytes = Infinity;
  for (const [index, level] of ZSTD_LEVELS.entries()) {
    const { length } = zstdCompress(sample, level);
    if (length > leastBytes * ZSTD_WORTH_IT[index]!) continue;
    leastBytes = length;
    best = level;
  }
  return best;
}
