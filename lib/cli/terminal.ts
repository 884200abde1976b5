/** Writing to stdout and stderr, and what each of them can show. */

/** One of the two output streams. */
export interface Output {
  /** Whether a person sees it, rather than a file or another program. */
  readonly isTerminal: boolean;
  /** Whether {@linkcode paint} colours what is written there. */
  readonly usesColor: boolean;
  /** Whether a line can be drawn over: a terminal that knows control codes. */
  readonly animates: boolean;
  /** Characters of a line now; a terminal may change its size. */
  columns(): number;
  /** Writes text; the caller adds line ends. */
  write(text: string): void;
}

/** The streams and what the environment says about them. */
export interface Terminal {
  /** stdout: what the command was run for. */
  readonly out: Output;
  /** stderr: progress, trace, hints, notices and errors. */
  readonly err: Output;
  /** Whether ✓ and ✗ can be shown. */
  readonly usesUnicode: boolean;
}

/** Ends the process's output quietly when its reader has gone (`… | head`). */
export class OutputClosedError extends Error {
  /** Tells the class in stack traces. */
  override readonly name = "OutputClosedError";
}

const encoder = new TextEncoder();

function writeWhole(stream: { writeSync(bytes: Uint8Array): number }, text: string): void {
  const bytes = encoder.encode(text);
  try {
    for (let at = 0; at < bytes.length;) at += stream.writeSync(bytes.subarray(at));
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) throw new OutputClosedError("Output is closed");
    throw error;
  }
}

/** `NO_COLOR` beats `FORCE_COLOR`; an empty variable counts as unset, and `FORCE_COLOR=0` as no. */
function usesColor(isTerminal: boolean): boolean {
  const forced = Deno.env.get("FORCE_COLOR");
  if (Deno.env.get("NO_COLOR") || forced === "0" || forced === "false") return false;
  return forced ? true : animates(isTerminal);
}

function animates(isTerminal: boolean): boolean {
  return isTerminal && Deno.env.get("TERM") !== "dumb";
}

const COLUMNS_DEFAULT = 80;

function columns(isTerminal: boolean): number {
  if (!isTerminal) return COLUMNS_DEFAULT;
  try {
    return Deno.consoleSize().columns || COLUMNS_DEFAULT;
  } catch {
    // Windows tells no size of some terminals.
    return COLUMNS_DEFAULT;
  }
}

/** No locale at all says nothing; a locale that is not UTF-8 says no. */
function usesUnicode(): boolean {
  const locale = Deno.env.get("LC_ALL") || Deno.env.get("LC_CTYPE") || Deno.env.get("LANG");
  return !locale || /utf-?8/i.test(locale);
}

/** The process's own streams. */
export function openTerminal(): Terminal {
  const output = (stream: typeof Deno.stdout | typeof Deno.stderr): Output => {
    const isTerminal = stream.isTerminal();
    return {
      isTerminal,
      usesColor: usesColor(isTerminal),
      animates: animates(isTerminal),
      columns: () => columns(isTerminal),
      write: (text) => writeWhole(stream, text),
    };
  };
  return { out: output(Deno.stdout), err: output(Deno.stderr), usesUnicode: usesUnicode() };
}

/** Streams whose readers may go: what is written after that is dropped. */
export function withoutReaders(terminal: Terminal): Terminal {
  const dropping = (output: Output): Output => ({
    ...output,
    write: (text) => {
      try {
        output.write(text);
      } catch (error) {
        if (!(error instanceof OutputClosedError)) throw error;
      }
    },
  });
  return { ...terminal, out: dropping(terminal.out), err: dropping(terminal.err) };
}

/** Colours and weights that {@linkcode paint} knows. */
export type Color = "green" | "red" | "yellow" | "dim" | "bold";

/** Codes of ECMA-48 (SGR) that begin and end a colour. */
const COLOR_CODES: Readonly<Record<Color, readonly [on: number, off: number]>> = {
  green: [32, 39],
  red: [31, 39],
  yellow: [33, 39],
  dim: [2, 22],
  bold: [1, 22],
};

/** Colours text where the stream shows colours. */
export function paint(output: Output, color: Color, text: string): string {
  const [on, off] = COLOR_CODES[color];
  return output.usesColor ? `\x1b[${on}m${text}\x1b[${off}m` : text;
}

/** Signs of the tool's own texts, and what stands for them where UTF-8 cannot be shown. */
const ASCII: Readonly<Record<string, string>> = {
  "✓": "ok",
  "✗": "FAILED",
  "×": "x",
  "…": "...",
  "–": "-",
  "→": "->",
};

/** A text of the tool's own for a terminal that does not show UTF-8. */
export function inAscii(text: string): string {
  return text.replaceAll(/[✓✗×…–→]/g, (sign) => ASCII[sign]!);
}
