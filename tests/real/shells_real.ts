// Completions in the shells that they are for, and the manual page in man: the shells' own engines
// complete, among files of a known folder.

import assert from "node:assert/strict";
import { VERB_NAMES } from "../../lib/cli/verbs.ts";
import { BASH_COMPLETION, installShells } from "./parts/debian.ts";
import { mustRun, runCommand } from "./parts/child.ts";
import { openTmux } from "./parts/tmux.ts";
import { runTool } from "./tool.ts";

await installShells();

const DIRECTORY = await Deno.makeTempDir({ prefix: "lakekeeper_ingest_shells_" });
const FILES = `${DIRECTORY}/files`;
await Deno.mkdir(`${FILES}/sub`, { recursive: true });
await Deno.mkdir(`${FILES}/two words`);
for (const name of ["data.csv", "with space.csv"]) await Deno.writeTextFile(`${FILES}/${name}`, "");
globalThis.addEventListener("unload", () => Deno.removeSync(DIRECTORY, { recursive: true }));

/** The script of each shell, in a file. */
const SCRIPTS = {
  bash: await writeScript("bash", "lakekeeper-ingest"),
  zsh: await writeScript("zsh", "_lakekeeper-ingest"),
  fish: await writeScript("fish", "lakekeeper-ingest.fish"),
};

async function writeScript(shell: string, name: string): Promise<string> {
  const { code, stdout, stderr } = await runTool(["completions", shell], { cwd: DIRECTORY });
  assert.equal(code, 0, stderr);
  await Deno.mkdir(`${DIRECTORY}/${shell}`);
  const path = `${DIRECTORY}/${shell}/${name}`;
  await Deno.writeTextFile(path, stdout);
  return path;
}

const PATHS = ["data.csv", "sub", "two words", "with space.csv"];
const DIRECTORIES = ["sub", "two words"];

/** A command line after the tool's name, and what is offered: all of it, or some of it. */
interface Case {
  readonly line: string;
  readonly offers: readonly string[];
  /** Offers beside those are wrong. */
  readonly isAll: boolean;
}

const all = (line: string, offers: readonly string[]): Case => ({ line, offers, isAll: true });
const some = (line: string, offers: readonly string[]): Case => ({ line, offers, isAll: false });

const CASES: readonly Case[] = [
  some("", [...VERB_NAMES, ...PATHS]),
  all("prob", ["probe"]),
  all("da", ["data.csv"]),
  some("-", ["--workers", "--version", "--help"]),
  all("ingest --commit-", ["--commit-retries", "--commit-timeout"]),
  all("ingest --commit ", ["per-chunk", "grouped", "once"]),
  all("data.csv --commit g", ["grouped"]),
  all("data.csv --workers 4 --enc", ["--encoding"]),
  all("ingest --codec=s", ["snappy"]),
  all("ingest --encoding ", ["plain", "compact"]),
  all("ingest ", PATHS),
  all("ingest --report ", PATHS),
  all("ingest -w 4 da", ["data.csv"]),
  all("serve --state-dir ", DIRECTORIES),
  all("serve --lost-race ", ["409", "400", "500"]),
  all("serve --warehouse demo=./x --cred", ["--credentials"]),
  some("probe --workload ", ["all", "append", "first-commit"]),
  all("probe ", ["check"]),
  all("probe check ", PATHS),
  some("clean --", ["--load-id", "--dry-run", "--older-than"]),
  some("help ", VERB_NAMES),
  all("help ver", ["verify", "version"]),
  all("completions ", ["bash", "zsh", "fish"]),
];

/** Lines after which there is nothing to offer. */
const NOTHING = ["ingest --workers ", "generate ", "generate --rows ", "man ", "clean --load-id "];

function check(shell: string, { line, offers, isAll }: Case, found: readonly string[]): void {
  const clean = found.map((word) => word.replace(/\/$/, "").replace(/^--[a-z-]+=/, ""));
  const wanted = isAll ? [...offers].sort() : offers.filter((word) => !clean.includes(word));
  assert.deepEqual(
    isAll ? [...new Set(clean)].sort() : [],
    isAll ? wanted : [],
    `${shell}: "${line}"`,
  );
  assert.deepEqual(isAll ? [] : wanted, [], `${shell}: "${line}" lacks them: ${clean.join(" ")}`);
}

function nothing(line: string): Case {
  return all(line, []);
}

/** bash's words, parted as readline parts them. */
function bashWords(line: string): string[] {
  return `lakekeeper-ingest ${line}`.split(" ").flatMap((word) =>
    word.split(/(=)/).filter((part, at, parts) =>
      part !== "" || parts.length === 1 || at === parts.length - 1 && at > 0
    )
  );
}

async function completeByBash(line: string): Promise<string[]> {
  const words = bashWords(line);
  const output = await mustRun("bash", [
    ...["--norc", "--noprofile", "-c"],
    'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _lki_complete "$1"; ' +
    'if ((${#COMPREPLY[@]})); then printf "%s\\n" "${COMPREPLY[@]}"; fi',
    ...["bash", SCRIPTS.bash, ...words],
  ], { cwd: FILES });
  return output.split("\n").filter((word) => word !== "");
}

Deno.test("bash completes verbs, flags, values and files", async () => {
  for (const wanted of [...CASES, ...NOTHING.map(nothing)]) {
    check("bash", wanted, await completeByBash(wanted.line));
  }
});

for (const withPackage of [false, true]) {
  const name = withPackage ? "with" : "without";
  Deno.test(`bash ${name} bash-completion completes what is typed into it`, async () => {
    const home = `${DIRECTORY}/home-${name}`;
    const place = `${home}/.local/share/bash-completion/completions`;
    await Deno.mkdir(place, { recursive: true });
    await Deno.copyFile(SCRIPTS.bash, `${place}/lakekeeper-ingest`);
    // With the package the script is found by its name, as one that is installed.
    const source = withPackage ? BASH_COMPLETION : SCRIPTS.bash;
    await Deno.writeTextFile(`${home}/rc`, `source ${source}\nPS1='$ '\n`);
    const session = await openTmux({
      columns: 100,
      cwd: FILES,
      env: { HOME: home, PATH: "/usr/bin:/bin", TERM: "screen", LC_ALL: "C.UTF-8" },
      command: ["bash", "--noprofile", "--rcfile", `${home}/rc`, "-i"],
    });
    try {
      await session.until((screen) => screen.includes("$"));
      for (
        const [typed, shown] of [
          ["lakekeeper-ingest prob", "$ lakekeeper-ingest probe"],
          ["lakekeeper-ingest x --commit=gr", "$ lakekeeper-ingest x --commit=grouped"],
          ["lakekeeper-ingest verify wi", "$ lakekeeper-ingest verify with\\ space.csv"],
          ["lakekeeper-ingest serve --state-dir su", "$ lakekeeper-ingest serve --state-dir sub/"],
        ] as const
      ) {
        await session.send(typed, "Tab");
        await session.until((screen) => screen.split("\n").at(-1) === shown);
        await session.send("C-u");
        await session.until((screen) => screen.split("\n").at(-1) === "$");
      }
    } finally {
      await session.close();
    }
  });
}

/** Writes what zsh would offer to a file, one a line, and a mark at the end. */
const ZSH_PROBE = `
PS1=
fpath=(${DIRECTORY}/zsh $fpath)
autoload -Uz compinit && compinit -u -d ${DIRECTORY}/zcompdump
zstyle ':completion:*' insert-ids menu
setopt no_beep
function compadd {
  local word
  for word in "$@"; do
    case $word in
      (-|--) break ;;
      (-[OAD]) builtin compadd "$@"; return ;;
    esac
  done
  local -a offered
  builtin compadd -A offered "$@"
  (( $#offered )) && print -rl -- "\${offered[@]}" >> $OFFERS
  builtin compadd "$@"
}
`;

async function completeByZsh(lines: readonly string[]): Promise<string[][]> {
  const setup = `${DIRECTORY}/setup.zsh`;
  await Deno.writeTextFile(setup, ZSH_PROBE);
  const found: string[][] = [];
  const session = await openTmux({
    columns: 200,
    cwd: FILES,
    env: {
      HOME: DIRECTORY,
      PATH: "/usr/bin:/bin",
      TERM: "screen",
      LC_ALL: "C.UTF-8",
      OFFERS: `${DIRECTORY}/offers`,
    },
    command: ["zsh", "-f", "-i"],
  });
  try {
    await session.send(`source ${setup}; print rea''dy`, "Enter");
    await session.until((screen) => screen.includes("ready"));
    for (const [index, line] of lines.entries()) {
      const offers = `${DIRECTORY}/offers-${index}`;
      await session.send(`clear; : > ${offers}; OFFERS=${offers}; print sta''rt-${index}`, "Enter");
      await session.until((screen) => screen.includes(`start-${index}`));
      await session.send(`lakekeeper-ingest ${line}`, "Tab", "C-a", "C-k");
      await session.send(`print en''d-${index}`, "Enter");
      await session.until((screen) => screen.includes(`end-${index}`));
      const words = (await Deno.readTextFile(offers)).split("\n").filter((word) => word !== "");
      // Names of files are offered as they will stand on the command line.
      found.push(words.map((word) => word.replaceAll("\\ ", " ")));
    }
  } finally {
    await session.close();
  }
  return found;
}

Deno.test("zsh completes verbs, flags, values and files", async () => {
  const cases = [...CASES, ...NOTHING.map(nothing)];
  const found = await completeByZsh(cases.map(({ line }) => line));
  for (const [index, wanted] of cases.entries()) {
    // Where nothing else can stand, zsh offers the flags.
    const isNothing = wanted.isAll && wanted.offers.length === 0;
    const offers = found[index]!.filter((word) => !isNothing || !word.startsWith("-"));
    check("zsh", wanted, offers);
  }
});

Deno.test("zsh takes the script by source, too", async () => {
  const { code, stdout, stderr } = await runCommand("zsh", [
    ...["-f", "-c"],
    `autoload -Uz compinit && compinit -u -D; source ${SCRIPTS.zsh}; print -r -- $_comps[lakekeeper-ingest]`,
  ]);
  assert.equal(stderr, "");
  assert.equal(code, 0);
  assert.equal(stdout.trim(), "_lakekeeper-ingest");
});

Deno.test("fish completes verbs, flags, values and files", async () => {
  for (const wanted of [...CASES, ...NOTHING.map(nothing)]) {
    const output = await mustRun("fish", [
      ...["--no-config", "-c", "source $argv[1]; complete -C $argv[2]"],
      ...[SCRIPTS.fish, `lakekeeper-ingest ${wanted.line}`],
    ], { cwd: FILES, env: { HOME: DIRECTORY } });
    const found = output.split("\n").filter((line) => line !== "").map((line) =>
      line.split("\t")[0]!
    );
    check("fish", wanted, found);
  }
});

Deno.test("the manual page passes groff and man without a warning, and reads as one", async () => {
  const { code, stdout, stderr } = await runTool(["man"], { cwd: DIRECTORY });
  assert.equal(code, 0, stderr);
  const page = `${DIRECTORY}/lakekeeper-ingest.1`;
  await Deno.writeTextFile(page, stdout);
  const groff = await runCommand("groff", ["-man", "-Tutf8", "-ww", "-z", page]);
  assert.equal(groff.stderr, "");
  assert.equal(groff.code, 0);
  const man = await runCommand("man", ["--warnings", "-l", page], {
    env: { LC_ALL: "C.UTF-8", MANWIDTH: "80", MANPAGER: "cat" },
  });
  assert.equal(man.stderr, "");
  assert.match(man.stdout, /^NAME\n {7}lakekeeper-ingest - load CSV/m);
  for (const verb of VERB_NAMES) {
    assert.match(man.stdout, new RegExp(`^${verb.toUpperCase()}$`, "m"));
  }
  assert.match(man.stdout, /^ {7}--commit-retries <N>$/m);
});
