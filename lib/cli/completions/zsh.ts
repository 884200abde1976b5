/** The completions of zsh, by its own _arguments. */
import { PROGRAM } from "../help_text.ts";
import type { Operand } from "../verb.ts";
import { BARE_VERB, type FlagWords, type VerbWords, VERSION_FLAG } from "./words.ts";

const FUNCTION = `_${PROGRAM}`;

/** Makes the script: a file of `fpath`, and to be sourced as well. */
export function zshCompletions(verbs: readonly VerbWords[]): string {
  const bare = verbs.find(({ name }) => name === BARE_VERB)!;
  return `#compdef ${PROGRAM}
# zsh completion for ${PROGRAM}, made by: ${PROGRAM} completions zsh

${FUNCTION}() {
  local curcontext=$curcontext verb=${BARE_VERB} state
  typeset -A opt_args
  local -a verbs
  verbs=(
${verbs.map(({ name, meaning }) => `    ${quoted(`${name}:${meaning}`)}`).join("\n")}
  )
  if (( CURRENT == 2 )); then
    if [[ $words[2] == -* ]]; then
      _arguments -s -S : \\
${specs(bare, [VERSION_FLAG])}
    else
      _alternative 'verbs:verb:{_describe verb verbs}' 'files:file:_files'
    fi
    return
  fi
  if (( \${+verbs[(r)$words[2]:*]} )) && [[ -n $verbs[(r)$words[2]:*] ]]; then
    verb=$words[2]
    shift words
    (( CURRENT-- ))
  fi
  case $verb in
${
    verbs.map((verb) => `    ${verb.name})\n      _arguments -s -S : \\\n${specs(verb)}\n      ;;`)
      .join("\n")
  }
  esac
}

# Sourced, it registers itself; as a file of fpath, it is the function.
if [[ $funcstack[1] == ${FUNCTION} ]]; then
  ${FUNCTION} "$@"
else
  compdef ${FUNCTION} ${PROGRAM}
fi
`;
}

/** The lines that tell _arguments of flags and operands. */
function specs(verb: VerbWords, more: readonly FlagWords[] = []): string {
  const lines = [...verb.flags, ...more].map(flagSpec);
  for (const [index, operand] of verb.operands.entries()) {
    lines.push(
      quoted(`${index + 1}:${operandName(operand)}:${action(operand.values, operand.path)}`),
    );
  }
  return lines.map((line) => `        ${line}`).join(" \\\n");
}

function flagSpec(flag: FlagWords): string {
  const { long, short, value, choices, path, repeats, meaning } = flag;
  const help = `[${escaped(meaning)}]`;
  const end = value === undefined ? help : `${help}:${escaped(value)}:${action(choices, path)}`;
  const mark = value === undefined ? "" : "=";
  if (short === undefined) return quoted(`${repeats ? "*" : ""}${long}${mark}${end}`);
  const shortMark = value === undefined ? "" : "+";
  return `${quoted(`(${short} ${long})`)}{${short}${shortMark},${long}${mark}}${quoted(end)}`;
}

function operandName({ values, path }: Operand): string {
  return values === undefined ? path ?? "text" : "word";
}

function action(choices: readonly string[] = [], path?: "file" | "directory"): string {
  if (choices.length > 0) return `(${choices.join(" ")})`;
  if (path === "file") return "_files";
  return path === "directory" ? "_files -/" : " ";
}

/** A text within a specification, where brackets and colons mean something. */
function escaped(text: string): string {
  return text.replaceAll(/[\\[\]:]/g, "\\$&");
}

/** A text as one word of the shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
