/** Writing to stdout and stderr, and what each of them can show. */

/** One of the two output streams. */
export interface Output {
  readonly isTerminal: boolean;
  readonly usesColor: boolean;
  /** Writes text; the caller adds line ends. */
  write(text: string): void;
}

/** The streams and what the environment says about them. */
export interface Terminal {
  readonly out: Output;
  readonly err: Output;
  /** Whether ✓ and ✗ can be shown. */
  readonly usesUnicode: boolean;
}

/** Ends the process's output quietly when its reader has gone (`… | head`). */
export class OutputClosedError extends Error {
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

function usesColor(isTerminal: boolean): boolean {
  if (Deno.env.get("NO_COLOR")) return false;
  if (Deno.env.get("FORCE_COLOR")) return true;
  return isTerminal && Deno.env.get("TERM") !== "dumb";
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

/** Codes of ECMA-48 (SGR) that begin and end a colour. */
const COLOR_CODES = { green: [32, 39], red: [31, 39], yellow: [33, 39], dim: [2, 22] } as const;

/** Colours text where the stream shows colours. */
export function paint(output: Output, color: keyof typeof COLOR_CODES, text: string): string {
  const [on, off] = COLOR_CODES[color];
  return output.usesColor ? `\x1b[${on}m${text}\x1b[${off}m` : text;
}
