// `--report` as a user meets it: a page for a load that went well, one for a load that failed, and
// no load at all when the page could not be written.

import assert from "node:assert/strict";
import { join } from "node:path";
import { dataOf, factsOf, resourcesOf } from "../report/page_reading.ts";
import { exists, load, summaryOf, tableState, testInDir } from "./support.ts";

const rows = (count: number) =>
  `id,name\n${Array.from({ length: count }, (_, id) => `${id},n${id}`).join("\n")}\n`;

testInDir(
  "ingest --report writes one page whose figures are those of --json",
  async (directory) => {
    await Deno.writeTextFile(join(directory, "data.csv"), rows(900));
    const args = ["data.csv", "--chunk-size", "100", "--workers", "3", "--json"];
    const result = await load(directory, [...args, "--report", "report.html"]);
    assert.equal(result.code, 0, result.stderr);
    const page = await Deno.readTextFile(join(directory, "report.html"));
    const { type: _, time: _time, ...summary } = summaryOf(result);
    const { type: _type, ...shown } = dataOf(page).summary;
    assert.deepEqual(shown, summary);
    assert.equal(factsOf(page).get("rows committed"), "900");
    assert.equal(factsOf(page).get("retries"), String(summary.retries));
    assert.deepEqual(resourcesOf(page), []);
  },
);

testInDir("ingest --report tells of a load that failed, with the reason", async (directory) => {
  await Deno.writeTextFile(join(directory, "data.csv"), "id,n\n1,2\n2,x\n");
  const args = ["data.csv", "--column", "n:long", "--chunk-size", "1", "--report", "report.html"];
  const result = await load(directory, args);
  assert.equal(result.code, 3);
  const data = dataOf(await Deno.readTextFile(join(directory, "report.html")));
  assert.equal(data.summary.exit_code, 3);
  assert.equal(data.errors[0].column, "n");
});

testInDir(
  "ingest --report fails before the load when the page cannot be written",
  async (directory) => {
    await Deno.writeTextFile(join(directory, "data.csv"), rows(3));
    const result = await load(directory, ["data.csv", "--report", "nowhere/report.html"]);
    assert.equal(result.code, 2);
    assert.match(result.stderr, /Cannot write the report "nowhere\/report\.html": /);
    assert.equal(await tableState(directory), undefined);
  },
);

testInDir("ingest --report does not replace its own input", async (directory) => {
  await Deno.writeTextFile(join(directory, "data.csv"), rows(3));
  const result = await load(directory, ["data.csv", "--report", "./data.csv"]);
  assert.equal(result.code, 2);
  assert.match(result.stderr, /Cannot write the report "\.\/data\.csv": it is the input/);
  assert.equal(await Deno.readTextFile(join(directory, "data.csv")), rows(3));
});

testInDir("ingest --report keeps an older page when the load is not begun", async (directory) => {
  await Deno.writeTextFile(join(directory, "report.html"), "older");
  const result = await load(directory, ["missing.csv", "--report", "report.html"]);
  assert.equal(result.code, 1);
  assert.equal(await Deno.readTextFile(join(directory, "report.html")), "older");
  assert.equal(await exists(join(directory, "warehouse/default")), false);
});
