// The list of packages and the SBOM that is made from it. Its form is judged by SPDX's own tools in
// tests/real/release_real.ts; here, whether it is complete and follows from the lock file.

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { licenseTexts, lockedPackages } from "../../../tools/release/packages.ts";
import { ReleaseError } from "../../../tools/release/plan.ts";
import { makeSbom } from "../../../tools/release/sbom.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const OPTIONS = {
  version: "1.2.0",
  commit: "0123456789abcdef0123456789abcdef01234567",
  date: "2026-11-23T10:00:00Z",
  denoVersion: "2.9.6",
};

/** Licences that an executable under Apache-2.0 may contain. */
const FITTING = ["0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "Unlicense"];

const locked = await lockedPackages(ROOT);
const sbom = makeSbom(locked, OPTIONS);

function versionOf(name: string): string {
  return locked.packages.find((it) => it.name === name)!.version;
}

Deno.test("lockedPackages() has what the tool imports, and nothing of tests and build tools", () => {
  const names = new Set(locked.packages.map(({ name }) => name));
  for (const name of ["@aws-sdk/client-s3", "@faker-js/faker", "avsc", "commander"]) {
    assert.ok(names.has(name), name);
  }
  for (const name of ["fast-check", "playwright-core", "dclint", "modern-tar", "fflate"]) {
    assert.ok(!names.has(name), name);
  }
});

Deno.test("lockedPackages() leads from the sources' own imports to every package", () => {
  const byId = new Map(locked.packages.map((it) => [`${it.name}@${it.version}`, it]));
  const reached = new Set<string>();
  const open = [...locked.direct];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (reached.has(id)) continue;
    reached.add(id);
    const found = byId.get(id);
    assert.ok(found, id);
    open.push(...found.dependencies);
  }
  assert.equal(reached.size, locked.packages.length);
});

Deno.test("every package inside the executable has a licence that fits Apache-2.0", () => {
  for (const { name, license } of locked.packages) {
    assert.ok(license !== undefined, `${name} declares no licence`);
    const choices = license.replaceAll(/[()]/g, "").split(" OR ");
    assert.ok(choices.some((it) => FITTING.includes(it)), `${name}: ${license}`);
  }
});

Deno.test("licenseTexts() names every package and holds the texts that they carry", () => {
  const text = licenseTexts(locked.packages, [`commander@${versionOf("commander")}`]);
  for (const { name, version } of locked.packages) {
    assert.ok(text.includes(`\n${name} ${version}\nLicence: `), name);
  }
  assert.ok(text.includes("Permission is hereby granted, free of charge"));
});

Deno.test("licenseTexts() refuses to leave out a package that is inside the executable", () => {
  const inside = ["other@1.0.0", `commander@${versionOf("commander")}`];
  assert.throws(
    () => licenseTexts(locked.packages, inside),
    new ReleaseError("Cannot list licences: unknown packages inside the executable: other@1.0.0"),
  );
});

Deno.test("makeSbom() has each package once, with the SHA-512 of the lock file", async () => {
  const lock = JSON.parse(await Deno.readTextFile(`${ROOT}/deno.lock`));
  const integrities = new Set(
    Object.values<{ integrity: string }>(lock.npm).map(({ integrity }) => integrity),
  );
  const ids = sbom.packages.map((it) => it.SPDXID);
  assert.equal(new Set(ids).size, ids.length);
  for (const id of ids) assert.match(id, /^SPDXRef-[A-Za-z0-9.-]+$/);
  const npm = sbom.packages.filter((it) => it.checksums !== undefined);
  assert.equal(npm.length, locked.packages.length);
  for (const { name, checksums } of npm) {
    const [{ algorithm, checksumValue } = { algorithm: "", checksumValue: "" }] = checksums!;
    assert.equal(algorithm, "SHA512");
    const base64 = btoa(
      String.fromCharCode(...checksumValue.match(/../g)!.map((hex) => parseInt(hex, 16))),
    );
    assert.ok(integrities.has(`sha512-${base64}`), name);
  }
});

Deno.test("makeSbom() relates known packages only, and describes the tool", () => {
  const ids = new Set<string>(["SPDXRef-DOCUMENT", ...sbom.packages.map((it) => it.SPDXID)]);
  for (const { spdxElementId, relatedSpdxElement } of sbom.relationships) {
    assert.ok(ids.has(spdxElementId), spdxElementId);
    assert.ok(ids.has(relatedSpdxElement), relatedSpdxElement);
  }
  const [described] = sbom.relationships.filter((it) => it.relationshipType === "DESCRIBES");
  const tool = sbom.packages.find((it) => it.SPDXID === described?.relatedSpdxElement);
  assert.equal(tool?.name, "lakekeeper-ingest");
  assert.equal(tool?.versionInfo, "1.2.0");
  const scoped = sbom.packages.find((it) => it.name === "@aws-sdk/client-s3");
  assert.match(scoped!.externalRefs[0]!.referenceLocator, /^pkg:npm\/%40aws-sdk\/client-s3@3\./);
});

Deno.test("makeSbom() follows from what it is given, and has a name of its own for each commit", async () => {
  const again = makeSbom(await lockedPackages(ROOT), OPTIONS);
  assert.deepEqual(again, sbom);
  const other = makeSbom(locked, { ...OPTIONS, commit: "f".repeat(40) });
  assert.notEqual(other.documentNamespace, sbom.documentNamespace);
});
