// Draws a recorded terminal as an SVG: one file with nothing outside of it, for light and dark pages.
// Rows appear when they did; where nothing moves (print, a reader's wish, an old viewer) all of them
// are there.

/** A row of the terminal with its colours as escape sequences, and when it appeared. */
export interface Row {
  readonly text: string;
  /** Since the recording began. */
  readonly atMs: number;
}

/** Columns of the terminal that is drawn. */
export const COLUMNS = 116;

const CELL_WIDTH_PX = 7.25;
const ROW_HEIGHT_PX = 18;
const PADDING_PX = 16;
const FONT_SIZE_PX = 12;

/** Classes of the escape sequences (ECMA-48, SGR) that the tool uses. */
const CLASSES: Readonly<Record<string, string>> = {
  "1": "bold",
  "2": "dim",
  "31": "red",
  "32": "green",
  "33": "yellow",
  "36": "cyan",
};

const STYLE = `
.paper { fill: #ffffff; stroke: #d0d7de }
text { font: ${FONT_SIZE_PX}px ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  fill: #1f2328; white-space: pre }
.bold { font-weight: bold } .dim { fill: #656d76 }
.red { fill: #cf222e } .green { fill: #1a7f37 } .yellow { fill: #9a6700 } .cyan { fill: #1b7c83 }
@media (prefers-color-scheme: dark) {
  .paper { fill: #0d1117; stroke: #30363d }
  text { fill: #e6edf3 } .dim { fill: #8d96a0 }
  .red { fill: #ff7b72 } .green { fill: #3fb950 } .yellow { fill: #d29922 } .cyan { fill: #39c5cf }
}
@keyframes appear { from { opacity: 0 } }
text { animation: appear 1ms both }
@media (prefers-reduced-motion: reduce) { text { animation: none } }
@media print { text { animation: none } }`;

/** A piece of a row in one colour. */
interface Piece {
  readonly text: string;
  readonly classes: readonly string[];
}

/**
 * Draws rows one below the other; those that are too long go on in the next row, as in a terminal.
 *
 * @param title what a reader hears who does not see the picture.
 */
export function drawTerminal(rows: readonly Row[], title: string): string {
  const drawn = rows.flatMap(({ text, atMs }) =>
    foldRow(readPieces(text)).map((pieces) => ({ pieces, atMs }))
  );
  const width = COLUMNS * CELL_WIDTH_PX + 2 * PADDING_PX;
  const height = drawn.length * ROW_HEIGHT_PX + 2 * PADDING_PX;
  const lines = drawn.flatMap(({ pieces, atMs }, index) => {
    const length = pieces.reduce((sum, { text }) => sum + cells(text), 0);
    if (length === 0) return [];
    const y = PADDING_PX + index * ROW_HEIGHT_PX + FONT_SIZE_PX;
    const place = `x="${PADDING_PX}" y="${y}" textLength="${length * CELL_WIDTH_PX}"`;
    const delay = `style="animation-delay: ${(atMs / 1000).toFixed(2)}s"`;
    return [`<text ${place} ${delay}>${pieces.map(drawPiece).join("")}</text>`];
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
    `viewBox="0 0 ${width} ${height}" role="img">\n<title>${escapeXml(title)}</title>\n` +
    `<style>${STYLE}\n</style>\n` +
    `<rect class="paper" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="6"/>\n` +
    `${lines.join("\n")}\n</svg>\n`;
}

function drawPiece({ text, classes }: Piece): string {
  const shown = escapeXml(text);
  return classes.length === 0 ? shown : `<tspan class="${classes.join(" ")}">${shown}</tspan>`;
}

/** Parts a row by its colours. Other escape sequences than those of colours are left out. */
function readPieces(text: string): Piece[] {
  const pieces: Piece[] = [];
  let classes: string[] = [];
  // deno-lint-ignore no-control-regex -- escape sequences begin with a control character
  for (const [, codes, plain] of text.matchAll(/\u001b\[([\d;]*)[A-Za-z]|([^\u001b]+)/g)) {
    if (plain !== undefined) pieces.push({ text: plain, classes });
    else {
      // Any other code (0, 39, 22 …) goes back to what is usual: the tool nests no colours.
      const named = (codes ?? "").split(";").flatMap((code) => CLASSES[code] ?? []);
      classes = named.length === 0 ? [] : [...classes, ...named];
    }
  }
  return pieces;
}

function foldRow(pieces: readonly Piece[]): Piece[][] {
  const rows: Piece[][] = [[]];
  let room = COLUMNS;
  for (const { text, classes } of pieces) {
    const rest = [...text];
    while (rest.length > 0) {
      if (room === 0) {
        rows.push([]);
        room = COLUMNS;
      }
      const part = rest.splice(0, room);
      rows.at(-1)!.push({ text: part.join(""), classes });
      room -= part.length;
    }
  }
  return rows;
}

/** Every character that the tool prints takes one cell. */
function cells(text: string): number {
  return [...text].length;
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
