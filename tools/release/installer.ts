// The installer knows the address of its releases only once a release is made: install.sh in the
// sources belongs to no repository in particular, so a fork's releases install the fork.

import { ReleaseError } from "./plan.ts";

const PLACE = "repository=''";

/**
 * The installer with the address of a repository put in.
 *
 * @param repositoryUrl e.g. `https://github.com/OWNER/NAME`; undefined leaves it as it is
 * @throws {ReleaseError} for an address that is not plain https, and for a script without the place
 */
export function installerFor(script: string, repositoryUrl: string | undefined): string {
  if (!script.includes(`\n${PLACE}\n`)) {
    throw new ReleaseError(`Cannot make the installer: it has no line ${PLACE}`);
  }
  if (repositoryUrl === undefined) return script;
  // It is put between quotes of the shell.
  if (!/^https:\/\/[A-Za-z0-9.:-]+(\/[A-Za-z0-9._-]+)+$/.test(repositoryUrl)) {
    throw new ReleaseError(`Cannot make the installer: "${repositoryUrl}" is no https address`);
  }
  return script.replace(`\n${PLACE}\n`, `\nrepository='${repositoryUrl}'\n`);
}
