/**
 * The marks of a timeline: what each looks like and what it means. Colour and shape both tell them
 * apart; `page/timeline.js` draws the same shapes on the canvas, `page/page.css` has the colours.
 */
import { type Content, html, type Markup } from "./html.ts";

/** What is told of an operation by its mark. */
export const MARKS = {
  work: "parsed, encoded and uploaded",
  ok: "acknowledged",
  conflict: "refused with 409",
  refused: "refused with another status",
  wrong: "lost a race, answered with a wrong status",
  unknown: "outcome not known by the answer",
  recovered: "outcome not known by the answer, found in the table",
  lost: "acknowledged, missing in the table",
  broken: "acknowledged, in the proof of a violation",
  phantom: "refused, found in the table",
} as const;

/** Name of a mark. */
export type Mark = keyof typeof MARKS;

/** In this order, which is also that of drawing: what matters most comes last, on top. */
export const MARK_NAMES = Object.keys(MARKS) as readonly Mark[];

/** Each mark as it is drawn in a box of 22 × 12. */
const SHAPES: Readonly<Record<Mark, Markup>> = {
  ok: html`
    <rect class="fill" x="1" y="1" width="20" height="10" />
  `,
  conflict: html`
    <rect class="fill" x="1" y="4" width="20" height="4" />
  `,
  refused: html`
    <path class="line" d="M1 4h20M1 8h20" />
  `,
  wrong: html`
    <rect class="fill" x="1" y="1" width="20" height="10" />
    <path class="cut" d="M1 6h20" />
  `,
  unknown: html`
    <rect class="line" x="1.75" y="1.75" width="18.5" height="8.5" />
  `,
  recovered: html`
    <rect class="line" x="1.75" y="1.75" width="18.5" height="8.5" />
    <rect class="fill" x="2" y="6" width="18" height="4.5" />
  `,
  lost: html`
    <rect class="fill" x="1" y="1" width="20" height="10" />
    <path class="cut" d="M7 2l8 8M15 2l-8 8" />
  `,
  broken: html`
    <rect class="fill" x="1" y="1" width="20" height="10" />
    <path class="cut" d="M11 2v4.6M11 8.2v1.8" />
  `,
  phantom: html`
    <rect class="fill" x="1" y="4" width="20" height="4" />
    <path class="line" d="M7 2l8 8M15 2l-8 8" />
  `,
  work: html`
    <rect class="fill" x="1" y="3" width="20" height="6" />
  `,
};

/** A mark's picture, for a legend or a table; its meaning must stand beside it in words. */
function swatch(mark: Mark): Markup {
  return html`
    <svg class="swatch m-${mark}" viewBox="0 0 22 12" width="22" height="12"
      aria-hidden="true">${SHAPES[mark]}</svg>
  `;
}

/** A legend of the marks that occur, with how many there are of each. */
export function legend(
  counts: ReadonlyMap<Mark, number>,
  options: { readonly words?: Partial<Record<Mark, string>> } = {},
): Content {
  const present = MARK_NAMES.filter((mark) => (counts.get(mark) ?? 0) > 0);
  return html`<ul class="legend">${
    present.map((mark) =>
      html`<li>${swatch(mark)} ${options.words?.[mark] ?? MARKS[mark]} <b>${
        counts.get(mark)!.toLocaleString("en-US")
      }</b></li>`
    )
  }</ul>`;
}

/** Which tone an HTTP status has in tables and bars. */
export function toneOfStatus(status: number | string | null): Mark {
  if (status === null || status === "none") return "unknown";
  const code = Number(status);
  if (code >= 200 && code < 300) return "ok";
  return code === 409 ? "conflict" : "wrong";
}
