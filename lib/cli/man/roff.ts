/** Text for roff, by the macros of man(7). */

/** What means something to roff, or is shown as another sign by it. */
const ESCAPES: Readonly<Record<string, string>> = {
  "\\": "\\e",
  "-": "\\-",
  "'": "\\(aq",
  '"': "\\(dq",
  "`": "\\(ga",
  "^": "\\(ha",
  "~": "\\(ti",
};

/** A text that stands on a line of its own, or as an argument in quotes. */
export function roffText(text: string): string {
  const escaped = text.replaceAll(/[\\\-'"`^~]/g, (sign) => ESCAPES[sign]!)
    .replaceAll(/[^\n\x20-\x7e]/gu, (sign) => {
      const code = sign.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0");
      return `\\[u${code}]`;
    });
  // A line that begins with a dot would be a request.
  return escaped.startsWith(".") ? `\\&${escaped}` : escaped;
}

/** A heading. */
export function section(title: string): string {
  return `.SH "${roffText(title.toUpperCase())}"`;
}

/** A heading within a section. */
export function subsection(title: string): string {
  return `.SS "${roffText(title)}"`;
}

/** A paragraph. */
export function paragraph(text: string): string[] {
  return [".PP", roffText(text)];
}

/** A word in bold, and its meaning beside or below it. */
export function term(word: string, meaning: string): string[] {
  return [".TP", `.B "${roffText(word)}"`, roffText(meaning)];
}

/** Lines that stay as they are. */
export function verbatim(lines: readonly string[]): string[] {
  return [".PP", ".in +2n", ".EX", ...lines.map(roffText), ".EE", ".in"];
}
