// The reader of the documentation, which must not let anything pass by.

import assert from "node:assert/strict";
import { commandsOf, readCommands, readConsole, readPage } from "./page.ts";
import { shapeFault } from "./shape.ts";

const FENCE = "```";

function pageOf(...lines: string[]) {
  return readPage("docs/x.md", lines.join("\n"));
}

Deno.test("readPage() reads blocks with the comments that stand before them", () => {
  const { blocks, faults } = pageOf(
    "# A page",
    "",
    "<!-- before: lakekeeper-ingest serve -->",
    "<!-- exit code: 1 -->",
    "",
    `${FENCE}bash`,
    "lakekeeper-ingest verify a.csv",
    FENCE,
    "",
    "- in a list:",
    "",
    "  <!-- not run: needs a Docker engine -->",
    "",
    `  ${FENCE}bash`,
    "  docker compose up",
    `  ${FENCE}`,
  );
  assert.deepEqual(faults, []);
  assert.deepEqual(
    blocks.map(({ line, language, directives }) => ({ line, language, directives })),
    [
      { line: 6, language: "bash", directives: { before: "lakekeeper-ingest serve", exitCode: 1 } },
      { line: 14, language: "bash", directives: { notRun: "needs a Docker engine" } },
    ],
  );
});

Deno.test("readPage() takes no comment but those before the block itself", () => {
  const { blocks } = pageOf(
    "<!-- not run: for another block -->",
    "",
    "Some text.",
    "",
    `${FENCE}bash`,
    "lakekeeper-ingest version",
    FENCE,
  );
  assert.deepEqual(blocks[0]!.directives, {});
});

for (
  const [what, lines] of Object.entries({
    "a comment of an unknown kind": ["<!-- norun: later -->", `${FENCE}bash`, "true", FENCE],
    "a block that is left out without a reason": [
      "<!-- not run: -->",
      `${FENCE}bash`,
      "true",
      FENCE,
    ],
    "a language that is unknown": [`${FENCE}shell`, "ls", FENCE],
    "commands in a block that would not be run": [FENCE, "lakekeeper-ingest version", FENCE],
    "a prompt in a block that would not be run": [`${FENCE}text`, "$ ls", FENCE],
    "a block that is left out and yet says how to run it": [
      "<!-- not run: a reason -->",
      "<!-- run as: true -->",
      `${FENCE}bash`,
      "false",
      FENCE,
    ],
    "an empty block": [`${FENCE}bash`, FENCE],
    "an exit code that is no number": ["<!-- exit code: ten -->", `${FENCE}bash`, "true", FENCE],
    "a comment before a block that is only read": [
      "<!-- run as: true -->",
      `${FENCE}yaml`,
      "a: 1",
      FENCE,
    ],
  })
) {
  Deno.test(`readPage() finds fault with ${what}`, () => {
    const { faults } = pageOf(...lines);
    assert.equal(faults.length, 1, faults.join("\n"));
    assert.match(faults[0]!, /^docs\/x\.md:\d+: /);
  });
}

Deno.test("readPage() names headings as GitHub does, and finds links and inline code", () => {
  const { anchors, links, inlineCodes } = pageOf(
    "# `serve`, and more",
    "",
    "## Twice",
    "",
    "## Twice",
    "",
    "See [it](a.md#twice-1) and `lakekeeper-ingest version`.",
    "",
    '<img src="b.svg" alt="">',
  );
  assert.deepEqual([...anchors], ["serve-and-more", "twice", "twice-1"]);
  assert.deepEqual(links.map(({ target }) => target), ["a.md#twice-1", "b.svg"]);
  assert.deepEqual(inlineCodes.map(({ text }) => text), ["serve", "lakekeeper-ingest version"]);
});

Deno.test("readCommands() joins lines that go on, and leaves comments out", () => {
  assert.deepEqual(readCommands("# first\na\n\nb \\\n  c\ncat > f <<'EOF'\nx\nEOF\nd"), [
    "a",
    "b \\\n  c",
    "cat > f <<'EOF'\nx\nEOF",
    "d",
  ]);
  assert.deepEqual(
    readCommands("export A=1\nfor x in 1 2; do\n  case $x in\n    1) a ;;\n  esac\ndone\nb"),
    ["export A=1\nfor x in 1 2; do\n  case $x in\n    1) a ;;\n  esac\ndone", "b"],
  );
  assert.deepEqual(readCommands("if a; then b; fi\nc"), ["if a; then b; fi", "c"]);
  assert.throws(() => readCommands("a \\"), /does not end/);
  assert.throws(() => readCommands("for x in 1; do\n  a"), /does not end/);
});

Deno.test("readConsole() parts commands from what they print", () => {
  assert.deepEqual(readConsole("$ a \\\n  b\none\n\ntwo\n$ c\n$ d"), [
    { command: "a \\\n  b", output: "one\n\ntwo" },
    { command: "c" },
    { command: "d" },
  ]);
  assert.throws(() => readConsole("one\n$ a"), /before any command/);
  assert.deepEqual(commandsOf({ language: "bash", text: "a\nb" }), [
    { command: "a" },
    { command: "b" },
  ]);
});

const PRINTED = `✓ Chunk 0: 1,000 rows, HTTP 200
  Chunk 1, attempt 1: HTTP 409: {"error":1}
✓ Chunk 1: 1,000 rows, HTTP 200

Rows:      50,000 of 50,000 read
Elapsed:   1.2 s`;

Deno.test("shapeFault() lets figures and what is left out differ", () => {
  assert.equal(shapeFault("✓ Chunk 7: 9 rows, HTTP 200", PRINTED), undefined);
  assert.equal(shapeFault("  Chunk 1, attempt 1: HTTP 409: {…\n✓ Chunk 1: …", PRINTED), undefined);
  assert.equal(shapeFault("✓ Chunk 0: …\n…\nElapsed:   7 s", PRINTED), undefined);
  assert.equal(shapeFault("Rows: 1 of 1 read\nElapsed: 10,000.5 s", PRINTED), undefined);
  assert.equal(shapeFault("Rows: 1 of 1 read\nElapsed: 483 ms", PRINTED), undefined);
  assert.equal(shapeFault("✓ Chunk 0: 1 row, HTTP 200", PRINTED), undefined);
});

Deno.test("shapeFault() names the line that is not there", () => {
  for (
    const [shown, fault] of [
      ["✓ Chunk 0: 1,000 rows, HTTP many", "✓ Chunk 0: 1,000 rows, HTTP many"],
      ["Elapsed:   1.2 s\nRows: 1 of 1 read", "Rows: 1 of 1 read"],
      ["✓ Chunk 0: …\nElapsed: 1 s", "Elapsed: 1 s"],
      ["Elapsed: 1 km", "Elapsed: 1 km"],
      ["Elapsed: 1 s more", "Elapsed: 1 s more"],
      ["Rows: 1 of 1 read.", "Rows: 1 of 1 read."],
    ] as const
  ) {
    assert.equal(shapeFault(shown, PRINTED), fault);
  }
});
