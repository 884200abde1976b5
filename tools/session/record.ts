// `deno task record`: runs the session that the README shows, and draws it into docs/session.svg.
// LAKEKEEPER_INGEST_BIN names the executable to be run; else the sources are.

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { PERMISSION_FLAGS } from "../permissions.ts";
import { drawTerminal, type Row } from "./terminal_svg.ts";

/** The session, command by command. */
export const SESSION: readonly string[] = [
  "lakekeeper-ingest sample_data.csv --workers 2 --chunk-size 10k",
  "lakekeeper-ingest verify sample_data.csv",
  "lakekeeper-ingest probe --writers 8 --commits 20 --workload append --mode rounds",
];

const TITLE =
  "A load of sample_data.csv by two workers that lose races and try again, a check of " +
  "the table against the file, and a probe that finds the catalog valid";

/** Between the end of a command and the next one, so that it can be read. */
const PAUSE_MS = 1_200;

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Where a catalog would answer; the session is about a machine that has none. */
const CATALOG_PORT = 8181;

async function main(): Promise<number> {
  try {
    using _listener = Deno.listen({ hostname: "127.0.0.1", port: CATALOG_PORT });
  } catch {
    console.error(`Cannot record the session: something answers on port ${CATALOG_PORT}`);
    return 1;
  }
  const directory = await Deno.makeTempDir({ prefix: "lakekeeper_ingest_session_" });
  try {
    await Deno.mkdir(join(directory, "bin"));
    await Deno.mkdir(join(directory, "here"));
    await Deno.writeTextFile(join(directory, "bin/lakekeeper-ingest"), toolScript(), {
      mode: 0o755,
    });
    await Deno.copyFile(
      join(ROOT, "sample_data.csv"),
      join(directory, "here/sample_data.csv"),
    );
    const rows: Row[] = [];
    let nowMs = 0;
    for (const command of SESSION) {
      if (rows.length > 0) rows.push({ text: "", atMs: nowMs });
      rows.push({ text: `\u001b[2m$\u001b[0m \u001b[1m${command}\u001b[0m`, atMs: nowMs });
      const { printed, elapsedMs, code } = await run(command, { directory, startMs: nowMs });
      if (code !== 0) {
        console.error(`Cannot record "${command}": exit code ${code}`);
        console.error(printed.map(({ text }) => text).join("\n"));
        return 1;
      }
      rows.push(...printed);
      nowMs += elapsedMs + PAUSE_MS;
    }
    const file = join(ROOT, "docs/session.svg");
    await Deno.writeTextFile(file, drawTerminal(rows, TITLE));
    console.log(`${rows.length} rows are in ${file}`);
    return 0;
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

function toolScript(): string {
  const executable = Deno.env.get("LAKEKEEPER_INGEST_BIN") ?? "";
  const words = executable !== "" ? [executable] : [
    ...[Deno.execPath(), "run", "--quiet", "--config", join(ROOT, "deno.json")],
    ...[...PERMISSION_FLAGS, join(ROOT, "main.ts")],
  ];
  return `#!/bin/sh\nexec ${words.map((word) => `"${word}"`).join(" ")} "$@"\n`;
}

/** Runs a command; both streams go through one pipe, which keeps their order. */
async function run(
  command: string,
  of: { readonly directory: string; readonly startMs: number },
): Promise<{ printed: Row[]; elapsedMs: number; code: number }> {
  const child = new Deno.Command("sh", {
    args: ["-c", `exec ${command} 2>&1`],
    cwd: join(of.directory, "here"),
    clearEnv: true,
    env: {
      PATH: `${of.directory}/bin:${Deno.env.get("PATH") ?? ""}`,
      HOME: of.directory,
      DENO_DIR: Deno.env.get("DENO_DIR") ?? `${Deno.env.get("HOME") ?? ""}/.cache/deno`,
      LC_ALL: "C.UTF-8",
      FORCE_COLOR: "1",
    },
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const beganMs = performance.now();
  const printed: Row[] = [];
  let open = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    const lines = (open + text).split("\n");
    open = lines.pop()!;
    const atMs = of.startMs + performance.now() - beganMs;
    printed.push(...lines.map((line) => ({ text: line, atMs })));
  }
  const { code } = await child.status;
  return { printed, elapsedMs: performance.now() - beganMs, code };
}

if (import.meta.main) Deno.exit(await main());
