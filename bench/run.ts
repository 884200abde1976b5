/**
 * `deno task bench`: the tool beside the loaders that its users could pick, on the same files, into
 * the same kind of catalog and store, in one run. It installs the peers, makes the data, runs
 * everyone in turn, checks the rows of every result, and prints the table with ratios.
 *
 * Alike for all: the input (read once before, so it is in memory), the catalog (`serve`, a process of
 * its own, started anew with an empty warehouse for each run), the store (local disk), the codec
 * (zstd), the cores; each run is a process, measured from before its start to after its end, with
 * what the one before had left to be written on the disk already; its peak memory is that of the
 * process and its children, without the catalog's. Rounds begin with another contender each, and
 * ratios are taken within a round.
 *
 * Rows that end in "on …" have another catalog and store, the same for all who take part.
 *
 * Not alike: see `bench/README.md`, which also says how to read the table.
 *
 * Options: `--only ROW` (sample, sample-once, big, duckdb, memory, others, parse, parse-quotes,
 * workers, race, raw, grouped, version; sample, sample-once and raw with "-fixture", "-minio" or
 * "-paced" at the end, big with "-minio"; may be repeated), `--runs 5`, `--rows 10000000`, `--json FILE`.
 */
import { parseArgs } from "node:util";
import { installPeers, isAbsent } from "./peers.ts";
import { provideExecutable, provideHello, provideRelease } from "./executables.ts";
import { provideData } from "./data.ts";
import { FixtureCatalog } from "./fixture_catalog.ts";
import { PacedCatalog } from "./paced_catalog.ts";
import { withoutLeftovers } from "./leftovers.ts";
import { RowCheck } from "./loaded_rows.ts";
import { describeMachine, loadOfLastMinute } from "./machine.ts";
import { allTrials } from "./trials.ts";
import { type Reading, readLine, runTrial, type Sample, type Trial } from "./comparison.ts";
import { formatReadings } from "./table_text.ts";

const { values: args } = parseArgs({
  options: {
    only: { type: "string", multiple: true, default: [] },
    runs: { type: "string", default: "5" },
    rows: { type: "string", default: "10000000" },
    json: { type: "string" },
  },
});

/** The trials with those of their lines that were asked for. */
function chosenTrials(trials: readonly Trial[]): Trial[] {
  const known = new Set(trials.flatMap(({ lines }) => lines.map(({ id }) => id)));
  const unknown = args.only.find((id) => !known.has(id));
  if (unknown !== undefined) {
    throw new Error(`Cannot run "${unknown}": the rows are ${[...known].join(", ")}`);
  }
  return trials.flatMap((trial) => {
    const lines = trial.lines.filter(({ id }) => args.only.length === 0 || args.only.includes(id));
    return lines.length === 0 ? [] : [{ ...trial, lines }];
  });
}

function tellSample(name: string, round: number, sample: Sample): void {
  const figures = Object.entries(sample)
    .map(([key, value]) => `${key} ${Number(value.toPrecision(4))}`).join(", ");
  console.error(`  round ${round + 1}, ${name}: ${figures}`);
}

const notes: string[] = [];

function onFailure(name: string, error: Error): void {
  // deno-lint-ignore no-control-regex -- colour codes are control characters
  const text = error.message.replaceAll(/\x1b\[[0-9;]*m/g, "");
  const lines = text.split("\n").map((line) => line.trim()).filter((line) => line !== "");
  // The line that says most; what comes before it is how far it got.
  const reason = lines.findLast((line) => /\b\w+(Exception|Error)\b/.test(line)) ?? lines[0];
  notes.push(`Without ${name}, which failed: ${reason}`);
  console.error(`  ${name} failed: ${error.message}`);
}

const startMs = performance.now();
const rounds = Number(args.runs);
const executable = await provideExecutable();
const peers = await installPeers();
const places = {
  fixture: new FixtureCatalog("disk"),
  minio: new FixtureCatalog("minio"),
  paced: new PacedCatalog(),
};
const data = await provideData({ rows: Number(args.rows), executable });
const trials = chosenTrials(allTrials({
  peers,
  data,
  check: new RowCheck(peers.newest),
  executable,
  release: await provideRelease(executable),
  hello: await provideHello(),
  places,
}));
const machine = await describeMachine(executable);
const readings: Reading[] = [];
const record: unknown[] = [];
await withoutLeftovers(async () => {
  try {
    for (const trial of trials) {
      console.error(`${trial.title} (load of the machine: ${loadOfLastMinute().toFixed(1)})`);
      const samples = await runTrial(trial, { rounds, onRun: tellSample, onFailure });
      const found = trial.lines.flatMap((line) => readLine(line, samples) ?? []);
      readings.push(...found);
      record.push({ title: trial.title, samples: Object.fromEntries(samples), readings: found });
    }
  } finally {
    for (const place of Object.values(places)) await place.stop();
  }
});
console.log(`${machine}; medians of ${rounds} paired ${rounds === 1 ? "run" : "runs"}\n`);
console.log(formatReadings(readings));
for (const [name, peer] of Object.entries(peers)) {
  if (isAbsent(peer)) notes.push(`Without ${name}, which cannot be installed here: ${peer.reason}`);
}
for (const note of notes) console.log(`\n${note}`);
console.error(`\ntook ${((performance.now() - startMs) / 1000).toFixed(0)} s`);
if (args.json !== undefined) {
  const text = JSON.stringify(
    { machine, rounds, rows: Number(args.rows), notes, trials: record },
    null,
    2,
  );
  await Deno.writeTextFile(args.json, `${text}\n`);
}
