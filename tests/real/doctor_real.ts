/** `doctor` on real catalogs and stores: sound ones, and each trouble that a user may have with them. */
import assert from "node:assert/strict";
import { openS3Store } from "../../lib/store/s3_store.ts";
import { freePort } from "./parts/child.ts";
import { type RestCatalog, startFixture } from "./parts/fixture.ts";
import { startMinio } from "./parts/minio.ts";
import { startNessie } from "./parts/nessie.ts";
import { type Postgres, startPostgres } from "./parts/postgres.ts";
import { awsEnvironment, pyicebergS3Properties, type S3Server } from "./parts/s3_server.ts";
import { startVersitygw } from "./parts/versitygw.ts";
import { runTool, type ToolRun } from "./tool.ts";

interface CheckLine {
  readonly type: string;
  readonly name: string;
  readonly status: string;
  readonly detail: string;
}

const PASSING: ReadonlySet<string> = new Set(["ok", "warning"]);

function checksOf(run: ToolRun): Map<string, CheckLine> {
  const lines = run.stdout.trim().split("\n").map((line) => JSON.parse(line) as CheckLine);
  return new Map(lines.filter(({ type }) => type === "check").map((line) => [line.name, line]));
}

function assertAllPass(run: ToolRun): void {
  assert.equal(run.code, 0, `${run.stdout}\n${run.stderr}`);
  for (const { name, status, detail } of checksOf(run).values()) {
    assert.ok(PASSING.has(status), `${name}: ${detail}`);
  }
  assert.equal(checksOf(run).get("cleanup")?.status, "ok", run.stdout);
}

function assertFails(run: ToolRun, name: string, code: number): CheckLine {
  assert.equal(run.code, code, `${run.stdout}\n${run.stderr}`);
  const check = checksOf(run).get(name)!;
  assert.equal(check.status, "failed", run.stdout);
  return check;
}

/** No object of doctor's is in the bucket, and no namespace of its in the catalog. */
async function assertNothingLeft(s3: S3Server, catalog: RestCatalog): Promise<void> {
  const store = openS3Store(pyicebergS3Properties(s3));
  try {
    for await (const { location } of store.list(`s3://${s3.bucket}`)) {
      assert.doesNotMatch(location, /doctor/);
    }
  } finally {
    store.close();
  }
  const config = await getJson(`${catalog.uri}/v1/config?warehouse=${catalog.warehouse}`);
  const prefix = config["overrides"]?.["prefix"] ?? config["defaults"]?.["prefix"];
  const base = prefix === undefined ? "/v1" : `/v1/${prefix}`;
  const namespaces = await getJson(`${catalog.uri}${base}/namespaces`);
  assert.doesNotMatch(JSON.stringify(namespaces), /doctor/);
}

async function getJson(url: string): Promise<Record<string, Record<string, string>>> {
  const response = await fetch(url, { signal: AbortSignal.timeout(30_000) });
  assert.equal(response.status, 200, url);
  return await response.json();
}

let folder = "";

Deno.test.beforeAll(async () => {
  folder = await Deno.makeTempDir({ prefix: "lakekeeper-ingest-doctor-" });
});
Deno.test.afterAll(() => Deno.remove(folder, { recursive: true }));

function examine(
  catalog: Pick<RestCatalog, "uri" | "warehouse">,
  env: Readonly<Record<string, string>>,
  args: readonly string[] = [],
): Promise<ToolRun> {
  const { uri, warehouse } = catalog;
  const all = ["doctor", "--uri", uri, "--warehouse", warehouse, "--json", ...args];
  return runTool(all, { cwd: folder, env });
}

Deno.test("doctor on the fixture with PostgreSQL and versitygw", async (test) => {
  const [postgres, s3]: [Postgres, S3Server] = await Promise.all([
    startPostgres(),
    startVersitygw(),
  ]);
  let fixture: RestCatalog | undefined;
  let isStoreUp = true;
  try {
    const catalog = fixture = await startFixture(postgres, s3);
    const env = awsEnvironment(s3);

    await test.step("passes with the keys in AWS_* variables, and leaves nothing", async () => {
      const run = await examine(catalog, env);
      assertAllPass(run);
      assert.match(checksOf(run).get("credentials")!.detail, /AWS_ACCESS_KEY_ID/);
      await assertNothingLeft(s3, catalog);
    });

    await test.step("passes with the keys in properties", async () => {
      const properties = Object.entries(pyicebergS3Properties(s3))
        .flatMap(([key, value]) => ["--property", `${key}=${value}`]);
      const run = await examine(catalog, {}, properties);
      assertAllPass(run);
      assert.doesNotMatch(run.stdout + run.stderr, new RegExp(s3.secretAccessKey));
      await assertNothingLeft(s3, catalog);
    });

    await test.step("says that the store refuses wrong keys: exit 6", async () => {
      const wrong = { ...env, AWS_SECRET_ACCESS_KEY: "wrong-secret" };
      const run = await examine(catalog, wrong);
      assert.match(assertFails(run, "store", 6).detail, /SignatureDoesNotMatch|403/);
      assert.doesNotMatch(run.stdout + run.stderr, /wrong-secret/);
      assert.equal(checksOf(run).get("commit")?.status, "ok");
      await assertNothingLeft(s3, catalog);
    });

    await test.step("says that the store's address leads nowhere: exit 7", async () => {
      const nowhere = { ...env, AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${freePort()}` };
      assertFails(await examine(catalog, nowhere), "store", 7);
      await assertNothingLeft(s3, catalog);
    });

    await test.step("says that there are no keys, and what to do", async () => {
      const run = await examine(catalog, { AWS_ENDPOINT_URL_S3: s3.endpoint });
      assert.equal(checksOf(run).get("credentials")?.status, "warning", run.stdout);
      assertFails(run, "store", 6);
      await assertNothingLeft(s3, catalog);
    });

    await test.step("says that no table can be made while the store is down", async () => {
      await s3.stop();
      isStoreUp = false;
      const run = await examine(catalog, env);
      assert.ok([1, 7].includes(run.code), run.stdout);
      assert.equal(checksOf(run).get("namespace")?.status, "ok", run.stdout);
      assert.equal(checksOf(run).get("table")?.status, "failed");
      assert.equal(checksOf(run).get("store")?.status, "skipped");
    });

    await test.step("says that the catalog is down: exit 7", async () => {
      await catalog.stop();
      fixture = undefined;
      assertFails(await examine(catalog, env), "catalog", 7);
    });
  } finally {
    await fixture?.stop();
    if (isStoreUp) await s3.stop();
    await postgres.stop();
  }
});

Deno.test("doctor on Nessie and MinIO", async (test) => {
  const s3 = await startMinio();
  let nessie: RestCatalog | undefined;
  try {
    const catalog = nessie = await startNessie(s3);

    await test.step("passes with vended credentials, and removes what Nessie leaves", async () => {
      const run = await examine(catalog, {});
      assertAllPass(run);
      const { detail } = checksOf(run).get("credentials")!;
      assert.match(detail, /^vended by the catalog/);
      assert.match(checksOf(run).get("endpoints")!.detail, /lists none/);
      await assertNothingLeft(s3, catalog);
    });

    await test.step("says that the warehouse is not known: exit 2", async () => {
      const run = await examine({ ...catalog, warehouse: "nope" }, {});
      assertFails(run, "warehouse", 2);
    });

    await test.step("says that another address is no catalog: exit 7", async () => {
      const run = await examine({ ...catalog, uri: new URL(catalog.uri).origin }, {});
      assertFails(run, "catalog", 7);
    });
  } finally {
    await nessie?.stop();
    await s3.stop();
  }
});
