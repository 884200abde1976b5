/** Cleaning on S3: the fixture's history is whole; Nessie's branches are its own. */
import assert from "node:assert/strict";
import { openStore } from "../../lib/store/open_store.ts";
import type { StoreProperties } from "../../lib/store/credentials.ts";
import { startFixture } from "./parts/fixture.ts";
import { startMinio } from "./parts/minio.ts";
import { startNessie } from "./parts/nessie.ts";
import { startPostgres } from "./parts/postgres.ts";
import { awsEnvironment, pyicebergS3Properties, type S3Server } from "./parts/s3_server.ts";
import { startVersitygw } from "./parts/versitygw.ts";
import { runTool, type ToolRun } from "./tool.ts";

const CSV = "id,name\n1,a\n2,b\n3,c\n";
const UUID = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(?=(-m0)?\.(parquet|avro)$)/;

/** A catalog and the store of its tables. */
interface Site {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly s3: S3Server;
  stop(): Promise<void>;
}

async function fixtureSite(): Promise<Site> {
  const [postgres, s3] = await Promise.all([startPostgres(), startVersitygw()]);
  const fixture = await startFixture(postgres, s3);
  const { uri, warehouse } = fixture;
  return {
    args: ["--uri", uri, "--warehouse", warehouse],
    env: awsEnvironment(s3),
    s3,
    stop: async () => {
      for (const server of [fixture, s3, postgres]) await server.stop();
    },
  };
}

async function nessieSite(): Promise<Site> {
  const s3 = await startMinio();
  const nessie = await startNessie(s3);
  return {
    args: ["--uri", nessie.uri, "--warehouse", nessie.warehouse],
    // The catalog vends the keys.
    env: {},
    s3,
    stop: async () => {
      for (const server of [nessie, s3]) await server.stop();
    },
  };
}

/** Every object of the bucket. */
async function objectsOf(s3: S3Server): Promise<string[]> {
  const store = await openStore(`s3://${s3.bucket}`, propertiesOf(s3));
  try {
    const all = await Array.fromAsync(store.list(`s3://${s3.bucket}`), (one) => one.location);
    return all.sort();
  } finally {
    store.close();
  }
}

function propertiesOf(s3: S3Server): StoreProperties {
  return pyicebergS3Properties(s3);
}

/** Copies a load's files under new names, as tries that were never committed would be. */
async function leaveLitter(s3: S3Server): Promise<string[]> {
  const store = await openStore(`s3://${s3.bucket}`, propertiesOf(s3));
  const litter: string[] = [];
  try {
    for (const location of await objectsOf(s3)) {
      if (!UUID.test(location)) continue;
      const copy = location.replace(UUID, () => crypto.randomUUID());
      await store.write(copy, await store.read(location));
      litter.push(copy);
    }
  } finally {
    store.close();
  }
  assert.ok(litter.length >= 9, `${litter.length} files`);
  return litter.sort();
}

/** Runs a test with three snapshots of a load in a table. */
async function withLoad(
  start: () => Promise<Site>,
  test: (
    site: Site,
    loaded: { readonly loadId: string; run(...args: string[]): Promise<ToolRun> },
  ) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "lakekeeper-ingest-clean-real-" });
  const site = await start();
  try {
    await Deno.writeTextFile(`${directory}/data.csv`, CSV);
    const run = (...args: string[]) =>
      runTool([...args, ...site.args], { cwd: directory, env: site.env });
    const result = await run("data.csv", "--chunk-size", "1", "--json");
    assert.equal(result.code, 0, result.stderr);
    const loadId = JSON.parse(result.stdout.split("\n")[0]!).load_id;
    await test(site, { loadId, run });
  } finally {
    await site.stop();
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("clean removes what a load left on S3, and the table can be read as before", async () => {
  await withLoad(fixtureSite, async ({ s3 }, { loadId, run }) => {
    const before = await objectsOf(s3);
    await leaveLitter(s3);
    const young = await run("clean", "--load-id", loadId);
    assert.equal(young.code, 0, young.stderr);
    assert.match(young.stdout, /^Removed: {3}0 files/m);
    const done = await run("clean", "--load-id", loadId, "--older-than", "0s");
    assert.equal(done.code, 0, done.stderr);
    assert.deepEqual(await objectsOf(s3), before);
  });
});

Deno.test("clean leaves what another branch of Nessie may refer to", async () => {
  await withLoad(nessieSite, async ({ s3 }, { loadId, run }) => {
    await leaveLitter(s3);
    const before = await objectsOf(s3);
    const done = await run("clean", "--load-id", loadId, "--older-than", "0s", "--history-expired");
    assert.equal(done.code, 0, done.stderr);
    assert.match(done.stdout, /another branch of the catalog may refer to them/);
    const after = new Set(await objectsOf(s3));
    // Copies of the head's own manifest list can be nobody's; all else might be.
    const gone = before.filter((location) => !after.has(location));
    assert.equal(gone.length, 1, done.stdout);
    assert.match(gone[0]!, /\/snap-\d+-\d+-/);
  });
});
