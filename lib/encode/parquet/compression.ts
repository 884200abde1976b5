/** Codecs of Parquet pages. */
import type { Codec } from "../../table/table_properties.ts";
import type { CompressAtLevel } from "./codec/compress.ts";
import type { FooterCodec } from "./footer.ts";

/** Levels of zstd that are tried, the fastest first. */
const ZSTD_LEVELS = [1, 2, 3] as const;

/** A slower level is taken when it makes a sample so much smaller than the one before. */
const ZSTD_WORTH_IT = [1, 0.97, 0.94] as const;

/** So much of a page is tried, at the most and at the least. */
const SAMPLE_BYTES = { min: 64 * 1024, max: 128 * 1024 } as const;

/** A column of which a load has no more than this is not worth a trial. */
const UNTRIED_BYTES = 1024 * 1024;

/** Without a trial: nearly as small as the strongest of the levels, in two thirds of its time. */
const ZSTD_LEVEL = 2;

const GZIP_LEVEL = 6;
const BROTLI_LEVEL = 1;

interface CodecEntry {
  readonly footer: FooterCodec;
  /** Loads the one library that does it. */
  readonly load: () => Promise<CompressAtLevel>;
  /** Unless another is asked for; absent where the data decide, and where there are no levels. */
  readonly level?: number;
}

const CODECS: Readonly<Record<Codec, CodecEntry>> = {
  zstd: {
    footer: "ZSTD",
    load: async () => (await import("./codec/zstd.ts")).zstdCompress,
  },
  snappy: {
    footer: "SNAPPY",
    load: async () => (await import("./codec/snappy.ts")).snappyCompress,
  },
  gzip: {
    footer: "GZIP",
    load: async () => (await import("./codec/zlib.ts")).gzipCompress,
    level: GZIP_LEVEL,
  },
  lz4: {
    footer: "LZ4_RAW",
    load: async () => (await import("./codec/lz4.ts")).lz4Compress,
  },
  brotli: {
    footer: "BROTLI",
    load: async () => (await import("./codec/zlib.ts")).brotliCompress,
    level: BROTLI_LEVEL,
  },
  uncompressed: { footer: "UNCOMPRESSED", load: () => Promise.resolve((page) => page) },
};

const loaded = new Map<Codec, CompressAtLevel>();

/** Loads what a codec needs, once; before that there can be no {@linkcode Compressor} of it. */
export async function codecReady(codec: Codec): Promise<void> {
  if (!loaded.has(codec)) loaded.set(codec, await CODECS[codec].load());
}

/** {@linkcode codecReady} for each that there is. */
export async function codecsReady(): Promise<void> {
  await Promise.all((Object.keys(CODECS) as Codec[]).map(codecReady));
}

/** Compresses the pages of a load's files, and learns which level of zstd pays for which column. */
export class Compressor {
  /** As the footer names it. */
  readonly codec: FooterCodec;
  readonly #compress: CompressAtLevel;
  readonly #level: number | undefined;
  /** By column, of zstd. */
  readonly #learnt = new Map<number, { seenBytes: number; level: number | undefined }>();
  readonly #learns: boolean;

  /**
   * Makes a compressor of a codec that is ready ({@linkcode codecReady}).
   *
   * @param level of zstd, gzip or brotli, for all columns; undefined: chosen by the data.
   */
  constructor(codec: Codec, level?: number) {
    const entry = CODECS[codec];
    this.codec = entry.footer;
    this.#compress = loaded.get(codec)!;
    this.#level = level ?? entry.level;
    this.#learns = codec === "zstd" && level === undefined;
  }

  /**
   * Compresses one page. The answer may be a view of what was given, and lasts until the next page.
   *
   * @param column whose page it is: a number that stays the same from file to file.
   */
  compress(page: Uint8Array, column: number): Uint8Array {
    return this.#compress(page, this.#learns ? this.#learn(page, column) : this.#level ?? 0);
  }

  #learn(page: Uint8Array, column: number): number {
    let learnt = this.#learnt.get(column);
    if (learnt === undefined) {
      this.#learnt.set(column, learnt = { seenBytes: 0, level: undefined });
    }
    if (learnt.level !== undefined) return learnt.level;
    learnt.seenBytes += page.length;
    if (learnt.seenBytes <= UNTRIED_BYTES || page.length < SAMPLE_BYTES.min) return ZSTD_LEVEL;
    return learnt.level = this.#levelWorthIt(page.subarray(0, SAMPLE_BYTES.max));
  }

  #levelWorthIt(sample: Uint8Array): number {
    let best: number = ZSTD_LEVELS[0];
    let leastBytes = Infinity;
    for (const [index, level] of ZSTD_LEVELS.entries()) {
      const { length } = this.#compress(sample, level);
      if (length > leastBytes * ZSTD_WORTH_IT[index]!) continue;
      leastBytes = length;
      best = level;
    }
    return best;
  }
}
