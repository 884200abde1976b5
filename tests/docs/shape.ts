// Compares what a command has printed with what a page shows of it, but for what differs from run to
// run: figures, ids, and whatever the page leaves out.

/** Stands for anything within a line, and on a line of its own for any lines. */
const LEFT_OUT = "…";

/** Words that change with the figures before them. */
const FOLLOWING_WORDS: readonly (readonly string[])[] = [
  ["ms", "s", "m"],
  ["KiB", "MiB", "GiB"],
  ["attempt", "attempts"],
  ["row", "rows"],
  ["retry", "retries"],
  ["commit", "commits"],
];

/**
 * Where the shown text first differs in its shape, or undefined. Figures match figures; what stands
 * before and after the shown lines is of no matter.
 *
 * @returns the first shown line that is not there after the lines before it.
 */
export function shapeFault(shown: string, printed: string): string | undefined {
  const lines = printed.split("\n");
  let at = 0;
  let mayPass = true;
  for (const line of shown.split("\n")) {
    if (line.trim() === LEFT_OUT) {
      mayPass = true;
      continue;
    }
    const pattern = linePattern(line);
    const found = lines.findIndex((text, index) => index >= at && pattern.test(text.trimEnd()));
    if (found === -1 || (!mayPass && found !== at)) return line;
    at = found + 1;
    mayPass = false;
  }
  return undefined;
}

function linePattern(line: string): RegExp {
  const source = line.trimEnd().split(LEFT_OUT)
    .map((part) => part.split(/(\d[\d,.]*\d|\d)/).map(piecePattern).join(""))
    .join(".*");
  return new RegExp(`^${source}$`, "u");
}

/** Every other piece is a figure. */
function piecePattern(piece: string, index: number): string {
  if (index % 2 === 1) return "[\\d,.]*\\d";
  const [, word = ""] = index === 0 ? [] : /^ (\p{L}+)/u.exec(piece) ?? [];
  const words = FOLLOWING_WORDS.find((forms) => forms.includes(word));
  const rest = (words === undefined ? piece : piece.slice(1 + word.length))
    .replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replace(/ +/g, " +");
  return words === undefined ? rest : ` (${words.join("|")})${rest}`;
}
