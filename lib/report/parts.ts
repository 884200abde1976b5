/** Pieces that both kinds of report are made of: symbols, figures, tables, legends of lines. */
import { formatCount } from "./format.ts";
import { type Content, html, type Markup } from "./html.ts";
import { type Mark, toneOfStatus } from "./marks.ts";

/** How something ended: well, badly, undecided, or not at all. */
export type Tone = "good" | "bad" | "open" | "none";

const SYMBOLS: Readonly<Record<Tone, Markup>> = {
  good: html`
    <path d="M6.5 12.5l4 4 7.5-8.5" />
  `,
  bad: html`
    <path d="M8 8l8 8M16 8l-8 8" />
  `,
  open: html`
    <path d="M9.2 9.4a2.9 2.9 0 1 1 4.1 2.6c-.9.4-1.3 1-1.3 1.9v.3M12 17.2v.1" />
  `,
  none: html`
    <path d="M8 12h8" />
  `,
};

/** A sign in a circle; its meaning must stand beside it in words. */
export function symbol(tone: Tone): Markup {
  return html`
    <svg viewBox="0 0 24 24" aria-hidden="true">
      <circle cx="12" cy="12" r="11" fill="currentColor" />
      <g fill="none" stroke="var(--paper)" stroke-width="2.4" stroke-linecap="round"
        stroke-linejoin="round">${SYMBOLS[tone]}</g>
    </svg>
  `;
}

/** A sign with its word. */
export function badge(tone: Tone, word: string): Markup {
  return html`<span class="badge ${tone}">${symbol(tone)}${word}</span>`;
}

/** A row of large figures, each with what it is. */
export function facts(entries: readonly (readonly [name: string, value: string])[]): Markup {
  return html`<dl class="facts">${
    entries.map(([name, value]) =>
      html`
        <div>
          <dt>${name}</dt>
          <dd>${value}</dd>
        </div>
      `
    )
  }</dl>`;
}

/** Names and what they stand for, one under the other; entries without a value are left out. */
export function pairs(entries: readonly (readonly [name: string, value: Content])[]): Markup {
  return html`<dl class="pairs">${
    entries.filter(([, value]) => value !== undefined && value !== null && value !== "")
      .map(([name, value]) =>
        html`
          <dt>${name}</dt>
          <dd>${value}</dd>
        `
      )
  }</dl>`;
}

/** A list of sentences, or nothing. */
export function notes(sentences: readonly string[]): Content {
  if (sentences.length === 0) return undefined;
  return html`<ul class="notes">${sentences.map((sentence) => html`<li>${sentence}</li>`)}</ul>`;
}

/** The frame that a timeline is drawn into, with its tools. */
export function timelineFigure(label: string, legend: Content): Markup {
  return html`
    <figure class="chart" data-chart="timeline">
      <div class="tools">${legend}<div class="zoom" role="group" aria-label="Zoom">
    <button type="button" data-zoom="in" aria-label="Zoom in">+</button>
    <button type="button" data-zoom="out" aria-label="Zoom out">−</button>
    <button type="button" data-zoom="all">All</button></div></div>
      <div class="plot" tabindex="0" role="img"
        aria-label="${label} Keys: plus and minus zoom, arrows go from one operation to the next, 0 shows all.">${NO_SCRIPT}</div>
      <p class="told" role="status"></p>
    </figure>
  `;
}

/** What stands in a chart's place where scripts do not run. */
const NO_SCRIPT = html`<noscript>Drawn by a script; the figures stand in the tables.</noscript>`;

/** The frame of a chart of lines; `name` is its key in the data's `charts`. */
export function linesFigure(name: string, label: string): Markup {
  return html`
    <figure class="chart">
      <div class="plot" role="img" aria-label="${label}" data-lines="${name}">${NO_SCRIPT}</div>
    </figure>
  `;
}

/** The frame of the distribution of latencies. */
export function latencyFigure(label: string): Markup {
  return html`
    <figure class="chart" data-chart="latency">
      <div class="plot" role="img" aria-label="${label}">${NO_SCRIPT}</div>
    </figure>
  `;
}

/** How a line of a chart looks, for a legend or a table. */
export function lineSample(
  tone: Mark,
  options: { readonly dash?: readonly number[]; readonly points?: "round" | "square" } = {},
): Markup {
  const point = options.points === "round"
    ? html`
      <circle cx="14" cy="6" r="3.5" />
    `
    : options.points === "square"
    ? html`
      <rect x="10.5" y="2.5" width="7" height="7" />
    `
    : undefined;
  return html`
    <svg class="dash m-${tone}" viewBox="0 0 28 12" width="28" height="12"
      aria-hidden="true"><path d="M0 6h28" stroke-dasharray="${(options.dash ?? []).join(
        " ",
      )}"/>${point}</svg>
  `;
}

const DASHES: readonly (readonly number[])[] = [[], [7, 4], [2, 3], [9, 3, 2, 3]];
const FIRST_DASH: Readonly<Record<string, number>> = { ok: 0, conflict: 1, wrong: 2, unknown: 3 };

/** Line samples of statuses in the order in which the page's script draws them. */
export function statusLines(statuses: readonly string[]): Map<string, Markup> {
  const used = new Map<Mark, number>();
  const lines = new Map<string, Markup>();
  // The script sorts by the words that it shows.
  const shown = (status: string) => status === "none" ? "no answer" : status;
  for (const status of [...statuses].sort((a, b) => shown(a) < shown(b) ? -1 : 1)) {
    const tone = toneOfStatus(status);
    const earlier = used.get(tone) ?? 0;
    used.set(tone, earlier + 1);
    const dash = DASHES[(FIRST_DASH[tone]! + earlier) % DASHES.length]!;
    lines.set(status, lineSample(tone, { dash }));
  }
  return lines;
}

/** Counts by status as one bar. */
export function statusBar(
  counts: Readonly<Record<string, number>>,
  options: {
    /** Those that are drawn, in this order. */
    readonly statuses: readonly string[];
    /** What the whole width stands for. @default the sum of those drawn */
    readonly total?: number;
  },
): Markup {
  const { statuses } = options;
  const total = options.total ??
    statuses.reduce((sum, status) => sum + (counts[status] ?? 0), 0);
  let at = 0;
  const parts = statuses.filter((status) => (counts[status] ?? 0) > 0).map((status) => {
    const width = (counts[status]! / total) * 100;
    const tone = toneOfStatus(status);
    const x = at;
    at += width;
    // Heights differ as the marks of the timeline do, for who sees no colours.
    const [y, height] = tone === "conflict" ? [3.5, 7] : [0, 14];
    const cut = tone === "wrong"
      ? html`
        <path class="cut" d="M${x} 7h${width}" />
      `
      : undefined;
    return html`
      <g
        class="m-${tone}"><rect class="fill" x="${x}" y="${y}" width="${width}" height="${height}"/>${cut}</g>
    `;
  });
  return html`<svg viewBox="0 0 100 14" preserveAspectRatio="none" aria-hidden="true">${parts}</svg>`;
}

/** All statuses of several counts: successes first, then by number, no answer last. */
export function statusesOf(all: readonly Readonly<Record<string, number>>[]): string[] {
  const rank = (status: string) => status === "none" ? Infinity : Number(status);
  return [...new Set(all.flatMap((counts) => Object.keys(counts)))].sort((a, b) =>
    rank(a) - rank(b)
  );
}

/** A count that is left empty when there is none, so that those that count stand out. */
export function countCell(count: number | undefined): Markup {
  return count === undefined || count === 0
    ? html`<td class="quiet">0</td>`
    : html`<td>${formatCount(count)}</td>`;
}
