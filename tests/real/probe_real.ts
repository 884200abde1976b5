/** Probes of catalogs that are not ours: what they keep, and what they were found not to keep. */
import assert from "node:assert/strict";
import { openStore } from "../../lib/store/open_store.ts";
import { startFixture } from "./parts/fixture.ts";
import { startMinio } from "./parts/minio.ts";
import { startNessie } from "./parts/nessie.ts";
import { startPostgres } from "./parts/postgres.ts";
import { awsEnvironment, pyicebergS3Properties, type S3Server } from "./parts/s3_server.ts";
import { startVersitygw } from "./parts/versitygw.ts";
import { runTool } from "./tool.ts";

/** The last line of `--json`, as far as it is looked at here. */
interface VerdictLine {
  readonly verdict: string;
  readonly violations: ReadonlyArray<{
    readonly kind: string;
    readonly run: number;
    readonly words: string;
  }>;
  readonly runs: ReadonlyArray<{
    readonly run: number;
    readonly workload: string;
    readonly verdict: string;
    readonly conflicts: number;
    readonly unchecked: readonly string[];
  }>;
  readonly notes: readonly string[];
}

/** Probes a catalog with all workloads, and judges the history once more. */
async function probe(
  site: {
    readonly uri: string;
    readonly warehouse: string;
    readonly env?: Readonly<Record<string, string>>;
  },
): Promise<VerdictLine> {
  const cwd = await Deno.makeTempDir({ prefix: "lakekeeper-ingest-probe-" });
  const env = site.env ?? {};
  const args = ["--uri", site.uri, "--warehouse", site.warehouse, "--writers", "2,8"];
  const run = await runTool(["probe", ...args, "--commits", "10", "--json"], { cwd, env });
  const last = (text: string) => JSON.parse(text.trimEnd().split("\n").at(-1)!);
  const verdict = last(run.stdout);
  assert.equal(verdict.type, "verdict", run.stderr);
  const again = await runTool(["probe", "check", "history.jsonl", "--json"], { cwd, env: {} });
  assert.deepEqual({ ...last(again.stdout), time: "" }, { ...verdict, time: "" });
  assert.equal(again.code, run.code);
  await Deno.remove(cwd, { recursive: true });
  return verdict;
}

/** Files that a probe has written and not removed. */
async function filesLeft(s3: S3Server): Promise<string[]> {
  const store = await openStore(`s3://${s3.bucket}`, pyicebergS3Properties(s3));
  try {
    const all = await Array.fromAsync(store.list(`s3://${s3.bucket}`), (one) => one.location);
    return all.filter((location) => /probe_.*\.(parquet|avro)$/.test(location));
  } finally {
    store.close();
  }
}

function verdictsOf({ runs }: VerdictLine): Record<string, string> {
  return Object.fromEntries(runs.map(({ workload, verdict }) => [workload, verdict]));
}

function kindsOf({ violations, runs }: VerdictLine, workload: string): Set<string> {
  const numbers = runs.filter((run) => run.workload === workload).map(({ run }) => run);
  return new Set(violations.filter(({ run }) => numbers.includes(run)).map(({ kind }) => kind));
}

Deno.test("probe finds that the fixture keeps all but transactions over several tables", async () => {
  const [postgres, s3] = await Promise.all([startPostgres(), startVersitygw()]);
  const fixture = await startFixture(postgres, s3);
  try {
    const found = await probe({ ...fixture, env: awsEnvironment(s3) });
    assert.deepEqual(verdictsOf(found), {
      append: "valid",
      "first-commit": "valid",
      create: "valid",
      schema: "valid",
      // It checks the requirements of all tables first, and then commits one table after the other.
      "multi-table": "violation",
      idempotency: "not-offered",
      properties: "valid",
      stale: "valid",
    });
    assert.ok(kindsOf(found, "multi-table").has("torn"));
    assert.deepEqual(await filesLeft(s3), []);
  } finally {
    for (const server of [fixture, s3, postgres]) await server.stop();
  }
});

Deno.test("probe judges Nessie by the files of its one snapshot, and finds what it lets through", async () => {
  const s3 = await startMinio();
  const nessie = await startNessie(s3);
  try {
    const found = await probe(nessie);
    const verdicts = verdictsOf(found);
    assert.equal(verdicts.append, "valid");
    assert.equal(verdicts.create, "valid");
    assert.equal(verdicts.idempotency, "not-offered");
    const append = found.runs.find(({ workload }) => workload === "append");
    assert.match(append?.unchecked.join() ?? "", /shows the current snapshot only/);
    // That a branch must not be there is an assertion that it does not look at.
    assert.deepEqual([...kindsOf(found, "stale")], ["assertion-ignored"]);
    for (const { kind, words } of found.violations) {
      if (kind === "assertion-ignored") assert.match(words, /main is not there/);
    }
    assert.match(found.notes.join("; "), /property changes that asserted nothing .* 409/);
    assert.deepEqual(await filesLeft(s3), []);
  } finally {
    for (const server of [nessie, s3]) await server.stop();
  }
});
