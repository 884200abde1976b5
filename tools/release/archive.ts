// Archives that depend on nothing but their content: the same files and date give the same bytes,
// whatever the order on disk, the user, the time zone and the umask.

import { constants, gzipSync } from "node:zlib";
import { zipSync } from "fflate";
import { packTar } from "modern-tar";

/** One file of an archive. */
export interface ArchiveFile {
  /** Path below the archive's folder, with `/`. */
  readonly path: string;
  readonly content: Uint8Array;
  /** @default {false} */
  readonly executable?: boolean;
}

/** Options of {@linkcode makeArchive}. */
export interface ArchiveOptions {
  /** The one folder that holds all files. */
  readonly folder: string;
  /** Time of every entry, in whole seconds; a zip file keeps the even ones. */
  readonly date: Date;
  readonly format: "tar.gz" | "zip";
}

/** Makes an archive in memory; its entries are sorted by path and owned by nobody in particular. */
export async function makeArchive(
  files: readonly ArchiveFile[],
  options: ArchiveOptions,
): Promise<Uint8Array> {
  const sorted = files.toSorted((one, other) => one.path < other.path ? -1 : 1);
  return options.format === "zip" ? makeZip(sorted, options) : await makeTarGz(sorted, options);
}

async function makeTarGz(
  files: readonly ArchiveFile[],
  options: ArchiveOptions,
): Promise<Uint8Array> {
  const tar = await packTar(files.map(({ path, content, executable }) => ({
    header: {
      name: `${options.folder}/${path}`,
      size: content.length,
      mode: executable ? 0o755 : 0o644,
      mtime: options.date,
      type: "file" as const,
      ...{ uid: 0, gid: 0, uname: "root", gname: "root" },
    },
    body: content,
  })));
  const packed = gzipSync(tar, { level: constants.Z_BEST_COMPRESSION });
  // The tenth byte names the system that packed it; RFC 1952 has 255 for "unknown".
  packed[9] = 255;
  return packed;
}

function makeZip(files: readonly ArchiveFile[], options: ArchiveOptions): Uint8Array {
  const { date } = options;
  // Zip keeps a local time without its zone: the parts of the UTC time are written as if local.
  const mtime = new Date(
    ...[date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()] as const,
    ...[date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()] as const,
  );
  return zipSync(
    Object.fromEntries(
      files.map(({ path, content, executable }) => [
        `${options.folder}/${path}`,
        [content, {
          level: 9 as const,
          mtime,
          os: 3,
          attrs: (0o100000 | (executable ? 0o755 : 0o644)) << 16,
        }],
      ]),
    ),
  );
}
