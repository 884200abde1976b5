/** HTML as a value: what is put into a template is escaped unless it is markup already. */

/** A piece of HTML that may stand in a page as it is. */
export class Markup {
  readonly #text: string;

  /**
   * Takes a text as it is: nothing in it is escaped.
   *
   * @param text HTML that is known to be safe.
   */
  constructor(text: string) {
    this.#text = text;
  }

  /** The HTML. */
  toString(): string {
    return this.#text;
  }
}

/** What a template takes: markup as it is, lists one after the other, and nothing for nothing. */
export type Content =
  | Markup
  | string
  | number
  | null
  | undefined
  | false
  | readonly Content[];

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text as it stands in HTML, in an element or in a quoted attribute. */
export function escapeHtml(text: string): string {
  // Control characters are no text in HTML, and a catalog's message may hold any.
  // deno-lint-ignore no-control-regex
  return text.replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g, "\ufffd")
    .replaceAll(/[&<>"']/g, (character) => ESCAPES[character]!);
}

function markupOf(content: Content): string {
  if (content === null || content === undefined || content === false) return "";
  if (content instanceof Markup) return content.toString();
  if (typeof content === "object") return content.map(markupOf).join("");
  return escapeHtml(String(content));
}

/** A template of HTML: `` html`<p>${text}</p>` ``. */
export function html(strings: TemplateStringsArray, ...contents: readonly Content[]): Markup {
  const parts = strings.map((string, index) =>
    index < contents.length ? string + markupOf(contents[index]) : string
  );
  return new Markup(parts.join(""));
}

const LINE_ENDS_OF_SCRIPTS = new RegExp("[\\u2028\\u2029]", "g");

/** JSON that can stand in a `<script>`: nothing in it ends the element or begins a comment. */
export function jsonInScript(value: unknown): Markup {
  const text = JSON.stringify(value)
    .replaceAll("<", "\\u003c")
    .replaceAll(">", "\\u003e")
    .replaceAll("&", "\\u0026")
    .replaceAll(
      LINE_ENDS_OF_SCRIPTS,
      (character) => `\\u${character.charCodeAt(0).toString(16)}`,
    );
  return new Markup(text);
}
