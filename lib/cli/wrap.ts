/** Text broken into lines of a given width. */

/** How lines are indented. */
export interface WrapOptions {
  /** Longest line, in characters. */
  readonly width: number;
  /** Stands before the first line. @default {""} */
  readonly indent?: string;
  /** Stands before every other line. @default {indent} */
  readonly hanging?: string;
}

/** Breaks text between words; a word that is longer than a line gets one of its own. */
export function wrap(text: string, options: WrapOptions): string[] {
  const { width, indent = "", hanging = indent } = options;
  const lines: string[] = [];
  let line = indent;
  let isEmpty = true;
  for (const word of text.split(/\s+/).filter((part) => part !== "")) {
    if (!isEmpty && line.length + 1 + word.length > width) {
      lines.push(line);
      line = hanging + word;
    } else {
      line += isEmpty ? word : ` ${word}`;
    }
    isEmpty = false;
  }
  return isEmpty ? lines : [...lines, line];
}
