// The picture of a terminal session, and the one that the README shows.

import assert from "node:assert/strict";
import { parseXml, type XmlElement } from "@rgrove/parse-xml";
import { COLUMNS, drawTerminal } from "../../tools/session/terminal_svg.ts";
import { SESSION } from "../../tools/session/record.ts";

function textsOf(svg: string): XmlElement[] {
  return parseXml(svg).root!.children
    .filter((node): node is XmlElement => node.type === "element")
    .filter(({ name }) => name === "text");
}

Deno.test("drawTerminal() keeps texts and colours, and folds what is too long", () => {
  const svg = drawTerminal([
    { text: '\u001b[32m✓\u001b[39m Chunk <1> & "2"', atMs: 0 },
    { text: "", atMs: 10 },
    { text: "x".repeat(COLUMNS + 3), atMs: 1_500 },
  ], "a < b");
  const rows = textsOf(svg);
  assert.deepEqual(rows.map(({ text }) => text), [
    '✓ Chunk <1> & "2"',
    "x".repeat(COLUMNS),
    "xxx",
  ]);
  assert.match(svg, /<tspan class="green">✓<\/tspan> Chunk/);
  assert.deepEqual(rows.map(({ attributes }) => attributes["style"]), [
    "animation-delay: 0.00s",
    "animation-delay: 1.50s",
    "animation-delay: 1.50s",
  ]);
  // The empty row takes its place.
  const [first, second] = rows.map(({ attributes }) => Number(attributes["y"]));
  assert.equal(second! - first!, 36);
});

Deno.test("the README's session is drawn whole, for light and dark, with nothing outside of it", async () => {
  const svg = await Deno.readTextFile(new URL("../../docs/session.svg", import.meta.url));
  const rows = textsOf(svg).map(({ text }) => text);
  assert.deepEqual(rows.filter((row) => row.startsWith("$ ")), SESSION.map((line) => `$ ${line}`));
  for (const shown of [/^✓ Chunk \d/, /HTTP 409/, /^✓ Equal$/, /^✓ Valid:/]) {
    assert.ok(rows.some((row) => shown.test(row)), `no row shows ${shown}`);
  }
  assert.match(svg, /prefers-color-scheme: dark/);
  assert.doesNotMatch(svg, /<(script|image|foreignObject|use)\b|href=|url\(|@import/);
  assert.doesNotMatch(rows.join("\n"), /\/tmp\/|\/home\/|\/root\//);
});
