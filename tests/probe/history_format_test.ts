/** The page about the format of a history names every field, and none that is not there. */
import assert from "node:assert/strict";
import type * as v from "valibot";
import { HISTORY_FORMAT, HISTORY_VERSION } from "../../lib/probe/history.ts";
import { SHAPES } from "../../lib/probe/record_shapes.ts";

/** The parts of a shape that are walked. */
interface Shape {
  readonly type: string;
  readonly entries?: Readonly<Record<string, Shape>>;
  readonly wrapped?: Shape;
  readonly item?: Shape;
}

/** Fields of a shape as the page writes them: `catalog.uri`, `intents[].files[]?.path`. */
function fieldsOf(shape: Shape, name = ""): string[] {
  switch (shape.type) {
    case "exact_optional":
      // The list sign stands before the question mark.
      return fieldsOf(shape.wrapped!, name).map((field) =>
        field.startsWith(`${name}[]`)
          ? `${name}[]?${field.slice(name.length + 2)}`
          : `${name}?${field.slice(name.length)}`
      );
    case "nullable":
      return fieldsOf(shape.wrapped!, name);
    case "array":
      return shape.item!.entries === undefined ? [name] : fieldsOf(shape.item!, `${name}[]`);
    case "loose_object":
      return Object.entries(shape.entries!).flatMap(([key, field]) =>
        fieldsOf(field, key).map((each) => name === "" ? each : `${name}.${each}`)
      );
    default:
      return [name];
  }
}

const PAGE = await Deno.readTextFile(new URL("../../docs/history-format.md", import.meta.url));

/** First cells of the table below a record's heading. */
function fieldsOnPage(type: string): string[] {
  const [, section = ""] = PAGE.split(`\n### \`${type}\`\n`);
  const [table = ""] = section.split(/\n##/);
  return [...table.matchAll(/^\| `([^`]+)`\s+\|/gm)].map(([, field]) => field!);
}

for (const [type, shape] of Object.entries<v.GenericSchema>(SHAPES)) {
  Deno.test(`docs/history-format.md names every field of a ${type} record, in order`, () => {
    assert.deepEqual(fieldsOnPage(type), fieldsOf(shape as unknown as Shape));
  });
}

Deno.test("docs/history-format.md names the format, its version and every type of record", () => {
  const headings = [...PAGE.matchAll(/^### `(\w+)`$/gm)].map(([, type]) => type);
  assert.deepEqual(headings, Object.keys(SHAPES));
  assert.match(PAGE, new RegExp(`^\\| \`format\` +\\| \`${HISTORY_FORMAT}\` +\\|$`, "m"));
  assert.match(PAGE, new RegExp(`this page is about version ${HISTORY_VERSION}\\.`));
});
