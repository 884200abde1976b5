// A release as those who download it meet it: the dry run makes one, SPDX's own tools judge its SBOM,
// and install.sh installs it in three shells from a real server, and does not when it should not.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { makeArchive } from "../../tools/release/archive.ts";
import { installerFor } from "../../tools/release/installer.ts";
import * as plan from "../../tools/release/plan.ts";
import { PROJECT_ROOT } from "./parts/cache.ts";
import { type CommandResult, mustRun, runCommand } from "./parts/child.ts";
import { installBusybox } from "./parts/debian.ts";
import { installLinters } from "./parts/linters.ts";
import { checksumLine, dryRun, ReleaseServer } from "./release_files.ts";

await installBusybox();
const linters = await installLinters();

const work = await Deno.makeTempDir({ prefix: "lakekeeper-ingest-release-" });
globalThis.addEventListener("unload", () => Deno.removeSync(work, { recursive: true }));

const version = await plan.readVersion(PROJECT_ROOT);
const target = Deno.build.target;
const archive = plan.archiveName(version, target);
const dist = `${work}/dist`;
const said = await dryRun(dist);
const checksums = await Deno.readTextFile(`${dist}/${plan.CHECKSUMS}`);

/** Shells that the installer has to run in, each by the words that start it. */
const SHELLS: Readonly<Record<string, readonly string[]>> = {
  dash: ["dash"],
  bash: ["bash", "--posix"],
  busybox: ["busybox", "sh"],
};

/** All that the installer calls, but for what it downloads with. */
const COMMANDS = [
  ...["cat", "chmod", "cp", "getconf", "gzip", "ldd", "mkdir", "mktemp", "mv", "rm", "sha256sum"],
  ...["tar", "uname"],
];

/** One run of the installer: a directory of its own for home, temporary files and the target. */
class Installation {
  readonly home: string;
  readonly temporary: string;
  /** The path has spaces, and is not there before. */
  readonly to: string;

  constructor() {
    this.home = Deno.makeTempDirSync({ dir: work, prefix: "home of one " });
    this.temporary = `${this.home}/temporary files`;
    this.to = `${this.home}/my programs/bin`;
    Deno.mkdirSync(this.temporary);
  }

  /** The installed executable. */
  get executable(): string {
    return `${this.to}/lakekeeper-ingest`;
  }

  environment(url: string, more: Readonly<Record<string, string>> = {}): Record<string, string> {
    const path = Deno.env.get("PATH") ?? "";
    return {
      ...{ HOME: this.home, TMPDIR: this.temporary, PATH: path },
      ...{ LAKEKEEPER_INGEST_INSTALL_URL: url, ...more },
    };
  }

  async run(
    url: string,
    options: {
      readonly shell?: string;
      readonly args?: readonly string[];
      readonly env?: Readonly<Record<string, string>>;
    } = {},
  ): Promise<CommandResult> {
    const { shell = "dash", args = ["--to", this.to], env = {} } = options;
    const [command = "", ...words] = SHELLS[shell]!;
    const found = await mustRun("sh", ["-c", `command -v "$1"`, "sh", command]);
    return await runCommand(found.trim(), [...words, `${dist}/install.sh`, ...args], {
      clearEnv: true,
      env: this.environment(url, env),
      runMsMax: 120_000,
    });
  }

  /** Nothing was installed, and nothing was left behind. */
  async assertUntouched(): Promise<void> {
    assert.deepEqual(await namesIn(this.temporary), []);
    assert.deepEqual((await namesIn(this.home)).filter((name) => name !== "temporary files"), []);
  }
}

async function namesIn(folder: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(folder)) names.push(name);
  return names.toSorted();
}

/** A directory for PATH with some commands of this machine and scripts that stand for others. */
async function pathWith(
  commands: readonly string[],
  scripts: Readonly<Record<string, string>> = {},
): Promise<string> {
  const folder = await Deno.makeTempDir({ dir: work, prefix: "path-" });
  for (const name of commands) {
    const found = await runCommand("sh", ["-c", `command -v "$1"`, "sh", name]);
    if (found.code === 0) await Deno.symlink(found.stdout.trim(), `${folder}/${name}`);
  }
  for (const [name, text] of Object.entries(scripts)) {
    await Deno.writeTextFile(`${folder}/${name}`, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  }
  return folder;
}

/** Files of a release whose one archive holds another executable. */
async function releaseWith(
  executable: string,
): Promise<Record<string, Uint8Array | string>> {
  const content = new TextEncoder().encode(executable);
  const bytes = await makeArchive([{ path: plan.TOOL, content, executable: true }], {
    ...{ folder: plan.archiveStem(version, target), date: new Date(0), format: "tar.gz" },
  });
  const sum = createHash("sha256").update(bytes).digest("hex");
  return { [archive]: bytes, [plan.CHECKSUMS]: `${sum}  ${archive}\n` };
}

Deno.test("the dry run makes archive, checksums, SBOM, notes and installer, and tries the archive", async () => {
  assert.match(said, new RegExp(`^Made and tried .*/${RegExp.escape(archive)} `, "m"));
  assert.deepEqual(
    await namesIn(dist),
    [archive, plan.CHECKSUMS, plan.INSTALLER, plan.NOTES, plan.sbomName(version)].toSorted(),
  );
  await mustRun("sha256sum", ["--check", "--strict", plan.CHECKSUMS], { cwd: dist });
  const listed = await mustRun("tar", ["-tzf", `${dist}/${archive}`]);
  const folder = plan.archiveStem(version, target);
  assert.deepEqual(
    listed.trim().split("\n"),
    [
      ...["CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "README.md", "THIRD_PARTY_LICENSES.txt"],
      ...["bench/README.md"],
      ...[`completions/_${plan.TOOL}`, `completions/${plan.TOOL}.bash`],
      ...[`completions/${plan.TOOL}.fish`],
      ...(await namesIn(`${PROJECT_ROOT}docs`)).map((name) => `docs/${name}`),
      ...[plan.TOOL, `man/${plan.TOOL}.1`],
    ].map((path) => `${folder}/${path}`),
  );
});

Deno.test("a second dry run of the same sources makes the same bytes", async () => {
  await dryRun(`${work}/again`);
  assert.equal(
    await Deno.readTextFile(`${work}/again/${plan.CHECKSUMS}`),
    checksums,
    "other bytes; it is no fault when a source, README or CHANGELOG was edited in between",
  );
});

Deno.test("SPDX's own tools accept the SBOM, and refuse one with an unknown licence", async () => {
  const path = `${dist}/${plan.sbomName(version)}`;
  await mustRun(linters.spdx, ["--infile", path]);
  const wrong = `${work}/wrong.spdx.json`;
  const text = await Deno.readTextFile(path);
  await Deno.writeTextFile(wrong, text.replace(`"Apache-2.0"`, `"Apache-License"`));
  const { code, stdout, stderr } = await runCommand(linters.spdx, ["--infile", wrong]);
  assert.notEqual(code, 0);
  assert.match(stdout + stderr, /Apache-License/);
});

for (const shell of Object.keys(SHELLS)) {
  Deno.test(`install.sh in ${shell} installs the newest release into a path with spaces`, async () => {
    await using server = new ReleaseServer(dist, version);
    const one = new Installation();
    const { code, stdout, stderr } = await one.run(server.url, { shell });
    assert.equal(code, 0, stderr);
    assert.equal(stderr, "");
    assert.match(stdout, new RegExp(`^Installed ${RegExp.escape(one.executable)} \\(`, "m"));
    assert.ok(stdout.includes(`export PATH="${one.to}:$PATH"`), stdout);
    assert.equal(
      await mustRun(one.executable, ["--version"]),
      `lakekeeper-ingest ${version}\n`,
    );
    assert.equal((await Deno.stat(one.executable)).mode! & 0o777, 0o755);
    assert.deepEqual(await namesIn(one.to), ["lakekeeper-ingest"]);
    assert.deepEqual(await namesIn(one.temporary), []);
    assert.deepEqual(server.requests, [
      `/latest/download/${plan.CHECKSUMS}`,
      `/download/v${version}/${archive}`,
    ]);
  });

  Deno.test(`install.sh in ${shell} installs nothing when the checksum is another`, async () => {
    await using server = new ReleaseServer(dist, version);
    const zeros = "0".repeat(64);
    const [right = ""] = checksumLine(checksums, archive).split(" ");
    server.faults.replaced = { [plan.CHECKSUMS]: checksums.replace(right, zeros) };
    const one = new Installation();
    const { code, stderr } = await one.run(server.url, { shell });
    assert.equal(code, 1);
    assert.ok(stderr.includes(`SHA-256 ${right} instead of ${zeros}`), stderr);
    await one.assertUntouched();
  });

  Deno.test(`install.sh in ${shell} leaves nothing when it is interrupted in a download`, async () => {
    for (const [signal, expected] of [["INT", 130], ["TERM", 143]] as const) {
      await using server = new ReleaseServer(dist, version);
      server.faults.stalled = archive;
      const one = new Installation();
      const child = new Deno.Command("setsid", {
        args: [...SHELLS[shell]!, `${dist}/install.sh`, "--to", one.to],
        clearEnv: true,
        env: one.environment(server.url),
        ...{ stdin: "null", stdout: "null", stderr: "null" },
      }).spawn();
      await server.stalled;
      // As a terminal does for Ctrl-C: to the whole group, which the shell leads.
      await mustRun("kill", [`-${signal}`, "--", `-${child.pid}`]);
      assert.equal((await child.status).code, expected, signal);
      await one.assertUntouched();
    }
  });
}

Deno.test("install.sh works with the commands of BusyBox alone", async () => {
  await using server = new ReleaseServer(dist, version);
  const folder = await Deno.makeTempDir({ dir: work, prefix: "busybox-" });
  await mustRun("busybox", ["--install", "-s", folder]);
  const one = new Installation();
  const { code, stderr } = await one.run(server.url, { shell: "busybox", env: { PATH: folder } });
  assert.equal(code, 0, stderr);
  assert.deepEqual(await namesIn(one.to), ["lakekeeper-ingest"]);
});

Deno.test("install.sh installs into ~/.local/bin by default, and says nothing of a PATH that has it", async () => {
  await using server = new ReleaseServer(dist, version);
  const one = new Installation();
  const bin = `${one.home}/.local/bin`;
  const { code, stdout, stderr } = await one.run(server.url, {
    args: [],
    env: { PATH: `${Deno.env.get("PATH")}:${bin}` },
  });
  assert.equal(code, 0, stderr);
  assert.match(stdout, new RegExp(`^Installed ${RegExp.escape(bin)}/lakekeeper-ingest `, "m"));
  assert.doesNotMatch(stdout, /PATH/);
});

Deno.test("install.sh takes a version, with or without v, from flag or variable", async () => {
  await using server = new ReleaseServer(dist, version);
  const one = new Installation();
  const flag = await one.run(server.url, { args: [`--version=v${version}`, `--to=${one.to}`] });
  assert.equal(flag.code, 0, flag.stderr);
  assert.ok(server.requests.every((path) => path.startsWith(`/download/v${version}/`)));
  const unknown = await new Installation().run(server.url, {
    env: { LAKEKEEPER_INGEST_INSTALL_VERSION: "0.0.9" },
  });
  assert.equal(unknown.code, 1);
  assert.match(unknown.stderr, /cannot download ".*\/download\/v0\.0\.9\/checksums\.txt"/);
});

Deno.test("install.sh keeps the executable that is there when the new one cannot be had", async () => {
  await using server = new ReleaseServer(dist, version);
  const one = new Installation();
  await Deno.mkdir(one.to, { recursive: true });
  await Deno.writeTextFile(one.executable, "the old one");
  server.faults.cut = archive;
  assert.equal((await one.run(server.url)).code, 1);
  assert.equal(await Deno.readTextFile(one.executable), "the old one");
  server.faults.cut = "none";
  const good = await one.run(server.url);
  assert.equal(good.code, 0, good.stderr);
  assert.match(await mustRun(one.executable, ["--version"]), /^lakekeeper-ingest /);
  assert.deepEqual(await namesIn(one.to), ["lakekeeper-ingest"]);
});

for (const client of ["curl", "wget"]) {
  Deno.test(`install.sh downloads with ${client} when there is no other, and tells a failure`, async () => {
    const env = { PATH: await pathWith([...COMMANDS, client]) };
    const faults = [{}, { missing: archive }, { cut: archive }];
    for (const [index, fault] of faults.entries()) {
      await using server = new ReleaseServer(dist, version);
      Object.assign(server.faults, fault);
      const one = new Installation();
      const { code, stderr } = await one.run(server.url, { env });
      if (index === 0) {
        assert.equal(code, 0, stderr);
        continue;
      }
      assert.equal(code, 1);
      assert.ok(stderr.includes(`cannot download "${server.url}/download/`), stderr);
      assert.ok(stderr.trimEnd().endsWith(`(${client})`), stderr);
      await one.assertUntouched();
    }
  });
}

Deno.test("install.sh checks with shasum or openssl where there is no sha256sum", async () => {
  const others = COMMANDS.filter((name) => name !== "sha256sum");
  for (const tool of ["shasum", "openssl"]) {
    await using server = new ReleaseServer(dist, version);
    const one = new Installation();
    const env = { PATH: await pathWith([...others, "curl", "perl", tool]) };
    const { code, stderr } = await one.run(server.url, { env });
    assert.equal(code, 0, stderr);
  }
});

Deno.test("install.sh names what is missing: a download client, a checksum tool, tar", async () => {
  await using server = new ReleaseServer(dist, version);
  for (
    const [commands, said] of [
      [COMMANDS, /neither curl nor wget/],
      [[...COMMANDS.filter((it) => it !== "sha256sum"), "curl"], /neither sha256sum nor shasum/],
      [[...COMMANDS.filter((it) => it !== "tar"), "curl"], /no tar/],
    ] as const
  ) {
    const one = new Installation();
    const { code, stderr } = await one.run(server.url, { env: { PATH: await pathWith(commands) } });
    assert.equal(code, 1);
    assert.match(stderr, said);
    await one.assertUntouched();
  }
});

Deno.test("install.sh asks for the archive of the machine, and refuses those without one", async () => {
  const unameOf = (system: string, machine: string) =>
    `if [ "$1" = -s ]; then echo ${system}; else echo ${machine}; fi`;
  const cases: readonly (readonly [Record<string, string>, RegExp])[] = [
    [{ uname: unameOf("Linux", "riscv64") }, /no executable for the CPU "riscv64"/],
    [{ uname: unameOf("FreeBSD", "amd64") }, /no executable for "FreeBSD"/],
    [{ uname: unameOf("MINGW64_NT-10.0", "x86_64") }, /on Windows, unpack the \.zip/],
    [
      { getconf: "exit 1", ldd: 'echo "musl libc (x86_64)" >&2; exit 1' },
      /no executable for Linux with musl/,
    ],
    // These have one, but not in a release for this machine alone.
    [{ uname: unameOf("Darwin", "arm64") }, /no archive for aarch64-apple-darwin/],
    [
      { uname: unameOf("Darwin", "x86_64"), sysctl: "echo 1" },
      /no archive for aarch64-apple-darwin/,
    ],
    [
      { uname: unameOf("Darwin", "x86_64"), sysctl: "exit 1" },
      /no archive for x86_64-apple-darwin/,
    ],
  ];
  await using server = new ReleaseServer(dist, version);
  for (const [scripts, said] of cases) {
    const commands = [...COMMANDS, "curl"].filter((name) => !(name in scripts));
    const one = new Installation();
    const env = { PATH: await pathWith(commands, scripts) };
    const { code, stderr } = await one.run(server.url, { env });
    assert.equal(code, 1);
    assert.match(stderr, said);
    await one.assertUntouched();
  }
});

Deno.test("install.sh installs nothing that does not run, and shows what it said", async () => {
  await using server = new ReleaseServer(dist, version);
  server.faults.replaced = await releaseWith("#!/bin/sh\necho GLIBC_2.99 not found >&2\nexit 1\n");
  const one = new Installation();
  const { code, stderr } = await one.run(server.url);
  assert.equal(code, 1);
  assert.match(
    stderr,
    /does not run on this machine; nothing was installed: GLIBC_2\.99 not found/,
  );
  await one.assertUntouched();
});

Deno.test("install.sh downloads over https, and over http from this machine alone", async () => {
  for (const url of ["http://example.org/releases", "http://127.0.0.1.example.org", "ftp://host"]) {
    const one = new Installation();
    const { code, stderr } = await one.run(url);
    assert.equal(code, 1);
    assert.match(stderr, /will not download ".*": the address has to begin with https:\/\//);
    await one.assertUntouched();
  }
});

Deno.test("install.sh explains itself, and refuses what it does not know", async () => {
  const one = new Installation();
  const help = await one.run("", { args: ["--help"] });
  assert.equal(help.code, 0);
  assert.match(help.stdout, /^Usage: install\.sh \[--to DIR\] \[--version VERSION\]$/m);
  for (
    const [args, said] of [
      [["--force"], /unknown argument "--force"/],
      [["--to"], /--to needs a value/],
      [["--version", "1/../2"], /"1\/\.\.\/2" is no version/],
    ] as const
  ) {
    const { code, stderr } = await one.run("", { args });
    assert.equal(code, 2);
    assert.match(stderr, said);
  }
  const homeless = await one.run("", { args: ["--to", one.to] });
  assert.equal(homeless.code, 1);
  assert.match(homeless.stderr, /this copy of the script comes from no release/);
});

Deno.test("the installer of a release goes to that release's repository by itself", async () => {
  const script = await Deno.readTextFile(`${PROJECT_ROOT}${plan.INSTALLER}`);
  const one = new Installation();
  const { code, stderr } = await runCommand("dash", ["-s", "--", "--to", one.to], {
    stdin: installerFor(script, "https://127.0.0.1:1/some/lake"),
    clearEnv: true,
    env: one.environment(""),
  });
  assert.equal(code, 1);
  const address = "https://127.0.0.1:1/some/lake/releases/latest/download/checksums.txt";
  assert.ok(stderr.includes(`cannot download "${address}"`), stderr);
  await one.assertUntouched();
});

Deno.test("install.sh cut off on its way does nothing", async () => {
  const whole = await Deno.readTextFile(`${dist}/install.sh`);
  const one = new Installation();
  for (const share of [0.3, 0.6, 0.95]) {
    const { stdout } = await runCommand("dash", ["-s", "--", "--to", one.to], {
      stdin: whole.slice(0, whole.length * share),
      clearEnv: true,
      env: one.environment("http://127.0.0.1:9"),
    });
    assert.equal(stdout, "");
    await one.assertUntouched();
  }
});
