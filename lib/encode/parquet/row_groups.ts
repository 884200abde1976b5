// deno-lint-ignore-file camelcase -- the names are those of a Parquet footer
/** The row groups of a Parquet file, and what stands before and behind them. */
import type { FileMetaData, RowGroup } from "hyparquet";
import { ByteWriter } from "hyparquet-writer/src/bytewriter.js";
import { writeIndexes } from "hyparquet-writer/src/indexes.js";
import { writeMetadata } from "hyparquet-writer/src/metadata.js";
import type { WrittenChunk } from "./column_chunk.ts";
import type { FooterElement } from "./footer.ts";
import type { EncodingChoice } from "./settings.ts";

/** The first four bytes of a Parquet file, and the last. */
export const MAGIC: Uint8Array = new TextEncoder().encode("PAR1");

const CREATED_BY = "lakekeeper-ingest";

/** Of the format that has PLAIN and dictionaries, and of the one that has the DELTA family. */
const FORMAT_VERSIONS = { plain: 1, compact: 2 } as const;

/** A row group that has been written. Plain data, which crosses threads. */
export interface WrittenGroup {
  /** Byte offset in what it was written to. */
  readonly start: number;
  /** Compressed, with the headers of pages. */
  readonly sizeBytes: number;
  /** Rows in it. */
  readonly rows: number;
  /** One a column, in the order of the schema. */
  readonly chunks: readonly WrittenChunk[];
}

/**
 * The page indexes, the footer and the magic number behind the row groups of a file.
 *
 * @param of.elements the columns, in the order of the groups' chunks.
 * @param of.offset bytes of the file before.
 */
export function footerBytes(of: {
  readonly elements: readonly FooterElement[];
  readonly groups: readonly WrittenGroup[];
  readonly encoding: EncodingChoice;
  readonly offset: number;
}): Uint8Array {
  const { elements, groups } = of;
  const writer = new ByteWriter(4096);
  // Positions in the indexes are those in the file.
  writer.offset = of.offset;
  for (const { chunks } of groups) writeIndexes(writer, [...chunks]);
  const metadata: FileMetaData = {
    version: FORMAT_VERSIONS[of.encoding],
    schema: [{ name: "schema", num_children: elements.length }, ...elements],
    num_rows: BigInt(groups.reduce((total, { rows }) => total + rows, 0)),
    row_groups: groups.map(rowGroup),
    created_by: CREATED_BY,
    metadata_length: 0,
  };
  writeMetadata(writer, metadata);
  writer.appendBytes(MAGIC);
  return writer.getBytes();
}

/** Compressed bytes by the position of the column. */
export function sizesOfColumns(groups: readonly WrittenGroup[]): number[] {
  return (groups[0]?.chunks ?? []).map((_, at) =>
    groups.reduce(
      (total, { chunks }) => total + Number(chunks[at]!.chunk.meta_data!.total_compressed_size),
      0,
    )
  );
}

/** A row group whose bytes have been moved by so many bytes. */
export function movedGroup(group: WrittenGroup, byBytes: number): WrittenGroup {
  const by = BigInt(byBytes);
  const chunks = group.chunks.map((written): WrittenChunk => {
    const data = written.chunk.meta_data!;
    const { dictionary_page_offset: dictionary } = data;
    return {
      ...written,
      offsetIndex: {
        ...written.offsetIndex,
        page_locations: written.offsetIndex.page_locations.map((page) => ({
          ...page,
          offset: page.offset + by,
        })),
      },
      chunk: {
        ...written.chunk,
        meta_data: {
          ...data,
          data_page_offset: data.data_page_offset + by,
          ...(dictionary === undefined ? {} : { dictionary_page_offset: dictionary + by }),
        },
      },
    };
  });
  return { ...group, start: group.start + byBytes, chunks };
}

function rowGroup({ start, sizeBytes, rows, chunks }: WrittenGroup): RowGroup {
  return {
    columns: chunks.map(({ chunk }) => chunk),
    total_byte_size: chunks.reduce(
      (total, { chunk }) => total + chunk.meta_data!.total_uncompressed_size,
      0n,
    ),
    num_rows: BigInt(rows),
    file_offset: BigInt(start),
    total_compressed_size: BigInt(sizeBytes),
  };
}
