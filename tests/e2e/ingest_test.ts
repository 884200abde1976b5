// The main job on the embedded catalog, run as a user runs it.

import assert from "node:assert/strict";
import { join } from "node:path";
import {
  type JsonLine,
  jsonLines,
  load,
  loadText,
  readRows,
  SAMPLE_DATA,
  summaryOf,
  tableState,
  testInDir,
} from "./support.ts";
import { spawnTool } from "./tool.ts";

const ROWS = 50_000;

for (const workers of [1, 2, 4, 8]) {
  testInDir(`ingest puts all 50,000 rows in with ${workers} workers`, async (directory) => {
    const { code, stdout, stderr } = await load(directory, [
      SAMPLE_DATA,
      "--workers",
      String(workers),
    ]);
    assert.equal(code, 0, stderr);
    assert.equal(stdout.match(/^✓ Chunk \d+: 1,000 rows, HTTP 200, \d+ attempts?$/gm)?.length, 50);
    assert.doesNotMatch(stdout, /✗/);
    assert.match(stdout, /^Rows: {6}50,000 of 50,000 read are in default\.sample_table$/m);
    assert.match(stdout, /^Chunks: {4}50 successful, 0 failed$/m);
    assert.match(stdout, /^Commits: {3}200 ×50(, 409 ×\d+ \(\d+ retr(y|ies)\))?$/m);
    assert.match(stdout, /^Elapsed: {3}[\d.]+ (ms|s)/m);
    assert.match(stderr, new RegExp(`with ${workers} worker`));
    const state = await tableState(directory);
    assert.equal(state?.records, ROWS);
    assert.equal(state?.snapshots, 50);
    assert.match(stdout, new RegExp(`^Snapshot: {2}${state?.snapshotId}$`, "m"));
    const ids = new Set((await readRows(directory)).map((row) => row.id));
    assert.equal(ids.size, ROWS);
  });
}

/** Fields that scripts may count on. */
const SUMMARY_FIELDS = [
  ...["rows_read", "rows_committed", "chunks_committed", "chunks_failed", "chunks_unknown"],
  ...["commit_status", "retries", "table", "snapshot_id", "elapsed_ms", "peak_rss_bytes"],
];

testInDir("ingest --json prints one event a line and the summary last", async (directory) => {
  const { code, stdout, stderr } = await load(directory, [SAMPLE_DATA, "--json", "--workers", "4"]);
  assert.equal(code, 0, stderr);
  assert.equal(stderr, "");
  const lines = jsonLines(stdout);
  for (const line of lines) {
    assert.equal(typeof line.type, "string");
    assert.match(line.time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    for (const key of Object.keys(line)) assert.match(key, /^[a-z0-9_]+$/);
  }
  assert.equal(lines[0]?.type, "start");
  assert.equal(lines.filter((line) => line.type === "summary").length, 1);
  const summary = lines.at(-1) as JsonLine;
  assert.equal(summary.type, "summary");
  for (const field of SUMMARY_FIELDS) assert.ok(field in summary, `no ${field}`);
  assert.equal(summary.rows_read, ROWS);
  assert.equal(summary.rows_committed, ROWS);
  assert.equal(summary.chunks_committed, 50);
  assert.equal(summary.chunks_failed, 0);
  assert.equal(summary.chunks_unknown, 0);
  assert.equal(summary.table, "default.sample_table");
  assert.equal(typeof summary.snapshot_id, "string");
  assert.equal(summary.snapshot_id, (await tableState(directory))?.snapshotId);
  assert.ok(summary.elapsed_ms > 0);
  assert.ok(summary.peak_rss_bytes > 10 * 2 ** 20);
  const commits = lines.filter((line) => line.type === "commit");
  assert.equal(summary.commit_status["200"], 50);
  assert.equal(commits.length, 50 + (summary.commit_status["409"] ?? 0));
  assert.equal(summary.retries, commits.filter((line) => line.attempt > 1).length);
  for (const line of commits) assert.equal(typeof line.snapshot_id, "string");
});

testInDir("ingest --trace shows method, URL and status of every request", async (directory) => {
  const { code, stderr } = await loadText(directory, "a\n1\n", ["--trace"]);
  assert.equal(code, 0, stderr);
  const url = "http://127\\.0\\.0\\.1:\\d+/catalog/v1";
  assert.match(stderr, new RegExp(`^GET ${url}/config\\?warehouse=demo 200 \\d+ ms$`, "m"));
  assert.match(stderr, new RegExp(`^GET ${url}/namespaces/default/tables/\\S+ 404 \\d+ ms$`, "m"));
  assert.match(stderr, new RegExp(`^POST ${url}/namespaces/default/tables 200 \\d+ ms$`, "m"));
  const commit = `^POST ${url}/namespaces/default/tables/sample_table 200 \\d+ ms$`;
  assert.match(stderr, new RegExp(commit, "m"));
});

testInDir("ingest --trace --json gives each request as an event", async (directory) => {
  const { code, stdout } = await loadText(directory, "a\n1\n", ["--trace", "--json"]);
  assert.equal(code, 0);
  const requests = jsonLines(stdout).filter((line) => line.type === "http");
  assert.ok(requests.some((line) => line.method === "POST" && line.status === 200));
  for (const line of requests) assert.match(line.url, /^http:\/\/127\.0\.0\.1:\d+\/catalog\/v1\//);
});

testInDir("ingest without --trace tells of no request", async (directory) => {
  const { stdout, stderr } = await loadText(directory, "a\n1\n", ["--json"]);
  assert.ok(jsonLines(stdout).every((line) => line.type !== "http"));
  assert.equal(stderr, "");
});

testInDir("ingest --commit-retries 0 shows lost races and exits 1", async (directory) => {
  const { code, stdout } = await load(directory, [
    SAMPLE_DATA,
    ...["--workers", "8", "--commit-retries", "0"],
  ]);
  assert.equal(code, 1, stdout);
  const committed = stdout.match(/^✓ /gm)?.length ?? 0;
  const lost =
    stdout.match(/^✗ Chunk \d+: 1,000 rows, HTTP 409, 1 attempt: lost the race, not committed$/gm)
      ?.length ?? 0;
  assert.ok(committed > 0, "no commit at all");
  assert.ok(lost > 0, "no race was lost");
  assert.equal(committed + lost, 50);
  const bodies = [...stdout.matchAll(/^ {2}Chunk \d+, attempt 1: HTTP 409: (.*)$/gm)];
  assert.equal(bodies.length, lost);
  for (const [, body] of bodies) {
    assert.match(body!, /CommitFailedException/);
    assert.ok(Array.from(body!).length <= 200);
  }
  assert.match(stdout, new RegExp(`^Chunks: {4}${committed} successful, ${lost} failed$`, "m"));
  assert.match(stdout, new RegExp(`^Commits: {3}200 ×${committed}, 409 ×${lost}$`, "m"));
  const state = await tableState(directory);
  assert.equal(state?.records, committed * 1000);
  assert.equal(state?.snapshots, committed);
});

testInDir("ingest --commit-retries 0 --json counts what the table holds", async (directory) => {
  const result = await load(directory, [
    SAMPLE_DATA,
    ...["--workers", "8", "--commit-retries", "0", "--json"],
  ]);
  const summary = summaryOf(result);
  assert.equal(result.code, 1);
  assert.equal(summary.exit_code, 1);
  assert.ok(summary.commit_status["409"] > 0);
  assert.equal(summary.chunks_failed, summary.commit_status["409"]);
  assert.equal((await tableState(directory))?.records, summary.rows_committed);
});

testInDir("ingest ends with 5 when the retries are spent", async (directory) => {
  const result = await load(directory, [
    SAMPLE_DATA,
    ...["--workers", "8", "--chunk-size", "500", "--commit-retries", "1", "--json"],
  ]);
  const summary = summaryOf(result);
  assert.ok(summary.chunks_failed > 0, "no chunk lost twice");
  assert.equal(result.code, 5);
  assert.equal((await tableState(directory))?.records, summary.rows_committed);
});

testInDir("ingest appends when it is run again", async (directory) => {
  for (const loads of [1, 2]) {
    const { code, stderr } = await load(directory, [SAMPLE_DATA, "--chunk-size", "10000"]);
    assert.equal(code, 0, stderr);
    assert.match(stderr, loads === 1 ? /^Created the table/m : /^Found the table/m);
    const state = await tableState(directory);
    assert.equal(state?.records, loads * ROWS);
    assert.equal(state?.snapshots, loads * 5);
  }
});

testInDir("ingest --rows loads generated rows", async (directory) => {
  const { code, stdout, stderr } = await load(directory, ["--rows", "5000"]);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^Rows: {6}5,000 of 5,000 read/m);
  assert.equal((await tableState(directory))?.records, 5000);
});

testInDir("ingest --table namespace.table names both", async (directory) => {
  const { code, stderr } = await loadText(directory, "a\n1\n", ["--table", "sales.eu.orders"]);
  assert.equal(code, 0, stderr);
  const state = await tableState(directory, "/v1/namespaces/sales%1Feu/tables/orders");
  assert.equal(state?.records, 1);
});

testInDir("ingest takes the environment's names of namespace and table", async (directory) => {
  await Deno.writeTextFile(join(directory, "data.csv"), "a\n1\n");
  const { code, stdout } = await load(directory, ["data.csv", "--json"], {
    env: { NAMESPACE: "sales", TABLE_NAME: "orders", LAKEKEEPER_INGEST_TABLE: "weaker" },
  });
  assert.equal(code, 0);
  assert.equal(jsonLines(stdout).at(-1)?.table, "sales.orders");
});

testInDir(
  "ingest loads a file with a verb's name when it is given as a path",
  async (directory) => {
    await Deno.writeTextFile(join(directory, "probe"), "a\n1\n2\n");
    const { code, stdout, stderr } = await load(directory, ["./probe"]);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /2 of 2 read/);
  },
);

testInDir("ingest FILE is the same as FILE", async (directory) => {
  await Deno.writeTextFile(join(directory, "data.csv"), "a\n1\n");
  const { code, stdout } = await load(directory, ["ingest", "data.csv"]);
  assert.equal(code, 0);
  assert.match(stdout, /1 of 1 read/);
});

testInDir("ingest uses ASCII marks in a locale without UTF-8", async (directory) => {
  await Deno.writeTextFile(join(directory, "data.csv"), "a\n1\n");
  const { stdout } = await load(directory, ["data.csv"], { env: { LANG: "C" } });
  assert.match(stdout, /^ok Chunk 0: 1 row, HTTP 200, 1 attempt$/m);
  assert.match(stdout, /^Commits: {3}200 x1$/m);
  // deno-lint-ignore no-control-regex
  assert.match(stdout, /^[\x00-\x7f]*$/);
});

testInDir("ingest --quiet prints failures and the summary only", async (directory) => {
  const { code, stdout, stderr } = await loadText(directory, "a\n1\n", ["--quiet"]);
  assert.equal(code, 0);
  assert.equal(stderr, "");
  assert.match(stdout, /^\nRows: {6}1 of 1 read/);
});

testInDir("ingest goes on to its end when nobody reads its output any more", async (directory) => {
  const child = await spawnTool([SAMPLE_DATA, "--uri", "embedded:warehouse"], { cwd: directory });
  const stderr = new Response(child.stderr).text();
  const reader = child.stdout.getReader();
  await reader.read();
  await reader.cancel();
  const { code } = await child.status;
  assert.equal(code, 0, await stderr);
  assert.doesNotMatch(await stderr, /rror/);
  assert.equal((await tableState(directory))?.records, ROWS);
});

testInDir("ingest says that a load will make very many snapshots", async (directory) => {
  // Its third row ends the load early, so the snapshots announced need not be made.
  const { code, stderr } = await loadText(directory, `a,b\n1,2\n1,2\n1\n${"1,2\n".repeat(1200)}`, [
    ...["--chunk-size", "1", "--workers", "1"],
  ]);
  assert.equal(code, 3);
  assert.match(
    stderr,
    /^This load will make about 12\d\d snapshots of 1 row each; .* --commit once makes one$/m,
  );
});

testInDir("ingest without --no-create makes a table, with it it does not", async (directory) => {
  const { code, stderr } = await loadText(directory, "a\n1\n", ["--no-create"]);
  assert.equal(code, 1);
  assert.match(
    stderr,
    /^Error: Cannot load into "default\.sample_table": there is no such table$/m,
  );
  assert.equal(await tableState(directory), undefined);
});
