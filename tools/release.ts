// `deno task release`: makes what a release publishes. The release workflow calls it, and so does a
// dry run, which makes and tries everything for the machine that it runs on:
//
//   deno task release --dry-run                        all steps, for this machine, into dist/
//   deno task release archive --tag v1.2.3             the archive of this machine's target
//   deno task release collect --tag v1.2.3 --repository URL
//                                                      checksums, SBOM, notes and installer, when
//                                                      the archives of all targets are there

import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { CompileError, compileTool } from "./compile_tool.ts";
import { makeArchive } from "./release/archive.ts";
import { changelogPart, type ChangelogSection, changelogSection } from "./release/changelog.ts";
import { releaseNotes } from "./release/changelog.ts";
import { writeChecksums } from "./release/checksums.ts";
import { archiveContents } from "./release/contents.ts";
import { installerFor } from "./release/installer.ts";
import { licenseTexts, lockedPackages } from "./release/packages.ts";
import * as plan from "./release/plan.ts";
import { makeSbom } from "./release/sbom.ts";
import { tryArchive } from "./release/trial.ts";
import { readStamp } from "./stage.ts";

const USAGE = `Usage: deno task release --dry-run [--out DIR]
       deno task release archive --tag TAG [--out DIR]
       deno task release collect --tag TAG --repository URL [--out DIR]`;

/** What all steps share. */
interface Release {
  readonly root: string;
  readonly out: string;
  readonly version: string;
  readonly section: ChangelogSection;
  readonly dryRun: boolean;
  readonly repositoryUrl: string | undefined;
}

async function main(args: string[]): Promise<number> {
  const root = fileURLToPath(new URL("..", import.meta.url));
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        "dry-run": { type: "boolean" },
        tag: { type: "string" },
        repository: { type: "string" },
        out: { type: "string", default: join(root, "dist") },
        help: { type: "boolean", short: "h" },
      },
    });
    if (values.help) {
      console.log(USAGE);
      return 0;
    }
    const dryRun = values["dry-run"] ?? false;
    const step = positionals.join(" ") || (dryRun ? "all" : "");
    const fits = dryRun ? step === "all" : ["archive", "collect"].includes(step) && values.tag;
    if (!fits || (step === "collect" && !values.repository)) {
      console.error(USAGE);
      return 2;
    }
    const version = await plan.readVersion(root);
    if (values.tag !== undefined) plan.checkTag(values.tag, version);
    const section = changelogSection(await Deno.readTextFile(join(root, "CHANGELOG.md")), {
      version,
      allowUnreleased: dryRun,
    });
    const repositoryUrl = values.repository?.replace(/\/+$/, "");
    const out = resolve(values.out);
    const release: Release = { root, out, version, section, dryRun, repositoryUrl };
    await Deno.mkdir(out, { recursive: true });
    if (dryRun) {
      if (section.title !== version) {
        console.log(`CHANGELOG.md has no section [${version}] yet: took [${section.title}]`);
      }
      const denoVersion = await makeTargetArchive(release);
      await collect(release, { targets: [Deno.build.target], denoVersion });
    } else if (step === "archive") {
      await makeTargetArchive(release);
    } else {
      await collect(release, { targets: plan.TARGETS, denoVersion: Deno.version.deno });
    }
    return 0;
  } catch (error) {
    if (error instanceof TypeError && "code" in error) {
      console.error(`${error.message}\n${USAGE}`);
      return 2;
    }
    if (!(error instanceof plan.ReleaseError || error instanceof CompileError)) throw error;
    console.error(error.message);
    return 1;
  }
}

/** Makes and tries the archive of this machine's target. Returns the version of the Deno inside. */
async function makeTargetArchive(release: Release): Promise<string> {
  const { root, out, version, section, dryRun } = release;
  const target = Deno.build.target;
  const stamp = await readStamp(root);
  if (!dryRun && !/^[0-9a-f]{40}$/.test(stamp.commit)) {
    throw new plan.ReleaseError(
      `Cannot release commit "${stamp.commit}": the sources differ from a commit, or Git is missing`,
    );
  }
  const work = await Deno.makeTempDir({ prefix: `${plan.TOOL}-release-` });
  try {
    const executableName = plan.executableName(target);
    const executable = join(work, executableName);
    const made = await compileTool(root, { output: executable });
    if (made.fallbackReason !== undefined) {
      if (!dryRun) {
        throw new plan.ReleaseError(
          `Cannot release: Deno's own base runtime cannot be had (${made.fallbackReason})`,
        );
      }
      console.log(
        `Deno's own base runtime cannot be had (${made.fallbackReason}); this dry run ` +
          `used the one of Deno ${made.denoVersion} from package registries`,
      );
    }
    const { packages } = await lockedPackages(root);
    const files = await archiveContents(root, {
      executable,
      executableName,
      changelog: changelogPart(section, version),
      licenses: licenseTexts(packages, made.packages),
    });
    const name = plan.archiveName(version, target);
    const archive = await makeArchive(files, {
      folder: plan.archiveStem(version, target),
      date: new Date(stamp.date),
      format: name.endsWith(".zip") ? "zip" : "tar.gz",
    });
    const path = join(out, name);
    await Deno.writeFile(path, archive);
    const tried = await tryArchive(path, { version, target, commit: stamp.commit });
    console.log(
      `Made and tried ${path} (${megabytes(archive.length)}; ` +
        `executable ${megabytes(made.sizeBytes)}, Deno ${tried.deno}, V8 ${tried.v8})`,
    );
    return tried.deno;
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

/** Makes the files that a release has once. */
async function collect(
  release: Release,
  options: { readonly targets: readonly string[]; readonly denoVersion: string },
): Promise<void> {
  const { root, out, version, section, repositoryUrl } = release;
  const archives = options.targets.map((target) => plan.archiveName(version, target));
  for (const name of archives) {
    if (!await isFile(join(out, name))) {
      throw new plan.ReleaseError(`Cannot collect the release: "${join(out, name)}" is not there`);
    }
  }
  const stamp = await readStamp(root);
  const locked = await lockedPackages(root);
  const sbom = makeSbom(locked, {
    version,
    ...stamp,
    denoVersion: options.denoVersion,
    ...(repositoryUrl === undefined ? {} : { repositoryUrl }),
  });
  const sbomName = plan.sbomName(version);
  await Deno.writeTextFile(join(out, sbomName), `${JSON.stringify(sbom, null, 2)}\n`);
  const installer = await Deno.readTextFile(join(root, plan.INSTALLER));
  await Deno.writeTextFile(join(out, plan.INSTALLER), installerFor(installer, repositoryUrl), {
    mode: 0o755,
  });
  await Deno.writeTextFile(
    join(out, plan.NOTES),
    releaseNotes(section, { version, repositoryUrl }),
  );
  const sums = await writeChecksums(out, [...archives, sbomName, plan.INSTALLER]);
  console.log(
    `Made ${sbomName} (${locked.packages.length} packages), ${plan.INSTALLER}, ${plan.NOTES} and ` +
      `${plan.CHECKSUMS}:\n${sums.trimEnd()}`,
  );
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
