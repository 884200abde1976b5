// Takes the part of a version out of CHANGELOG.md, which has the form of Keep a Changelog.

import { ReleaseError, TOOL } from "./plan.ts";

/** The part of one version. */
export interface ChangelogSection {
  /** What stands in the brackets of its heading: the version, or "Unreleased". */
  readonly title: string;
  /** Its lines below the heading, trimmed. */
  readonly body: string;
}

/**
 * The section of a version.
 *
 * @param options `allowUnreleased`: take the section "Unreleased" when the version has none, as a
 *   dry run before a release does.
 * @throws {ReleaseError} when there is no section, it is empty, or it has no date
 */
export function changelogSection(
  changelog: string,
  options: { readonly version: string; readonly allowUnreleased: boolean },
): ChangelogSection {
  const { version, allowUnreleased } = options;
  const sections = sectionsOf(changelog);
  const own = sections.find(({ title }) => title === version);
  const section = own ?? (allowUnreleased ? sections.find((it) => it.title === "Unreleased") : own);
  if (section === undefined) {
    throw new ReleaseError(
      `Cannot release version ${version}: CHANGELOG.md has no section "## [${version}] - YYYY-MM-DD"`,
    );
  }
  if (section === own && !/^ - \d{4}-\d{2}-\d{2}$/.test(section.rest)) {
    throw new ReleaseError(
      `Cannot release version ${version}: its heading in CHANGELOG.md has no date; ` +
        `it has to be "## [${version}] - YYYY-MM-DD"`,
    );
  }
  if (section.body === "") {
    throw new ReleaseError(
      `Cannot release version ${version}: the section [${section.title}] of CHANGELOG.md is empty`,
    );
  }
  return { title: section.title, body: section.body };
}

/** The changelog that goes into an archive: a title and the one section. */
export function changelogPart(section: ChangelogSection, version: string): string {
  return `# ${TOOL} ${version}\n\n${section.body}\n`;
}

/** What the page of the release says: the section, then how to install and to check a download. */
export function releaseNotes(
  section: ChangelogSection,
  options: { readonly version: string; readonly repositoryUrl: string | undefined },
): string {
  const { version, repositoryUrl } = options;
  const lines = [section.body, ""];
  if (repositoryUrl !== undefined) {
    const { host, pathname } = new URL(repositoryUrl);
    lines.push(
      ...["## Install", "", "Linux with glibc, and macOS:", "", "```bash"],
      `curl -fsSL ${repositoryUrl}/releases/download/v${version}/install.sh | sh`,
      ...["```", "", "Other ways to get it are the archives below and the image", ""],
      ...["```bash", `docker pull ghcr.io${pathname.toLowerCase()}:${version}`, "```", ""],
      ...["## Check a download", "", "```bash", "sha256sum --check --ignore-missing checksums.txt"],
      ...(host === "github.com"
        ? [`gh attestation verify ${TOOL}-${version}-*.tar.gz --repo ${pathname.slice(1)}`]
        : []),
      ...["```", ""],
    );
  }
  return lines.join("\n");
}

interface RawSection extends ChangelogSection {
  /** What follows the brackets. */
  readonly rest: string;
}

function sectionsOf(changelog: string): RawSection[] {
  const headings = [...changelog.matchAll(/^## \[([^\]]+)\](.*)$/gm)];
  return headings.map((heading, index) => {
    const start = heading.index + heading[0].length;
    const text = changelog.slice(start, headings[index + 1]?.index);
    // The addresses of the headings stand at the very end.
    const body = text.replaceAll(/^\[[^\]]+\]: .*$/gm, "").trim();
    return { title: heading[1]!, rest: heading[2]!.trimEnd(), body };
  });
}
