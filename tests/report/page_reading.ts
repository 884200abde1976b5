// Reads a report as another program would: its data, its tables, what it refers to.

import assert from "node:assert/strict";

const ENTITIES: Readonly<Record<string, string>> = {
  "&amp;": "&",
  "&lt;": "<",
  "&gt;": ">",
  "&quot;": '"',
  "&#39;": "'",
};

/** Text of a piece of HTML, as it is read. */
export function textOf(html: string): string {
  return html.replaceAll(/<[^>]*>/g, "")
    .replaceAll(/&(?:amp|lt|gt|quot|#39);/g, (entity) => ENTITIES[entity]!)
    .replaceAll(/\s+/g, " ").trim();
}

/** The page's data. */
// deno-lint-ignore no-explicit-any -- tests read the fields that they expect
export function dataOf(page: string): any {
  const found = /<script type="application\/json" id="data">([^<]*)<\/script>/.exec(page);
  assert.ok(found, "the page has no data");
  return JSON.parse(found[1]!);
}

/** The page without its scripts and styles. */
export function bodyOf(page: string): string {
  return page.replaceAll(/<(script|style)\b[^>]*>.*?<\/\1>/gs, "");
}

/** Rows of the tables below a label, each a list of its cells. */
export function tablesOf(page: string, label: string): string[][][] {
  const pattern = new RegExp(`aria-label="${label}"\\s*>\\s*<table\\b[^>]*>(.*?)</table>`, "gs");
  return [...bodyOf(page).matchAll(pattern)].map(([, table]) =>
    [...table!.matchAll(/<tr>(.*?)<\/tr>/gs)].map(([, row]) =>
      [...row!.matchAll(/<t[hd]\b[^>]*>(.*?)<\/t[hd]>/gs)].map(([, cell]) => textOf(cell!))
    )
  );
}

/** Large figures at the top by what they are. */
export function factsOf(page: string): Map<string, string> {
  return new Map(
    [...bodyOf(page).matchAll(/<dt>(.*?)<\/dt>\s*<dd>(.*?)<\/dd>/gs)].map((
      [, name, value],
    ) => [textOf(name!), textOf(value!)]),
  );
}

/** Whatever the page would load from elsewhere, or lead to by itself. */
export function resourcesOf(page: string): string[] {
  const withoutScripts = page.replaceAll(/<script\b[^>]*>.*?<\/script>/gs, "");
  return [
    ...withoutScripts.matchAll(/\b(?:src|srcset|action|data|poster|background)\s*=\s*"[^"]*"/g),
    ...withoutScripts.matchAll(/\bhref\s*=\s*"(?!#)[^"]*"/g),
    ...withoutScripts.matchAll(/url\([^)]*\)|@import[^;]*/g),
    ...page.matchAll(/<(?:link|iframe|img|object|embed|base)\b[^>]*>/g),
  ].map(([text]) => text);
}
