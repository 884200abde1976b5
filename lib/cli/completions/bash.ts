/** The completions of bash, 3.2 and later, with or without the package bash-completion. */
import { PROGRAM } from "../help_text.ts";
import type { Operand } from "../verb.ts";
import { BARE_VERB, type FlagWords, type VerbWords, VERSION_FLAG } from "./words.ts";

/** Makes the script. It needs nothing but bash, and starts no other program. */
export function bashCompletions(verbs: readonly VerbWords[]): string {
  const names = verbs.map(({ name }) => name);
  return `# bash completion for ${PROGRAM}, made by: ${PROGRAM} completions bash

# What the value of flag $2 of verb $1 is, in _lki_kind: a kind, and the choices if there are any.
_lki_value() {
  _lki_kind=
  case $1,$2 in
${verbs.flatMap(valueCases).join("\n")}
  esac
}

# What operand $2 (from 1) of verb $1 is, in _lki_kind.
_lki_operand() {
  _lki_kind=
  case $1,$2 in
${verbs.flatMap(operandCases).join("\n")}
  esac
}

_lki_complete() {
  local _lki_kind _lki_flags line=("") at cur verb=${BARE_VERB} prefix= first=1 operands=0 literal=
  COMPREPLY=()
  # bash cuts words at "=": "--flag=value" and "name=place" are put together again.
  for ((at = 1; at <= COMP_CWORD; at++)); do
    local word=\${COMP_WORDS[at]} last=$((\${#line[@]} - 1))
    if ((at > 1)) && [[ $word == "=" || \${COMP_WORDS[at - 1]} == "=" ]]; then
      line[last]+=$word
    else
      line+=("$word")
    fi
  done
  local count=$((\${#line[@]} - 1))
  cur=\${line[count]}
  if ((count > 1)); then
    case \${line[1]} in
      ${names.join("|")}) verb=\${line[1]} first=2 ;;
    esac
  fi
  _lki_kind=
  for ((at = first; at < count; at++)); do
    word=\${line[at]}
    if [[ -n $literal ]]; then
      operands=$((operands + 1))
    elif [[ $word == -- ]]; then
      literal=1
    elif [[ $word == -* ]]; then
      _lki_value "$verb" "$word"
      # The word after it is its value; if that is the current one, the kind says what it is.
      if [[ -n $_lki_kind ]]; then at=$((at + 1)); fi
      if ((at < count)); then _lki_kind=; fi
    else
      operands=$((operands + 1))
    fi
  done
  if [[ -z $_lki_kind ]]; then
    if [[ -z $literal && $cur == --*=* ]]; then
      _lki_value "$verb" "\${cur%%=*}"
      prefix="\${cur%%=*}="
      cur=\${cur#*=}
    elif [[ -z $literal && $cur == -* ]]; then
      _lki_flags_of "$verb" "$count"
      _lki_kind="choice $_lki_flags"
    elif ((count == 1)); then
      _lki_kind="file ${names.join(" ")}"
    else
      _lki_operand "$verb" $((operands + 1))
    fi
  fi
  # Where "=" parts words, bash replaces what stands after it only.
  if [[ $COMP_WORDBREAKS == *=* ]]; then prefix=; fi
  local candidate
  while IFS= read -r candidate; do
    if [[ -n $candidate ]]; then COMPREPLY+=("$prefix$candidate"); fi
  done < <(
    case $_lki_kind in
      (choice\\ * | file\\ *) compgen -W "\${_lki_kind#* }" -- "$cur" ;;
    esac
    case $_lki_kind in
      (file*) compgen -f -- "$cur" ;;
      (directory) compgen -d -- "$cur" ;;
    esac
  )
  case $_lki_kind in
    # bash quotes names of files, and ends those of directories with a slash. 3.2 cannot be told.
    file* | directory) compopt -o filenames 2>/dev/null ;;
  esac
  return 0
}

# The flags of verb $1, in _lki_flags; $2 is the number of the current word.
_lki_flags_of() {
  _lki_flags=
  case $1 in
${verbs.map(flagsCase).join("\n")}
  esac
  if [[ $1 == ${BARE_VERB} && $2 == 1 ]]; then _lki_flags+=" ${wordsOfFlag(VERSION_FLAG)}"; fi
}

complete -F _lki_complete ${PROGRAM}
`;
}

function wordsOfFlag({ long, short }: FlagWords): string {
  return short === undefined ? long : `${short} ${long}`;
}

function flagsCase({ name, flags }: VerbWords): string {
  return `    ${name}) _lki_flags="${flags.map(wordsOfFlag).join(" ")}" ;;`;
}

function valueCases({ name, flags }: VerbWords): string[] {
  return flags.filter(({ value }) => value !== undefined).map((flag) => {
    const patterns = wordsOfFlag(flag).split(" ").map((word) => `${name},${word}`).join(" | ");
    return `    ${patterns}) _lki_kind="${kindOf(flag.choices, flag.path)}" ;;`;
  });
}

function operandCases({ name, operands }: VerbWords): string[] {
  return operands.map(({ values = [], path }: Operand, index) =>
    `    ${name},${index + 1}) _lki_kind="${kindOf(values, path)}" ;;`
  );
}

function kindOf(choices: readonly string[], path: "file" | "directory" | undefined): string {
  if (choices.length > 0) return `choice ${choices.join(" ")}`;
  return path ?? "text";
}
