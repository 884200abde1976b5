// What a release is made of: its version, its targets, and the names of its files.

import { join } from "node:path";

/** Name of the tool, which the names of all files of a release begin with. */
export const TOOL = "lakekeeper-ingest";

/** Target triples that a release has an executable for; each is built and tried on its own kind. */
export const TARGETS: readonly string[] = [
  "x86_64-unknown-linux-gnu",
  "aarch64-unknown-linux-gnu",
  "x86_64-apple-darwin",
  "aarch64-apple-darwin",
  "x86_64-pc-windows-msvc",
];

/** Name of the file with the SHA-256 of all others, as `sha256sum` writes it. */
export const CHECKSUMS = "checksums.txt";

/** Name of the file with what the release says of itself; it is not among the downloads. */
export const NOTES = "release-notes.md";

/** Name of the installer. */
export const INSTALLER = "install.sh";

/** The release cannot be made; the message says what is not as it has to be. */
export class ReleaseError extends Error {
  override readonly name = "ReleaseError";
}

/**
 * The version in `deno.json`.
 *
 * @throws {ReleaseError} when it is none in the form of Semantic Versioning
 */
export async function readVersion(root: string): Promise<string> {
  const { version } = JSON.parse(await Deno.readTextFile(join(root, "deno.json")));
  if (typeof version !== "string" || !/^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/.test(version)) {
    throw new ReleaseError(
      `Cannot release version "${version}" of deno.json: not MAJOR.MINOR.PATCH`,
    );
  }
  return version;
}

/** @throws {ReleaseError} when the tag is not `v` and the version. */
export function checkTag(tag: string, version: string): void {
  if (tag !== `v${version}`) {
    throw new ReleaseError(
      `Cannot release tag "${tag}": deno.json has version ${version}, so the tag has to be v${version}`,
    );
  }
}

/** Name of the folder inside an archive; with its suffix it is the archive's name. */
export function archiveStem(version: string, target: string): string {
  return `${TOOL}-${version}-${target}`;
}

/** Name of the archive for a target: `.zip` for Windows, else `.tar.gz`. */
export function archiveName(version: string, target: string): string {
  return archiveStem(version, target) + (target.includes("windows") ? ".zip" : ".tar.gz");
}

/** Name of the executable for a target. */
export function executableName(target: string): string {
  return target.includes("windows") ? `${TOOL}.exe` : TOOL;
}

/** Name of the list of packages. */
export function sbomName(version: string): string {
  return `${TOOL}-${version}.spdx.json`;
}
