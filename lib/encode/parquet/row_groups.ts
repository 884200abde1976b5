/** The row groups of a Parquet file, and what stands before and behind them. */
import type { WrittenChunk } from "./column_chunk.ts";
import { writeColumnIndex, writeFileMetadata, writeOffsetIndex } from "./file_metadata.ts";
import type { FooterChunk, FooterElement, FooterGroup } from "./footer.ts";
import type { EncodingChoice } from "./settings.ts";
import { ThriftWriter } from "./thrift.ts";

/** The first four bytes of a Parquet file, and the last. */
export const MAGIC: Uint8Array = new TextEncoder().encode("PAR1");

const CREATED_BY = "lakekeeper-ingest";

/** A footer of some columns is shorter. */
const FOOTER_ROOM_BYTES = 4096;

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
  const { elements, groups, offset } = of;
  const thrift = new ThriftWriter(FOOTER_ROOM_BYTES);
  const rowGroups = groups.map((group) => rowGroup(group, indexed(group, { thrift, offset })));
  const start = thrift.length;
  writeFileMetadata(thrift, {
    version: FORMAT_VERSIONS[of.encoding],
    elements,
    rows: BigInt(groups.reduce((total, { rows }) => total + rows, 0)),
    rowGroups,
    createdBy: CREATED_BY,
  });
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, thrift.length - start, true);
  thrift.append(length);
  thrift.append(MAGIC);
  return thrift.bytes();
}

/**
 * The chunks of a row group with the places of their indexes, which are written: of one page there is
 * nothing to index.
 *
 * @param of.offset bytes of the file before what `thrift` has.
 */
function indexed(
  { chunks }: WrittenGroup,
  of: { readonly thrift: ThriftWriter; readonly offset: number },
): FooterChunk[] {
  const { thrift, offset } = of;
  const columnIndexes = chunks.map(({ columnIndex }) => {
    if (columnIndex === undefined) return {};
    const start = thrift.length;
    writeColumnIndex(thrift, columnIndex);
    return {
      column_index_offset: BigInt(offset + start),
      column_index_length: thrift.length - start,
    };
  });
  return chunks.map(({ chunk, offsetIndex }, at) => {
    if (offsetIndex.page_locations.length < 2) return chunk;
    const start = thrift.length;
    writeOffsetIndex(thrift, offsetIndex);
    return {
      ...chunk,
      ...columnIndexes[at],
      offset_index_offset: BigInt(offset + start),
      offset_index_length: thrift.length - start,
    };
  });
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

function rowGroup({ start, sizeBytes, rows }: WrittenGroup, columns: FooterChunk[]): FooterGroup {
  return {
    columns,
    total_byte_size: columns.reduce(
      (total, { meta_data }) => total + meta_data!.total_uncompressed_size,
      0n,
    ),
    num_rows: BigInt(rows),
    file_offset: BigInt(start),
    total_compressed_size: BigInt(sizeBytes),
  };
}
