// The npm packages that the executable is made from, as deno.lock pins them, with the licences that
// they carry. What bundling leaves out of a package is not looked into: the list is the whole of it.

import { join } from "node:path";
import { lastReason, runCommand } from "../run_command.ts";
import { importedSpecifiers, listSources } from "../stage.ts";
import { ReleaseError } from "./plan.ts";

/** One package. */
export interface LockedPackage {
  readonly name: string;
  readonly version: string;
  /** SHA-512 of its tarball, in hex. */
  readonly sha512: string;
  /** What it declares as its licence: an SPDX expression, or undefined when it is none. */
  readonly license: string | undefined;
  /** The text of its licence and notice files; empty when it has none. */
  readonly licenseText: string;
  /** `name@version` of the packages that it needs. */
  readonly dependencies: readonly string[];
}

/** The packages of a build. */
export interface LockedPackages {
  /** Sorted by name and version. */
  readonly packages: readonly LockedPackage[];
  /** `name@version` of those that the sources import themselves. */
  readonly direct: readonly string[];
}

interface Lock {
  readonly specifiers: Readonly<Record<string, string>>;
  readonly npm: Readonly<Record<string, { readonly integrity: string }>>;
}

/** What `deno info --json` says of a package, as far as it is used. */
interface PackageInfo {
  readonly name: string;
  readonly version: string;
  readonly dependencies: readonly string[];
  readonly localPath: string;
}

/**
 * Collects the packages below the imports of the tool's sources, not those of tests and build tools.
 *
 * @throws {ReleaseError} when the lock file and Deno's own view of the packages disagree
 */
export async function lockedPackages(root: string): Promise<LockedPackages> {
  const lock: Lock = JSON.parse(await Deno.readTextFile(join(root, "deno.lock")));
  const infos = await readInfos(root);
  const direct = await directKeys(root, lock);
  const found = new Map<string, LockedPackage>();
  const open = [...direct];
  for (let key = open.pop(); key !== undefined; key = open.pop()) {
    const info = infos[key];
    const integrity = lock.npm[key]?.integrity;
    if (info === undefined || integrity === undefined) {
      throw new ReleaseError(`Cannot list packages: deno.lock and Deno disagree about "${key}"`);
    }
    const id = `${info.name}@${info.version}`;
    if (found.has(id)) continue;
    found.set(id, {
      name: info.name,
      version: info.version,
      sha512: sha512Of(integrity, key),
      ...await readLicense(info.localPath),
      dependencies: info.dependencies.map((it) => plainId(it, infos)).toSorted(),
    });
    open.push(...info.dependencies);
  }
  return {
    packages: [...found.entries()].toSorted(([a], [b]) => a < b ? -1 : 1).map(([, it]) => it),
    direct: [...new Set(direct.map((key) => plainId(key, infos)))].toSorted(),
  };
}

/**
 * The text of all licences, for the file that goes with the executable.
 *
 * @param inside `name@version` of the packages that the executable has code of
 * @throws {ReleaseError} when one of them is not among `packages`
 */
export function licenseTexts(
  packages: readonly LockedPackage[],
  inside: readonly string[],
): string {
  const known = new Set(packages.map(({ name, version }) => `${name}@${version}`));
  const missing = inside.filter((id) => !known.has(id));
  if (missing.length > 0) {
    throw new ReleaseError(
      `Cannot list licences: unknown packages inside the executable: ${missing.join(", ")}`,
    );
  }
  const parts = packages.map(({ name, version, license, licenseText }) => {
    const head = `${name} ${version}\nLicence: ${license ?? "see below"}\n`;
    return `${"=".repeat(80)}\n${head}${licenseText === "" ? "" : `\n${licenseText.trim()}\n`}`;
  });
  return `The executable contains parts of these packages.\n\n${parts.join("\n")}`;
}

async function readInfos(root: string): Promise<Readonly<Record<string, PackageInfo>>> {
  const run = async (...args: string[]) => {
    const result = await runCommand(Deno.execPath(), { args, cwd: root });
    if (result?.success) return result.stdout;
    throw new ReleaseError(`Cannot list packages: ${result ? lastReason(result) : "no Deno"}`);
  };
  // A package of which only types are imported may not have been fetched yet.
  await run("install", "--frozen", "--quiet");
  return JSON.parse(await run("info", "--json", "main.ts")).npmPackages;
}

/** Keys in the lock file of the packages that the tool's own sources import. */
async function directKeys(root: string, lock: Lock): Promise<string[]> {
  const imported = new Set<string>();
  for (const file of await listSources(root)) {
    if (!file.endsWith(".ts")) continue;
    for (const it of importedSpecifiers(await Deno.readTextFile(join(root, file)))) {
      imported.add(it);
    }
  }
  const { imports } = JSON.parse(await Deno.readTextFile(join(root, "deno.json")));
  const keys = new Set<string>();
  for (const [name, target] of Object.entries<string>(imports)) {
    const folder = name.endsWith("/") ? name : `${name}/`;
    if (![...imported].some((it) => it === name || it.startsWith(folder))) continue;
    const [, packageName = "", version = ""] =
      target.match(/^npm:\/?((?:@[^/]+\/)?[^@/]+)@([^/]+)/) ?? [];
    const resolved = lock.specifiers[`npm:${packageName}@${version}`];
    if (resolved === undefined) {
      throw new ReleaseError(`Cannot list packages: deno.lock does not know "${target}"`);
    }
    keys.add(`${packageName}@${resolved}`);
  }
  return [...keys];
}

function plainId(key: string, infos: Readonly<Record<string, PackageInfo>>): string {
  const info = infos[key];
  if (info === undefined) throw new ReleaseError(`Cannot list packages: "${key}" is not there`);
  return `${info.name}@${info.version}`;
}

function sha512Of(integrity: string, key: string): string {
  const [, base64] = integrity.match(/^sha512-([A-Za-z0-9+/]+=*)$/) ?? [];
  if (base64 === undefined) {
    throw new ReleaseError(`Cannot list packages: deno.lock has no SHA-512 for "${key}"`);
  }
  return Uint8Array.fromBase64(base64).toHex();
}

async function readLicense(
  folder: string,
): Promise<Pick<LockedPackage, "license" | "licenseText">> {
  const { license } = JSON.parse(await Deno.readTextFile(join(folder, "package.json")));
  const isExpression = typeof license === "string" && /^[A-Za-z0-9.+() -]+$/.test(license) &&
    !/^(SEE|UNLICENSED)\b/.test(license);
  const texts: string[] = [];
  const names: string[] = [];
  for await (const { isFile, name } of Deno.readDir(folder)) {
    if (isFile && /^(licen[cs]e|copying|notice)(\b|[._-])/i.test(name)) names.push(name);
  }
  for (const name of names.toSorted()) texts.push(await Deno.readTextFile(join(folder, name)));
  return { license: isExpression ? license : undefined, licenseText: texts.join("\n") };
}
