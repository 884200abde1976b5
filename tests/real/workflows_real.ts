// What cannot be run here is judged by the linters of its trade: the workflows by actionlint, every
// shell script by ShellCheck, the Dockerfile by hadolint. Each linter is first shown a mistake, so
// that one which finds nothing anywhere is noticed.

import assert from "node:assert/strict";
import { readCompose, scriptOf } from "../compose/compose_file.ts";
import { installActionlint } from "./parts/actionlint.ts";
import { PROJECT_ROOT } from "./parts/cache.ts";
import { runCommand } from "./parts/child.ts";
import { installLinters } from "./parts/linters.ts";

const linters = await installLinters();
const actionlint = await installActionlint();

/** actionlint gives the scripts inside of a workflow to ShellCheck. */
const ACTIONLINT = ["-no-color", "-shellcheck", linters.shellcheck, "-pyflakes", ""];

/** Beyond its defaults, ShellCheck says what else it could wish for; these are left alone. */
const SHELLCHECK = [
  ...["--enable=all", "--severity=style"],
  // Braces around every variable; a default for every `case`; what `set -e` does not see.
  "--exclude=SC2250,SC2249,SC2310,SC2311,SC2312",
];

async function lintScript(script: string) {
  return await runCommand(linters.shellcheck, [...SHELLCHECK, "--shell=sh", "-"], {
    stdin: script,
  });
}

Deno.test("actionlint finds nothing in the workflows", async () => {
  const folder = `${PROJECT_ROOT}.github/workflows`;
  const files: string[] = [];
  for await (const { name } of Deno.readDir(folder)) files.push(`${folder}/${name}`);
  assert.ok(files.length >= 2);
  const { code, stdout, stderr } = await runCommand(actionlint, [...ACTIONLINT, ...files]);
  assert.equal(code, 0, stdout + stderr);
});

Deno.test("actionlint finds a wrong right, an unknown runner and a script's mistake", async () => {
  const text = await Deno.readTextFile(`${PROJECT_ROOT}.github/workflows/release.yml`);
  for (
    const [from, to, said] of [
      ["attestations: write", "attestation: write", /unknown permission scope "attestation"/],
      ["runs-on: ubuntu-24.04\n", "runs-on: ubuntu-24.05\n", /label "ubuntu-24\.05" is unknown/],
      ['--tag "$GITHUB_REF_NAME"', "--tag $GITHUB_REF_NAME", /SC2086/],
      ["needs: [attest, image]", "needs: [attest, images]", /needs job "images"/],
    ] as const
  ) {
    assert.ok(text.includes(from), from);
    const { code, stdout } = await runCommand(actionlint, [...ACTIONLINT, "-"], {
      stdin: text.replace(from, to),
    });
    assert.equal(code, 1, to);
    assert.match(stdout, said);
  }
});

Deno.test("ShellCheck finds nothing in the project's scripts", async () => {
  for (const path of ["install.sh", "tests/real/container.sh"]) {
    const { code, stdout } = await lintScript(await Deno.readTextFile(PROJECT_ROOT + path));
    assert.equal(code, 0, `${path}\n${stdout}`);
  }
  // CI's script was written before, and is held to the defaults.
  const { code, stdout } = await runCommand(linters.shellcheck, [`${PROJECT_ROOT}.ci/run`]);
  assert.equal(code, 0, stdout);
});

Deno.test("ShellCheck finds nothing in the scripts of the one-shot containers", async () => {
  const scripts = Object.entries(readCompose().services)
    .filter(([, { entrypoint }]) => entrypoint?.[0] === "/bin/sh");
  assert.ok(scripts.length >= 3);
  for (const [name, service] of scripts) {
    const { code, stdout } = await lintScript(`#!/bin/sh\nset -eu\n${scriptOf(service)}`);
    assert.equal(code, 0, `${name}\n${stdout}`);
  }
});

Deno.test("ShellCheck finds what only bash knows, and a word that is split", async () => {
  const { code, stdout } = await lintScript("#!/bin/sh\n[[ -n $1 ]] && rm $2\n");
  assert.equal(code, 1);
  assert.match(stdout, /SC3010/);
  assert.match(stdout, /SC2086/);
});

Deno.test("hadolint finds nothing in the Dockerfile, and something in a bad one", async () => {
  const good = await runCommand(linters.hadolint, ["--no-color", `${PROJECT_ROOT}Dockerfile`]);
  assert.equal(good.code, 0, good.stdout);
  const bad = await runCommand(linters.hadolint, ["--no-color", "-"], {
    stdin: "FROM debian\nRUN cd /tmp && sudo apt-get install curl\nENTRYPOINT tool\n",
  });
  assert.equal(bad.code, 1);
  for (const rule of ["DL3006", "DL3004", "DL3025"]) assert.ok(bad.stdout.includes(rule), rule);
});
