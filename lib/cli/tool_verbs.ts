/** The command lines of the verbs that are about the tool itself. */
import type { Flag } from "./flags.ts";
import type { Term, VerbDefinition } from "./verb.ts";
import { VERB_NAMES } from "./verbs.ts";

/** Shells that completions are made for. */
export const SHELLS = ["bash", "zsh", "fish"] as const;

const JSON_FLAG: Flag = {
  flags: "--json",
  description: "print all of it as one JSON object",
  group: "Output",
  withoutVariables: true,
};

/** Variables that say how every verb shows what it has to say, and how it reaches the network. */
export const COMMON_VARIABLES: readonly Term[] = [
  ["NO_COLOR", "no colours; FORCE_COLOR, without it, for colours where there is no terminal"],
  ["TERM", "dumb: no colours, and no line that is drawn over"],
  ["LC_ALL, LC_CTYPE, LANG", "a locale other than UTF-8: plain ASCII signs"],
  ["HTTP_PROXY, HTTPS_PROXY, NO_PROXY", "proxies to the catalog and the store"],
  [
    "DENO_CERT, DENO_TLS_CA_STORE",
    "file with further certificate authorities; system, for those of the system",
  ],
];

/** The command line of `version`. */
export const VERSION: VerbDefinition = {
  name: "version",
  usage: "[--json]",
  description: "Print the version; with --json also what the tool was built from and with",
  flags: [JSON_FLAG],
  examples: ["lakekeeper-ingest version", "lakekeeper-ingest version --json"],
  exitStatus: [["0", "printed"], ["2", "wrong command line"]],
};

/** The command line of `help`. */
export const HELP: VerbDefinition = {
  name: "help",
  usage: "[VERB]",
  description: "Show what there is, or all that a verb can do",
  operands: [{ values: VERB_NAMES }],
  flags: [],
  examples: ["lakekeeper-ingest help", "lakekeeper-ingest help probe"],
  variables: COMMON_VARIABLES,
  exitStatus: [["0", "shown"], ["2", "there is no such verb"]],
};

/** The command line of `completions`. */
export const COMPLETIONS: VerbDefinition = {
  name: "completions",
  usage: "SHELL",
  description: "Print a script by which bash, zsh or fish completes verbs, flags and their values",
  operands: [{ values: SHELLS }],
  flags: [],
  examples: [
    "lakekeeper-ingest completions bash > ~/.local/share/bash-completion/completions/lakekeeper-ingest",
    "lakekeeper-ingest completions zsh > ~/.zfunc/_lakekeeper-ingest",
    "lakekeeper-ingest completions fish > ~/.config/fish/completions/lakekeeper-ingest.fish",
  ],
  notes: [
    "bash without the package bash-completion reads it from ~/.bashrc: source the file, or add " +
    "source <(lakekeeper-ingest completions bash). zsh wants, before compinit in ~/.zshrc: " +
    "fpath+=(~/.zfunc). fish finds it by itself. The script asks the tool nothing, so make it " +
    "again after an upgrade.",
  ],
  exitStatus: [["0", "printed"], ["2", "there are no completions for that shell"]],
};

/** The command line of `man`. */
export const MAN: VerbDefinition = {
  name: "man",
  usage: "",
  description: "Print the manual page, which has the help of every verb, for man to show",
  flags: [],
  examples: [
    "lakekeeper-ingest man > ~/.local/share/man/man1/lakekeeper-ingest.1",
    "lakekeeper-ingest man | man -l -",
  ],
  exitStatus: [["0", "printed"], ["2", "wrong command line"]],
};
