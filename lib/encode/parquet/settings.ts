/** How Parquet files are laid out. */
import type { TableMetadata } from "../../table/metadata.ts";
import { type Codec, parquetProperties } from "../../table/table_properties.ts";

/** Which encodings a file may hold. */
export type EncodingChoice =
  /** PLAIN and dictionaries: every reader knows them. */
  | "plain"
  /** The DELTA family, too: smaller files that some readers refuse. */
  | "compact";

/** Settings of the pages of a file. */
export interface PageSettings {
  /** For columns that no dictionary pays for. */
  readonly encoding: EncodingChoice;
  /** Size of a page before compression that is aimed at. */
  readonly pageBytes: number;
  /** Most rows of a page. */
  readonly pageRows: number;
  /** Largest dictionary of a column in a row group. */
  readonly dictionaryBytes: number;
}

/** Settings of a file. */
export interface ParquetSettings extends PageSettings {
  /** Of all pages. */
  readonly codec: Codec;
  /** Level of the codec; undefined leaves it to the data. */
  readonly codecLevel: number | undefined;
  /** Size of a row group before compression that is aimed at. */
  readonly rowGroupBytes: number;
}

/** What a user has chosen; it wins over the table's properties. */
export interface ParquetChoice {
  /** Absent: the table's. */
  readonly codec?: Codec | undefined;
  /**
   * The table has no say in it.
   *
   * @default "plain"
   */
  readonly encoding?: EncodingChoice | undefined;
  /** Size before compression that is aimed at. Absent: the table's. */
  readonly rowGroupBytes?: number | undefined;
}

/** Rows of a page of eight-byte values of the usual size. */
const PAGE_ROWS_DEFAULT = 262_144;

/** Strongest levels of the codecs that have any. */
const LEVEL_MAX: Partial<Record<Codec, number>> = { zstd: 19, gzip: 9, brotli: 11 };

/** The settings of the files of a load: as chosen, else as the table has them. */
export function parquetSettings(
  metadata: TableMetadata,
  choice: ParquetChoice = {},
): ParquetSettings {
  const properties = parquetProperties(metadata);
  const codec = choice.codec ?? properties.codec;
  // A level belongs to the codec that it was set with.
  const level = codec === properties.codec ? properties.codecLevel : undefined;
  return {
    codec,
    codecLevel: level === undefined ? undefined : Math.min(level, LEVEL_MAX[codec] ?? level),
    encoding: choice.encoding ?? "plain",
    pageBytes: properties.pageBytes,
    pageRows: properties.pageRows ?? PAGE_ROWS_DEFAULT,
    dictionaryBytes: properties.dictionaryBytes,
    rowGroupBytes: choice.rowGroupBytes ?? properties.rowGroupBytes,
  };
}
