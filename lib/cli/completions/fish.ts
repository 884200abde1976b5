/** The completions of fish, 3.0 and later. */
import { PROGRAM } from "../help_text.ts";
import { BARE_VERB, type FlagWords, type VerbWords, VERSION_FLAG } from "./words.ts";

/** Makes the script. */
export function fishCompletions(verbs: readonly VerbWords[]): string {
  const valued = verbs.map(({ name, flags }) => {
    const words = flags.filter(({ value }) => value !== undefined)
      .flatMap(({ long, short }) => short === undefined ? [long] : [short, long]);
    return `        case ${name}\n            set valued ${words.join(" ")}`;
  });
  return `# fish completion for ${PROGRAM}, made by: ${PROGRAM} completions fish

# Whether the command line before the current word has verb $argv[1] and, if $argv[2] is given, so
# many operands after it that the current word would be that one (from 1).
function __lki_is
    set -l words (commandline -opc)
    set -l verb ${BARE_VERB}
    set -l first 2
    if set -q words[2]; and contains -- $words[2] ${verbs.map(({ name }) => name).join(" ")}
        set verb $words[2]
        set first 3
    end
    test "$verb" = "$argv[1]"; or return 1
    set -q argv[2]; or return 0
    set -l valued
    switch $verb
${valued.join("\n")}
    end
    set -l operands 0
    set -l skip 0
    set -l literal 0
    for word in $words[$first..-1]
        if test $skip = 1
            set skip 0
        else if test $literal = 1
            set operands (math $operands + 1)
        else if test "$word" = --
            set literal 1
        else if string match -q -- '-*' $word
            contains -- $word $valued; and set skip 1
        else
            set operands (math $operands + 1)
        end
    end
    test (math $operands + 1) = $argv[2]
end

function __lki_is_first
    test (count (commandline -opc)) -eq 1
end

complete -c ${PROGRAM} -f
${verbs.map(verbLine).join("\n")}
${flagLine(VERSION_FLAG, "__lki_is_first")}
${verbs.flatMap((verb) => [...flagLines(verb), ...operandLines(verb)]).join("\n")}
`;
}

function verbLine({ name, meaning }: VerbWords): string {
  return `complete -c ${PROGRAM} -n __lki_is_first -a ${name} -d ${quoted(meaning)}`;
}

function flagLines({ name, flags }: VerbWords): string[] {
  return flags.map((flag) => flagLine(flag, quoted(`__lki_is ${name}`)));
}

function flagLine(flag: FlagWords, condition: string): string {
  const { long, short, value, choices, path, meaning } = flag;
  const names = `${short === undefined ? "" : ` -s ${short.slice(1)}`} -l ${long.slice(2)}`;
  const argument = value === undefined
    ? ""
    : choices.length > 0
    ? ` -x -a ${quoted(choices.join(" "))}`
    : path === "file"
    ? " -r -F"
    : path === "directory"
    ? " -x -a '(__fish_complete_directories)'"
    : " -x";
  return `complete -c ${PROGRAM} -n ${condition}${names}${argument} -d ${quoted(meaning)}`;
}

function operandLines({ name, operands }: VerbWords): string[] {
  return operands.map(({ values = [], path }, index) => {
    const condition = quoted(`__lki_is ${name} ${index + 1}`);
    const argument = values.length > 0
      ? `-a ${quoted(values.join(" "))}`
      : path === "directory"
      ? "-a '(__fish_complete_directories)'"
      : "-F";
    return `complete -c ${PROGRAM} -n ${condition} ${argument}`;
  });
}

/** A text as one word of the shell: within single quotes, a backslash guards these two. */
function quoted(text: string): string {
  return `'${text.replaceAll(/[\\']/g, "\\$&")}'`;
}
