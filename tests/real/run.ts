/**
 * `deno task test:real`: installs the real parts, runs the real-parts tests and closes with one line
 * `N passed, N failed`. A part that cannot be had counts as a failure, never as a skip.
 *
 * Options: `--only NAME` (may be repeated), `--list`, `--install` (install and stop).
 */
import { partsDirectory, PROJECT_ROOT } from "./parts/cache.ts";
import { installActionlint } from "./parts/actionlint.ts";
import { installChromium } from "./parts/chromium.ts";
import { installClickhouse } from "./parts/clickhouse.ts";
import { installBusybox, installShells, installTmux } from "./parts/debian.ts";
import { installFixture } from "./parts/fixture.ts";
import { installLinters } from "./parts/linters.ts";
import { installMinio } from "./parts/minio.ts";
import { installNessie } from "./parts/nessie.ts";
import { installPostgres } from "./parts/postgres.ts";
import { installPython, installPythonS3fs } from "./parts/python.ts";
import { installSpark } from "./parts/spark.ts";
import { installVersitygw } from "./parts/versitygw.ts";

const INSTALLERS = {
  python: installPython,
  pythonS3fs: installPythonS3fs,
  postgres: installPostgres,
  versitygw: installVersitygw,
  fixture: installFixture,
  nessie: installNessie,
  minio: installMinio,
  chromium: installChromium,
  spark: installSpark,
  clickhouse: installClickhouse,
  shells: installShells,
  tmux: installTmux,
  actionlint: installActionlint,
  linters: installLinters,
  busybox: installBusybox,
} as const;

type PartName = keyof typeof INSTALLERS;

/** In the order in which they run: what needs the slowest part comes last. */
const MODULES: readonly { readonly name: string; readonly parts: readonly PartName[] }[] = [
  { name: "workflows", parts: ["actionlint", "linters"] },
  { name: "release", parts: ["linters", "busybox"] },
  { name: "image", parts: [] },
  { name: "store", parts: ["versitygw"] },
  { name: "report", parts: ["chromium"] },
  { name: "shells", parts: ["shells"] },
  { name: "terminals", parts: ["tmux"] },
  { name: "docs", parts: ["python"] },
  { name: "serve", parts: ["python"] },
  { name: "serve_clients", parts: ["python", "clickhouse"] },
  { name: "load_embedded", parts: ["python"] },
  { name: "readers", parts: ["python", "postgres", "versitygw", "fixture"] },
  { name: "load_fixture", parts: ["python", "postgres", "versitygw", "fixture"] },
  { name: "serve_s3", parts: ["python", "pythonS3fs", "versitygw", "minio", "fixture"] },
  { name: "clean", parts: ["postgres", "versitygw", "fixture", "minio", "nessie"] },
  { name: "probe", parts: ["postgres", "versitygw", "fixture", "minio", "nessie"] },
  { name: "pyiceberg_config", parts: ["python"] },
  { name: "doctor", parts: ["postgres", "versitygw", "fixture", "minio", "nessie"] },
  { name: "serve_spark", parts: ["python", "spark"] },
  { name: "load_nessie", parts: ["python", "minio", "nessie"] },
];

/** Parts of one line install one after the other; the lines run side by side. */
const INSTALL_LINES: readonly (readonly PartName[])[] = [
  [
    "python",
    "pythonS3fs",
    "clickhouse",
    "fixture",
    "nessie",
    "postgres",
    "chromium",
    "shells",
    "tmux",
    "busybox",
    "spark",
  ],
  ["actionlint", "versitygw", "minio"],
  ["linters"],
];

const MODULE_RUN_MS_MAX = 20 * 60_000;

interface Count {
  readonly passed: number;
  readonly failed: number;
}

async function main(args: readonly string[]): Promise<number> {
  const only = new Set<string>();
  let installOnly = false;
  for (let i = 0; i < args.length; i++) {
    if (args[i] === "--list") {
      for (const { name } of MODULES) console.log(name);
      return 0;
    } else if (args[i] === "--install") {
      installOnly = true;
    } else if (args[i] === "--only" && MODULES.some((m) => m.name === args[i + 1])) {
      only.add(args[++i]!);
    } else {
      const names = MODULES.map((m) => m.name).join(", ");
      console.error(`Cannot run "${args.slice(i).join(" ")}": give --only with one of ${names}`);
      return 2;
    }
  }
  const chosen = MODULES.filter(({ name }) => only.size === 0 || only.has(name));
  const startMs = Date.now();
  console.log(`parts are kept in ${partsDirectory()}`);
  const installs = startInstalls(new Set(chosen.flatMap(({ parts }) => parts)));
  if (installOnly) {
    const reasons = await Promise.all(installs.values());
    return reasons.some((reason) => reason !== undefined) ? 1 : 0;
  }
  let passed = 0;
  let failed = 0;
  for (const { name, parts } of chosen) {
    const count = await runModule(name, parts, { installs });
    passed += count.passed;
    failed += count.failed;
  }
  console.log(`real-parts tests took ${seconds(Date.now() - startMs)}`);
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0 ? 0 : 1;
}

/** Starts to install parts. Each promise ends with the reason why a part cannot be had, or none. */
function startInstalls(wanted: ReadonlySet<PartName>): Map<PartName, Promise<string | undefined>> {
  const installs = new Map<PartName, Promise<string | undefined>>();
  for (const line of INSTALL_LINES) {
    let before: Promise<unknown> = Promise.resolve();
    for (const name of line.filter((part) => wanted.has(part))) {
      const install = before.then((): Promise<unknown> => INSTALLERS[name]()).then(
        () => undefined,
        (error) => {
          const reason = error instanceof Error ? error.message : String(error);
          console.error(`!!! CANNOT INSTALL ${name}: ${reason}`);
          return reason;
        },
      );
      installs.set(name, install);
      before = install;
    }
  }
  return installs;
}

async function runModule(
  name: string,
  parts: readonly PartName[],
  options: { readonly installs: ReadonlyMap<PartName, Promise<string | undefined>> },
): Promise<Count> {
  for (const part of parts) {
    if (await options.installs.get(part) !== undefined) {
      console.error(`!!! NOT RUN, counted as failed: ${name}, for want of ${part}`);
      return { passed: 0, failed: 1 };
    }
  }
  const startMs = Date.now();
  console.log(`\n=== ${name}`);
  const { code, output } = await runTests(`${PROJECT_ROOT}tests/real/${name}_real.ts`);
  const count = countOf(output);
  console.log(`=== ${name} took ${seconds(Date.now() - startMs)}`);
  // A crash, a leak or a time-out outside of a test is a failure too.
  const crashed = code !== 0 && count.failed === 0 || count.passed + count.failed === 0;
  return { passed: count.passed, failed: count.failed + (crashed ? 1 : 0) };
}

/** Runs one test module; its output is shown as it comes, and returned. */
async function runTests(path: string): Promise<{ code: number; output: string }> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["test", "-A", `--config=${PROJECT_ROOT}deno.json`, path],
    cwd: PROJECT_ROOT,
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
    signal: AbortSignal.timeout(MODULE_RUN_MS_MAX),
  }).spawn();
  const decoder = new TextDecoder();
  let output = "";
  for await (const bytes of child.stdout) {
    const text = decoder.decode(bytes, { stream: true });
    output += text;
    for (let sent = 0; sent < bytes.length;) sent += await Deno.stdout.write(bytes.subarray(sent));
  }
  return { code: (await child.status).code, output };
}

/** What `deno test` counted: its closing line is `ok | 12 passed | 0 failed (3s)`. */
function countOf(output: string): Count {
  const lines = [...output.matchAll(/^(?:ok|FAILED) \| (\d+) passed\b.*?\b(\d+) failed\b.*$/gm)];
  const last = lines.at(-1);
  return { passed: Number(last?.[1] ?? 0), failed: Number(last?.[2] ?? 0) };
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(0)} s`;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
