// How fast the probe itself is: free-running writers against a stub that answers at once, beside the
// same against the embedded catalog. Both servers run in processes of their own.

import { parseArgs } from "node:util";
import { fileURLToPath } from "node:url";
import { probeNumbers } from "../lib/probe/numbers.ts";
import { runProbe } from "../lib/probe/run_probe.ts";
import { createHttp } from "../lib/rest/http.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

const { values } = parseArgs({
  options: {
    writers: { type: "string", default: "1,8,32" },
    /** Commits of all writers together. */
    commits: { type: "string", default: "20000" },
  },
});

interface Server {
  readonly uri: string;
  stop(): Promise<void>;
}

async function startServer(args: readonly string[]): Promise<Server> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", ...args],
    cwd: ROOT,
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  let uri: string | undefined;
  while (uri === undefined) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`the server ended: ${text}`);
    text += value;
    uri = /(http:\/\/[^\s]+)\s/.exec(text)?.[1];
  }
  return {
    uri,
    async stop() {
      child.kill("SIGTERM");
      await child.status;
      await reader.cancel();
    },
  };
}

interface Figures {
  readonly commitsPerS: number;
  readonly requestsPerS: number;
  readonly p50Ms: number;
}

async function measure(uri: string, writers: number, commits: number): Promise<Figures> {
  const never = new AbortController().signal;
  const records = await runProbe({
    catalog: { name: "bench", uri, warehouse: "demo", token: "none", properties: {} },
    namespace: ["bench"],
    plans: [{ workload: "append", writers, mode: "free", commits, withData: false }],
    keep: false,
    seed: 1,
    command: "bench",
    tool: { version: "bench", runtime: `deno ${Deno.version.deno}`, target: Deno.build.target },
    userAgent: "lakekeeper-ingest-bench",
    http: createHttp({ userAgent: "lakekeeper-ingest-bench", onEvent: () => {} }),
    signal: never,
    graceSignal: never,
  }, () => {});
  const [run] = probeNumbers(records).runs;
  if (run === undefined) throw new Error("nothing was raced");
  return {
    commitsPerS: run.commits_per_s ?? 0,
    requestsPerS: run.racing_s > 0 ? run.attempts / run.racing_s : 0,
    p50Ms: run.latency_ms["200"]?.p50 ?? 0,
  };
}

const writersList = values.writers.split(",").map(Number);
const total = Number(values.commits);
const directory = await Deno.makeTempDir({ prefix: "lakekeeper-ingest-bench-" });
const stub = await startServer(["bench/stub_catalog.ts"]);
const catalog = await startServer([
  ...["main.ts", "serve", "--listen", "127.0.0.1:0", "--warehouse", `demo=${directory}`],
]);
try {
  // The first run loads and compiles what is measured.
  await measure(stub.uri, 1, 500);
  console.log(
    "writers  stub commits/s  p50 ms   embedded commits/s  posts/s  p50 ms   stub : embedded",
  );
  for (const writers of writersList) {
    const own = await measure(stub.uri, writers, Math.ceil(total / writers));
    const real = await measure(catalog.uri, writers, Math.ceil(400 / writers));
    console.log([
      String(writers).padStart(7),
      own.commitsPerS.toFixed(0).padStart(16),
      own.p50Ms.toFixed(2).padStart(8),
      real.commitsPerS.toFixed(0).padStart(21),
      real.requestsPerS.toFixed(0).padStart(9),
      real.p50Ms.toFixed(2).padStart(8),
      `${(own.commitsPerS / real.commitsPerS).toFixed(0)} : 1`.padStart(18),
    ].join(""));
  }
} finally {
  await stub.stop();
  await catalog.stop();
  await Deno.remove(directory, { recursive: true });
}
