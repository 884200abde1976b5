// Versions, tags, names and the changelog of a release.

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import config from "../../../deno.json" with { type: "json" };
import { changelogPart, changelogSection, releaseNotes } from "../../../tools/release/changelog.ts";
import { installerFor } from "../../../tools/release/installer.ts";
import {
  archiveName,
  archiveStem,
  checkTag,
  executableName,
  readVersion,
  ReleaseError,
} from "../../../tools/release/plan.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

const CHANGELOG = `# Changelog

## [Unreleased]

- Coming.

## [1.2.0] - 2026-11-23

### Added

- This.

## [1.1.0]

- Without a date.

## [1.0.0] - 2026-01-01

[1.2.0]: https://example.org/v1.2.0
`;

function messageOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    assert.ok(error instanceof ReleaseError);
    return error.message;
  }
  return assert.fail("nothing was thrown");
}

Deno.test("readVersion() is the version of deno.json", async () => {
  assert.equal(await readVersion(ROOT), config.version);
});

Deno.test("checkTag() takes the tag of the version and names the right one for any other", () => {
  checkTag("v1.2.0", "1.2.0");
  for (const tag of ["1.2.0", "v1.2.1", "v1.2.0-rc.1", "V1.2.0"]) {
    assert.match(messageOf(() => checkTag(tag, "1.2.0")), /has to be v1\.2\.0$/);
  }
});

Deno.test("archives are named by version and target, and are zip files for Windows only", () => {
  const linux = "x86_64-unknown-linux-gnu";
  assert.equal(archiveName("1.2.0", linux), `lakekeeper-ingest-1.2.0-${linux}.tar.gz`);
  assert.equal(archiveStem("1.2.0", linux), `lakekeeper-ingest-1.2.0-${linux}`);
  assert.equal(executableName(linux), "lakekeeper-ingest");
  const windows = "x86_64-pc-windows-msvc";
  assert.equal(archiveName("1.2.0", windows), `lakekeeper-ingest-1.2.0-${windows}.zip`);
  assert.equal(executableName(windows), "lakekeeper-ingest.exe");
});

Deno.test("changelogSection() is the section of the version, without the others and the links", () => {
  const section = changelogSection(CHANGELOG, { version: "1.2.0", allowUnreleased: true });
  assert.deepEqual(section, { title: "1.2.0", body: "### Added\n\n- This." });
  assert.equal(
    changelogPart(section, "1.2.0"),
    "# lakekeeper-ingest 1.2.0\n\n### Added\n\n- This.\n",
  );
});

Deno.test("changelogSection() takes what is not released in a dry run, and then only", () => {
  const of = (allowUnreleased: boolean) =>
    changelogSection(CHANGELOG, { version: "1.3.0", allowUnreleased });
  assert.deepEqual(of(true), { title: "Unreleased", body: "- Coming." });
  assert.match(messageOf(() => of(false)), /has no section "## \[1\.3\.0\] - YYYY-MM-DD"/);
});

Deno.test("changelogSection() refuses a heading without a date and an empty section", () => {
  const of = (version: string) => changelogSection(CHANGELOG, { version, allowUnreleased: false });
  assert.match(messageOf(() => of("1.1.0")), /has no date/);
  assert.match(messageOf(() => of("1.0.0")), /is empty/);
});

Deno.test("the project's own changelog has a section for the version or for what comes next", async () => {
  const changelog = await Deno.readTextFile(`${ROOT}/CHANGELOG.md`);
  const { body } = changelogSection(changelog, { version: config.version, allowUnreleased: true });
  assert.match(body, /^- `ingest`/m);
});

Deno.test("releaseNotes() tells how to install, and names the image in lower case", () => {
  const notes = releaseNotes({ title: "1.2.0", body: "- This." }, {
    version: "1.2.0",
    repositoryUrl: "https://github.com/Some/Lake",
  });
  assert.match(notes, /^- This\.\n/);
  assert.ok(notes.includes(
    "curl -fsSL https://github.com/Some/Lake/releases/download/v1.2.0/install.sh | sh\n",
  ));
  assert.ok(notes.includes("docker pull ghcr.io/some/lake:1.2.0\n"));
  assert.ok(notes.includes("--repo Some/Lake\n"));
});

Deno.test("installerFor() puts the address into install.sh, and nothing that a shell would run", async () => {
  const script = await Deno.readTextFile(`${ROOT}/install.sh`);
  const made = installerFor(script, "https://github.com/some/lake");
  assert.ok(made.includes("\nrepository='https://github.com/some/lake'\n"));
  assert.equal(installerFor(script, undefined), script);
  for (const address of ["http://github.com/some/lake", "https://x/'; rm -rf ~; '", "some/lake"]) {
    assert.match(messageOf(() => installerFor(script, address)), /no https address/);
  }
  assert.match(messageOf(() => installerFor("#!/bin/sh\n", undefined)), /no line/);
});
