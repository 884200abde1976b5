/**
 * Texts that are kept in tests/snapshots/ and compared with what a run shows now. With
 * `LAKEKEEPER_INGEST_RECORD=1` they are written anew, to be read before they are committed.
 */
import config from "../../../deno.json" with { type: "json" };
import { PROJECT_ROOT } from "./cache.ts";
import { runCommand } from "./child.ts";

/** What differs from run to run, and what stands for it. */
const CHANGING: ReadonlyArray<readonly [RegExp, string]> = [
  // Versions of tmux end colours in more ways than one.
  [/(␛\[(0|39|49)m)+/g, "␛[0m"],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, "<uuid>"],
  [/\b\d{15,19}\b/g, "<id>"],
  [/127\.0\.0\.1:\d+/g, "127.0.0.1:<port>"],
  [/(?<![\w.])(\d+ min \d+ s|\d+(\.\d+)? m?s)\b/g, "<time>"],
  [/[\d,]+ rows\/s/g, "<n> rows/s"],
  [/[\d,.]+ commits\/s/g, "<n> commits/s"],
  [/[\d,]+ MiB/g, "<n> MiB"],
];

/**
 * Puts placeholders where times, ids, ports and rates stand. The columns of a
 * table are parted by two blanks.
 */
export function normalize(text: string, directory: string): string {
  let result = text.replaceAll(directory, "<directory>")
    .replaceAll(`lakekeeper-ingest ${config.version}`, "lakekeeper-ingest <version>");
  for (const [pattern, name] of CHANGING) result = result.replaceAll(pattern, name);
  return result.split("\n").map(normalizeFigures).join("\n");
}

/** A line of the probe's table: rate and latencies change, and with them the columns' widths. */
function normalizeFigures(line: string): string {
  const cells = line.trim().split(/ {2,}/);
  if (cells[0] === "Workload") return cells.join("  ");
  if (cells.length !== 12 || !/^(rounds|free)$/.test(cells[1]!)) return line;
  return [...cells.slice(0, 6), ...Array(4).fill("<n>"), ...cells.slice(10)].join("  ");
}

/**
 * Compares a text with the one that is kept, or keeps it when recording.
 *
 * @throws {Error} with the difference.
 */
export async function matchSnapshot(name: string, text: string): Promise<void> {
  const path = `${PROJECT_ROOT}tests/snapshots/${name}`;
  const actual = `${text.trimEnd()}\n`;
  if (Deno.env.get("LAKEKEEPER_INGEST_RECORD") === "1") {
    await Deno.mkdir(`${PROJECT_ROOT}tests/snapshots`, { recursive: true });
    await Deno.writeTextFile(path, actual);
    console.log(`recorded tests/snapshots/${name}`);
    return;
  }
  const kept = await Deno.readTextFile(path).catch(() => "");
  if (kept === actual) return;
  const { stdout } = await runCommand(
    "diff",
    ["-u", "--label", name, "--label", "now", path, "-"],
    {
      stdin: actual,
    },
  );
  throw new Error(
    `"tests/snapshots/${name}" does not match:\n${stdout}\n` +
      `If that is right: LAKEKEEPER_INGEST_RECORD=1 deno task test:real --only terminals`,
  );
}
