// The list of what the executable is made from, as SPDX 2.3 in JSON. Pure: data in, document out.

import { createHash } from "node:crypto";
import type { LockedPackage, LockedPackages } from "./packages.ts";
import { TOOL } from "./plan.ts";

/** Options of {@linkcode makeSbom}. */
export interface SbomOptions {
  /** Version of the tool. */
  readonly version: string;
  /** Full id of the commit. */
  readonly commit: string;
  /** RFC 3339 in UTC, whole seconds; the commit's, so that the document follows from the commit. */
  readonly date: string;
  /** Version of the Deno runtime inside. */
  readonly denoVersion: string;
  /** Address of the repository, if it is known. */
  readonly repositoryUrl?: string;
}

/** A package of a document, SPDX 2.3 §7. */
export interface SpdxPackage {
  readonly name: string;
  readonly SPDXID: string;
  readonly versionInfo: string;
  readonly downloadLocation: string;
  readonly filesAnalyzed: false;
  readonly licenseConcluded: string;
  readonly licenseDeclared: string;
  readonly copyrightText: string;
  readonly primaryPackagePurpose: "APPLICATION" | "LIBRARY";
  readonly checksums?: readonly { readonly algorithm: string; readonly checksumValue: string }[];
  readonly externalRefs: readonly {
    readonly referenceCategory: "PACKAGE-MANAGER";
    readonly referenceType: "purl";
    readonly referenceLocator: string;
  }[];
}

/** An SPDX 2.3 document, as far as it is used. */
export interface SpdxDocument {
  readonly spdxVersion: "SPDX-2.3";
  readonly dataLicense: "CC0-1.0";
  readonly SPDXID: "SPDXRef-DOCUMENT";
  readonly name: string;
  readonly documentNamespace: string;
  readonly creationInfo: { readonly created: string; readonly creators: readonly string[] };
  readonly packages: readonly SpdxPackage[];
  readonly relationships: readonly {
    readonly spdxElementId: string;
    readonly relationshipType: "DESCRIBES" | "DEPENDS_ON" | "CONTAINS";
    readonly relatedSpdxElement: string;
  }[];
}

const TOOL_ID = "SPDXRef-Package-tool";
const DENO_ID = "SPDXRef-Package-deno";

/** Makes the document: the tool, the runtime inside, and every package with what it needs. */
export function makeSbom(
  { packages, direct }: LockedPackages,
  options: SbomOptions,
): SpdxDocument {
  const { version, commit, date, denoVersion, repositoryUrl } = options;
  const name = `${TOOL}-${version}`;
  const dependsOn = (from: string, to: string) => ({
    spdxElementId: from,
    relationshipType: "DEPENDS_ON" as const,
    relatedSpdxElement: to,
  });
  const document = {
    spdxVersion: "SPDX-2.3" as const,
    dataLicense: "CC0-1.0" as const,
    SPDXID: "SPDXRef-DOCUMENT" as const,
    name,
    creationInfo: { created: date, creators: [`Tool: ${TOOL}-release-${version}`] },
    packages: [
      packageOf({
        ...{ id: TOOL_ID, name: TOOL, version, license: "Apache-2.0", purpose: "APPLICATION" },
        download: repositoryUrl === undefined ? undefined : `git+${repositoryUrl}@${commit}`,
        purl: `pkg:generic/${TOOL}@${version}`,
      }),
      packageOf({
        ...{ id: DENO_ID, name: "deno", version: denoVersion, license: "MIT" },
        ...{ purpose: "APPLICATION", download: undefined },
        purl: `pkg:github/denoland/deno@v${denoVersion}`,
      }),
      ...packages.map(npmPackage),
    ],
    relationships: [
      {
        spdxElementId: "SPDXRef-DOCUMENT",
        relationshipType: "DESCRIBES" as const,
        relatedSpdxElement: TOOL_ID,
      },
      {
        spdxElementId: TOOL_ID,
        relationshipType: "CONTAINS" as const,
        relatedSpdxElement: DENO_ID,
      },
      ...direct.map((it) => dependsOn(TOOL_ID, npmId(it))),
      ...packages.flatMap((it) =>
        it.dependencies.map((to) => dependsOn(npmId(`${it.name}@${it.version}`), npmId(to)))
      ),
    ],
  };
  // The namespace has to be unique to the document, so it is made from all of it.
  const digest = createHash("sha256").update(commit).update(JSON.stringify(document)).digest("hex");
  return {
    ...document,
    documentNamespace: `https://spdx.org/spdxdocs/${name}-${digest.slice(0, 32)}`,
  };
}

function npmPackage(it: LockedPackage): SpdxPackage {
  const { name, version, sha512, license } = it;
  return {
    ...packageOf({
      ...{ id: npmId(`${name}@${version}`), name, version, license, purpose: "LIBRARY" },
      download: undefined,
      // In a package URL the sign of a scope is encoded.
      purl: `pkg:npm/${name.replace("@", "%40")}@${version}`,
    }),
    checksums: [{ algorithm: "SHA512", checksumValue: sha512 }],
  };
}

function packageOf(
  it: {
    readonly id: string;
    readonly name: string;
    readonly version: string;
    readonly license: string | undefined;
    readonly purpose: "APPLICATION" | "LIBRARY";
    readonly download: string | undefined;
    readonly purl: string;
  },
): SpdxPackage {
  return {
    name: it.name,
    SPDXID: it.id,
    versionInfo: it.version,
    // The lock file records no address: any mirror that has the same checksum will do.
    downloadLocation: it.download ?? "NOASSERTION",
    filesAnalyzed: false,
    licenseConcluded: "NOASSERTION",
    licenseDeclared: it.license ?? "NOASSERTION",
    copyrightText: "NOASSERTION",
    primaryPackagePurpose: it.purpose,
    externalRefs: [{
      referenceCategory: "PACKAGE-MANAGER",
      referenceType: "purl",
      referenceLocator: it.purl,
    }],
  };
}

/** Identifiers have letters, digits, `.` and `-` only (SPDX 2.3 §7.2). */
function npmId(id: string): string {
  const plain = id.replace(/^@/, "").replace("/", "--").replace(/@(?=[^@]*$)/, "-");
  return `SPDXRef-Package-npm-${plain.replaceAll(/[^A-Za-z0-9.-]/g, "-")}`;
}
