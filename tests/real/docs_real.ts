/**
 * The commands of the README and of docs/, run as they stand there: in an empty directory, with the
 * files and the catalog that they name. What is not run says why, in its page's source.
 *
 * `DOCS_ONLY` runs the blocks of which `page:line` holds it.
 */
import assert from "node:assert/strict";
import type { DocBlock } from "../docs/page.ts";
import { readPage } from "../docs/page.ts";
import { readGuide } from "../docs/pages.ts";
import { playBlock } from "./docs/play_block.ts";

const only = Deno.env.get("DOCS_ONLY") ?? "";

for (const { blocks } of await readGuide()) {
  for (const block of blocks) {
    const { page, line, language, directives } = block;
    const place = `${page}:${line}`;
    if (["yaml", "json", "text"].includes(language) || !place.includes(only)) continue;
    if (directives.notRun !== undefined) {
      console.log(`not run: ${place}: ${directives.notRun}`);
    } else {
      Deno.test(`docs: ${place} does what the page says`, () => playBlock(block));
    }
  }
}

/** The only block of a page that is made for a test. */
function blockOf(...lines: string[]): DocBlock {
  const { blocks, faults } = readPage("docs/made.md", lines.join("\n"));
  assert.deepEqual(faults, []);
  return blocks[0]!;
}

const FENCE = "```";

Deno.test("docs: a command that ends otherwise than its page says is found", async () => {
  await playBlock(
    blockOf("<!-- exit code: 1 -->", `${FENCE}bash`, "lakekeeper-ingest a.csv", FENCE),
  );
  for (
    const block of [
      blockOf(`${FENCE}bash`, "lakekeeper-ingest a.csv", FENCE),
      blockOf("<!-- exit code: 1 -->", `${FENCE}bash`, "lakekeeper-ingest version", FENCE),
      blockOf(`${FENCE}bash`, "lakekeeper-ingest a.csv", "lakekeeper-ingest version", FENCE),
    ]
  ) {
    await assert.rejects(playBlock(block), /ended with exit code/);
  }
});

Deno.test("docs: output that a page shows and a command does not print is found", async () => {
  const shown = ["$ lakekeeper-ingest generate --rows 1", "id,name,…", "1,…"];
  await playBlock(blockOf(`${FENCE}console`, ...shown, FENCE));
  await assert.rejects(
    playBlock(blockOf(`${FENCE}console`, ...shown, "2,…", FENCE)),
    /does not print "2,…"/,
  );
});

Deno.test("docs: a server that does not start is found", async () => {
  const command = "lakekeeper-ingest serve --listen 127.0.0.1:8181 --token missing.txt";
  await assert.rejects(playBlock(blockOf(`${FENCE}bash`, command, FENCE)), /exit code 2/);
});
