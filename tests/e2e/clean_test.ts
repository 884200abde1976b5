// `clean` as a user runs it: after loads that have left files behind.

import assert from "node:assert/strict";
import { basename, dirname, join } from "node:path";
import {
  EMBEDDED,
  exists,
  filesBelow,
  jsonLines,
  load,
  loadText,
  readRows,
  testInDir,
} from "./support.ts";
import { runTool } from "./tool.ts";

const CSV = "id,name\n1,a\n2,b\n3,c\n";
const UUID = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(?=(-m0)?\.(parquet|avro)$)/;
const HOUR_MS = 3_600_000;

async function setAge(path: string, ageMs: number): Promise<void> {
  const time = new Date(Date.now() - ageMs);
  await Deno.utime(path, time, time);
}

/** Loads three rows as three snapshots; gives the load's id. */
async function loadThree(directory: string): Promise<string> {
  const result = await loadText(directory, CSV, ["--chunk-size", "1", "--json"]);
  assert.equal(result.code, 0, result.stderr);
  return jsonLines(result.stdout)[0]!.load_id;
}

async function tableFiles(directory: string): Promise<string[]> {
  const found = [
    ...await filesBelow(join(directory, "warehouse"), ".parquet"),
    ...await filesBelow(join(directory, "warehouse"), ".avro"),
  ];
  return found.sort();
}

/** Copies every file of a load under new names, as tries that were never committed would be. */
async function leaveLitter(directory: string, loadId: string): Promise<string[]> {
  const litter: string[] = [];
  for (const path of await tableFiles(directory)) {
    if (!basename(path).includes(loadId)) continue;
    const copy = join(dirname(path), basename(path).replace(UUID, () => crypto.randomUUID()));
    await Deno.copyFile(path, copy);
    litter.push(copy);
  }
  assert.ok(litter.length >= 3, "the load has left no files to copy");
  return litter.sort();
}

testInDir("clean removes what a load left, and no row of any load", async (directory) => {
  const loadId = await loadThree(directory);
  const otherId = await loadThree(directory);
  const live = await tableFiles(directory);
  const litter = await leaveLitter(directory, loadId);
  const others = await leaveLitter(directory, otherId);
  const part = `${live.find((path) => path.includes(loadId))}.${crypto.randomUUID()}.part`;
  await Deno.writeTextFile(part, "half");
  const young = litter.pop()!;
  for (const path of [...live, ...litter, ...others, part]) await setAge(path, 2 * HOUR_MS);

  const dry = await load(directory, ["clean", "--load-id", loadId, "-n"]);
  assert.equal(dry.code, 0, dry.stderr);
  for (const path of [...litter, part]) assert.ok(dry.stdout.includes(basename(path)), dry.stdout);
  assert.match(dry.stdout, new RegExp(`^To remove: ${litter.length + 1} files`, "m"));
  assert.ok(await exists(litter[0]!));

  const done = await load(directory, ["clean", "--load-id", loadId, "--json"]);
  assert.equal(done.code, 0, done.stderr);
  const lines = jsonLines(done.stdout);
  const summary = lines.at(-1)!;
  assert.equal(summary.type, "clean");
  assert.equal(summary.load_id, loadId);
  assert.deepEqual(
    lines.filter(({ type }) => type === "removed").map(({ location }) => basename(location)).sort(),
    [...litter, part].map((path) => basename(path)).sort(),
  );
  assert.equal(summary.removed.files, litter.length + 1);
  assert.equal(summary.kept.young.files, 1);
  assert.deepEqual(await tableFiles(directory), [...live, ...others, young].sort());
  assert.equal(await exists(part), false);

  const again = await load(directory, ["clean", "--load-id", loadId, "--older-than", "0s"]);
  assert.equal(again.code, 0, again.stderr);
  for (const id of [loadId, otherId]) {
    const { code } = await load(directory, ["clean", "--load-id", id, "--older-than", "0s"]);
    assert.equal(code, 0);
  }
  assert.deepEqual(await tableFiles(directory), live);
  assert.equal((await readRows(join(directory, "warehouse"))).length, 6);
});

testInDir("clean ends well when nothing of the load is there", async (directory) => {
  await loadThree(directory);
  const { code, stdout, stderr } = await load(directory, ["clean", "--load-id", "none-such"]);
  assert.equal(code, 0, stderr);
  assert.equal(
    stdout,
    "Found:     0 files of load none-such in default.sample_table\nRemoved:   0 files\n",
  );
});

testInDir("clean removes nothing and exits 7 when a manifest is damaged", async (directory) => {
  const loadId = await loadThree(directory);
  const manifest = (await tableFiles(directory)).find((path) => path.endsWith("-m0.avro"))!;
  const litter = await leaveLitter(directory, loadId);
  for (const path of litter) await setAge(path, 2 * HOUR_MS);
  await Deno.truncate(manifest, 20);
  const { code, stderr } = await load(directory, ["clean", "--load-id", loadId]);
  assert.equal(code, 7);
  assert.match(stderr, /Cannot read manifest ".*-m0\.avro": .*; nothing has been removed/);
  for (const path of litter) assert.ok(await exists(path), path);
});

testInDir("clean exits 1 when there is no such table", async (directory) => {
  const { code, stderr } = await load(directory, ["clean", "--load-id", "x", "--table", "a.b"]);
  assert.equal(code, 1);
  assert.match(stderr, /Cannot clean "a\.b": there is no such table/);
});

for (
  const [args, message] of [
    [[], /--load-id is missing/],
    [["--load-id", "auto"], /Cannot use --load-id "auto"/],
    [["--load-id", "../x"], /Cannot use --load-id/],
    [["--load-id", "x", "--older-than", "1 week"], /Cannot use --older-than "1 week"/],
    [["--load-id", "x", "file.csv"], /clean takes flags only/],
  ] as const
) {
  testInDir(`clean ${args.join(" ")} is wrong usage`, async (directory) => {
    const { code, stderr } = await runTool(["clean", ...args, ...EMBEDDED], { cwd: directory });
    assert.equal(code, 2);
    assert.match(stderr, message);
    assert.equal(await exists(join(directory, "warehouse")), false);
  });
}
