/**
 * `deno task test:rck`: runs Apache Iceberg's REST Compatibility Kit (RCK) against `serve` on local
 * disk, shows each failed test with its reason, names each test that the kit leaves out, and closes
 * with one line `N passed, N failed`.
 *
 * Options: `--keep DIR` (keeps the JUnit reports and both logs there), `--install` (install and stop).
 */
import { startServe } from "../real/tool.ts";
import { installKit, KIT_SELECTION, runKit, SERVED_SELECTION } from "./kit.ts";
import { readReports, type TestEnding } from "./report.ts";

/**
 * All but the tests that no server can run. Fewer would mean that tests were left out which can run,
 * so a run without a failed test is not enough. (Iceberg's own REST fixture reaches 144.)
 */
const PASSED_MIN = 152;
const TRACE_LINES_MAX = 12;
/** The kit puts tables below `file:/tmp/<namespace>`, wherever the warehouse is. */
const KIT_LOCATION = "file:/tmp/";
const KIT_FOLDERS = ["/tmp/ns", "/tmp/newdb", "/tmp/ns1", "/tmp/ns2", "/tmp/other_ns"];

async function main(args: readonly string[]): Promise<number> {
  let keep: string | undefined;
  let installOnly = false;
  for (let i = 0; i < args.length; i++) {
    if (args[i] === "--install") installOnly = true;
    else if (args[i] === "--keep" && args[i + 1] !== undefined) keep = args[++i];
    else {
      console.error(`Cannot run "${args.slice(i).join(" ")}": give --install or --keep DIR`);
      return 2;
    }
  }
  const startMs = Date.now();
  let results: Results;
  try {
    const classPath = await installKit();
    if (installOnly) return 0;
    results = await runAgainstServe(classPath, keep);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    console.log("0 passed, 1 failed");
    return 1;
  }
  const { passed, failed } = show(results);
  console.log(`the kit took ${((Date.now() - startMs) / 1_000).toFixed(0)} s`);
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

/** How the kit's tests ended, as it ships and with more capabilities switched on. */
interface Results {
  readonly kit: readonly TestEnding[];
  readonly served: readonly TestEnding[];
}

async function runAgainstServe(classPath: string, keep?: string): Promise<Results> {
  const directory = keep ?? await Deno.makeTempDir({ prefix: "lakekeeper-ingest-rck-" });
  const before = await existing(KIT_FOLDERS);
  // The kit wants an empty catalog and leaves its own namespaces behind.
  const second = "served";
  const serve = await startServe([
    "--allow-location",
    KIT_LOCATION,
    "--warehouse",
    `${second}=./${second}`,
  ]);
  try {
    const run = async (selection: readonly string[], warehouse: string) => {
      const reports = `${directory}/${warehouse}`;
      await Deno.mkdir(reports, { recursive: true });
      const target = { uri: serve.uri, warehouse, directory: reports };
      const code = await runKit(classPath, target, { selection });
      const endings = await readReports(reports);
      if (code !== 0 && !endings.some(({ ending }) => ending === "failed")) {
        const log = await Deno.readTextFile(`${reports}/kit.log`);
        throw new Error(`Cannot finish the kit: exit code ${code}\n${log.slice(-4_000)}`);
      }
      return endings;
    };
    const kit = await run(KIT_SELECTION, serve.warehouse);
    const served = await run(SERVED_SELECTION, second);
    return { kit, served };
  } finally {
    if (keep !== undefined) await Deno.writeTextFile(`${keep}/serve.log`, serve.log(Infinity));
    await serve.stop();
    // What others left there stays.
    for (const path of KIT_FOLDERS.filter((folder) => !before.has(folder))) {
      await Deno.remove(path, { recursive: true }).catch(() => {});
    }
    if (keep === undefined) await Deno.remove(directory, { recursive: true }).catch(() => {});
  }
}

async function existing(paths: readonly string[]): Promise<Set<string>> {
  const found = new Set<string>();
  for (const path of paths) {
    if (await Deno.stat(path).catch(() => undefined) !== undefined) found.add(path);
  }
  return found;
}

/** Says what is to be known of a run, and counts. A test that runs in both counts once. */
function show({ kit, served }: Results): { passed: number; failed: number } {
  const again = new Map(served.map((test) => [test.name, test]));
  const leftOut = kit.filter(({ ending }) => ending === "leftOut");
  const run = kit.filter(({ ending }) => ending !== "leftOut");
  const ended = [...run, ...served];
  for (const { className, name, ending, reason, trace } of ended) {
    if (ending === "passed") continue;
    console.log(`\nFAILED ${shortName(className)}.${name}: ${reason}`);
    console.log(trace.split("\n").slice(0, TRACE_LINES_MAX).join("\n"));
  }
  console.log("\ntests that the kit as it ships leaves out, and its reasons:");
  for (const { className, name, reason } of leftOut) {
    const end = again.get(name)?.ending;
    const note = end === undefined ? "not run" : `with the capability switched on: ${end}`;
    console.log(`  ${shortName(className)}.${name}: ${reason} (${note})`);
  }
  const passed = ended.filter(({ ending }) => ending === "passed").length;
  let failed = ended.length - passed;
  if (passed < PASSED_MIN) {
    console.log(`\nFAILED: ${passed} tests passed, fewer than the ${PASSED_MIN} that can`);
    failed = Math.max(failed, 1);
  }
  // A newer kit may run them itself: then they must not count twice.
  for (const name of again.keys()) {
    if (leftOut.some((test) => test.name === name)) continue;
    console.log(`\nFAILED: the kit does not leave out ${name} any more`);
    failed += 1;
  }
  return { passed, failed };
}

function shortName(className: string): string {
  return className.slice(className.lastIndexOf(".") + 1);
}

if (import.meta.main) Deno.exit(await main(Deno.args));
