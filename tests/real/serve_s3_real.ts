/** `serve` with warehouses on S3: vended credentials, STS and remote signing, by real clients. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { AuthError } from "../../lib/errors.ts";
import type { StoreProperties } from "../../lib/store/credentials.ts";
import { openStore } from "../../lib/store/open_store.ts";
import { PROJECT_ROOT } from "./parts/cache.ts";
import { mustRun, runCommand } from "./parts/child.ts";
import { installFixture } from "./parts/fixture.ts";
import { startMinio } from "./parts/minio.ts";
import { installPythonS3fs, runReader } from "./parts/python.ts";
import { awsEnvironment, pyicebergS3Properties, type S3Server } from "./parts/s3_server.ts";
import { startVersitygw } from "./parts/versitygw.ts";
import { assertReadBack } from "./read_back.ts";
import { type S3Serve, serveWords, startServeOnS3 } from "./serve_on_s3.ts";
import { runTool, summaryOf, toolEnvironment } from "./tool.ts";

const ROWS = 5_000;

let folder = "";
let versitygw: S3Server;
let minio: S3Server;

Deno.test.beforeAll(async () => {
  folder = await Deno.makeTempDir({ prefix: "lakekeeper-ingest-serve-s3-" });
  [versitygw, minio] = await Promise.all([startVersitygw(), startMinio()]);
  const made = await runTool(["generate", "--rows", String(ROWS), "-o", `${folder}/data.csv`], {
    cwd: folder,
  });
  assert.equal(made.code, 0, made.stderr);
});
Deno.test.afterAll(async () => {
  for (const server of [versitygw, minio]) await server?.stop();
  await Deno.remove(folder, { recursive: true });
});

/** Runs a test against a catalog with a state directory of its own. */
async function withServe(
  s3: S3Server,
  flags: readonly string[],
  test: (serve: S3Serve) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir({ dir: folder });
  const serve = await startServeOnS3(s3, { directory, flags });
  try {
    await test(serve);
  } catch (error) {
    console.error(`--- serve\n${serve.log()}`);
    throw error;
  } finally {
    await serve.stop();
  }
}

/** Every object of the bucket, by the keys of the server itself. */
async function objectsOf(s3: S3Server): Promise<string[]> {
  const root = `s3://${s3.bucket}`;
  const store = await openStore(root, pyicebergS3Properties(s3));
  try {
    return (await Array.fromAsync(store.list(root), (one) => one.location)).sort();
  } finally {
    store.close();
  }
}

/** Loads the rows by a tool that has no AWS variable; the tool and two other programs verify them. */
async function loadAndVerify(serve: S3Serve, table: string): Promise<void> {
  const args = ["--uri", serve.uri, "--warehouse", serve.warehouse, "--table", table];
  const load = await runTool(["data.csv", ...args, "--workers", "3", "--json"], { cwd: folder });
  const summary = summaryOf(load);
  assert.equal(load.code, 0, load.stderr);
  assert.equal(summary.rowsCommitted, ROWS);
  const verified = await runTool(["verify", "data.csv", ...args], { cwd: folder });
  assert.equal(verified.code, 0, `${verified.stdout}${verified.stderr}`);
  await assertReadBack(
    { pyiceberg: pyicebergOf(serve), duckdb: "attach", delegation: "vended_credentials" },
    { table, csv: [`${folder}/data.csv`], key: "id" },
  );
}

function pyicebergOf(serve: S3Serve): Record<string, string> {
  return { type: "rest", uri: serve.uri, warehouse: serve.warehouse };
}

/** Drops a table with its files. */
async function purge(serve: S3Serve, table: string): Promise<void> {
  const url = `${tableUrl(serve, table)}?purgeRequested=true`;
  const response = await fetch(url, { method: "DELETE" });
  assert.equal(response.status, 204, await response.text());
}

function tableUrl(serve: S3Serve, table: string): string {
  const [namespace, name] = table.split(".");
  return `${serve.uri}/v1/namespaces/${namespace}/tables/${name}`;
}

async function loadTable(
  serve: S3Serve,
  table: string,
  delegation?: string,
  // deno-lint-ignore no-explicit-any -- the test reads the fields that it expects
): Promise<any> {
  const response = await fetch(tableUrl(serve, table), {
    headers: delegation === undefined ? {} : { "x-iceberg-access-delegation": delegation },
  });
  assert.equal(response.status, 200);
  return await response.json();
}

Deno.test("serve on versitygw gives its own keys, and other programs load, append and read by them", async () => {
  await withServe(versitygw, ["--credentials", "static"], async (serve) => {
    await loadAndVerify(serve, "shop.orders");
    const read = await runReader("pyiceberg_storage.py", {
      catalog: pyicebergOf(serve),
      table: "shop.ids",
      rows: 7,
    });
    assert.deepEqual(read, { ids: [0, 1, 2, 3, 4, 5, 6], io: "PyArrowFileIO", hasKeys: true });
    for (const table of ["shop.orders", "shop.ids"]) await purge(serve, table);
    assert.deepEqual(await objectsOf(versitygw), []);
    assert.doesNotMatch(serve.log(), new RegExp(versitygw.secretAccessKey));
  });
});

Deno.test("serve gives no keys unless it is told to, and clients use their own", async () => {
  await withServe(versitygw, [], async (serve) => {
    const read = await runReader("pyiceberg_storage.py", {
      catalog: { ...pyicebergOf(serve), ...pyicebergS3Properties(versitygw) },
      table: "own.ids",
      rows: 2,
    });
    assert.deepEqual((read as { ids: number[] }).ids, [0, 1]);
    const { config, "storage-credentials": credentials } = await loadTable(serve, "own.ids");
    assert.deepEqual(config, {
      "s3.endpoint": versitygw.endpoint,
      "s3.region": versitygw.region,
      "client.region": versitygw.region,
      "s3.path-style-access": "true",
    });
    assert.equal(credentials, undefined);
    await purge(serve, "own.ids");
  });
});

Deno.test("serve keeps the tables of a warehouse on S3 over a restart, and refuses another root", async () => {
  const directory = await Deno.makeTempDir({ dir: folder });
  const flags = ["--credentials", "static"];
  const first = await startServeOnS3(versitygw, { directory, flags });
  await loadAndVerify(first, "kept.orders");
  await first.stop();
  const elsewhere = await runServe([
    "--warehouse",
    `lake=s3://${versitygw.bucket}/other`,
    "--state-dir",
    `${directory}/state`,
  ]);
  assert.equal(elsewhere.code, 2);
  assert.match(elsewhere.stderr, /its database belongs to "s3:\/\/lake\/wh"/);
  const second = await startServeOnS3(versitygw, { directory, flags });
  try {
    const { metadata } = await loadTable(second, "kept.orders");
    assert.equal(metadata.snapshots.length, 5);
    await purge(second, "kept.orders");
  } finally {
    await second.stop();
  }
});

/** A `serve` that is to end at once. */
async function runServe(flags: readonly string[], env: Record<string, string> = {}) {
  const [command, ...args] = serveWords(["--listen", "127.0.0.1:0", ...flags]);
  return await runCommand(command!, args, {
    cwd: folder,
    env: toolEnvironment({ ...awsEnvironment(versitygw), ...env }),
    clearEnv: true,
    runMsMax: 60_000,
  });
}

Deno.test("serve says what is wrong with a bucket or with keys before it listens", async () => {
  const missing = await runServe(["--warehouse", "lake=s3://no-such-bucket/wh"]);
  assert.equal(missing.code, 7, missing.stderr);
  assert.match(missing.stderr, /Cannot use warehouse "s3:\/\/no-such-bucket\/wh": .*NoSuchBucket/);
  const refused = await runServe(["--warehouse", "lake=s3://lake/wh"], {
    AWS_SECRET_ACCESS_KEY: "not-the-secret",
  });
  assert.equal(refused.code, 6, refused.stderr);
  assert.match(refused.stderr, /Cannot use warehouse .*HTTP 403/);
  assert.doesNotMatch(refused.stderr, /not-the-secret/);
  const sts = await runServe(["--warehouse", "lake=s3://lake/wh", "--credentials", "sts"]);
  assert.equal(sts.code, 6, sts.stderr);
  assert.match(sts.stderr, /credentials by STS/);
});

Deno.test("serve signs requests of pyiceberg that has no keys, and of nobody for other objects", async () => {
  await withServe(versitygw, ["--credentials", "sign"], async (serve) => {
    const read = await runReader("pyiceberg_storage.py", {
      catalog: {
        ...pyicebergOf(serve),
        "header.X-Iceberg-Access-Delegation": "remote-signing",
      },
      table: "signed.ids",
      rows: 3,
    }, { python: await installPythonS3fs() });
    assert.deepEqual(read, { ids: [0, 1, 2], io: "FsspecFileIO", hasKeys: false });
    const { metadata, config } = await loadTable(serve, "signed.ids", "remote-signing");
    assert.equal(config["s3.access-key-id"], undefined);
    await signByHand(serve, { location: metadata.location, config });
    await purge(serve, "signed.ids");
    assert.deepEqual(await objectsOf(versitygw), [`s3://${versitygw.bucket}/outside.txt`]);
  });
});

/** Iceberg's own Java client walks over tables with no key of its own. @returns what it saw. */
async function walkByJava(serve: S3Serve, delegation: string): Promise<string[]> {
  const output = await mustRun("java", [
    "-Xmx512m",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
    "-cp",
    `${await installFixture()}/*`,
    `${PROJECT_ROOT}tests/real/readers/StorageWalk.java`,
    serve.uri,
    serve.warehouse,
    delegation,
  ], { env: toolEnvironment(), clearEnv: true, runMsMax: 120_000 });
  return output.trim().split("\n");
}

const WALKED = ["files 2", "listed 4", "left 0", "announced 1"];

Deno.test("serve signs requests of Iceberg's Java client: tables there and announced, removals of many", async () => {
  for (const s3 of [versitygw, minio]) {
    const before = await objectsOf(s3);
    await withServe(s3, ["--credentials", "sign"], async (serve) => {
      assert.deepEqual(await walkByJava(serve, "remote-signing"), WALKED);
    });
    assert.deepEqual(await objectsOf(s3), before);
  }
});

Deno.test("serve gives Iceberg's Java client keys by STS for tables there and announced", async () => {
  await withServe(minio, ["--credentials", "sts"], async (serve) => {
    assert.deepEqual(await walkByJava(serve, "vended-credentials"), WALKED);
  });
  assert.deepEqual(await objectsOf(minio), []);
});

Deno.test("serve's signature on one object of MinIO, which takes unsigned headers, copies no other", async () => {
  await withServe(minio, ["--credentials", "sign"], async (serve) => {
    const store = await openStore(serve.root, pyicebergS3Properties(minio));
    const secret = `s3://${minio.bucket}/secret.txt`;
    await store.write(secret, new TextEncoder().encode("secret"));
    await runReader("pyiceberg_storage.py", {
      catalog: { ...pyicebergOf(serve), ...pyicebergS3Properties(minio) },
      table: "copied.ids",
      rows: 1,
    });
    const { metadata, config } = await loadTable(serve, "copied.ids", "remote-signing");
    const uri = `${minio.endpoint}/${metadata.location.slice("s3://".length)}/data/copy`;
    const signed = await fetch(`${config["signer.uri"]}/${config["signer.endpoint"]}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ region: minio.region, method: "PUT", uri, headers: {} }),
    });
    assert.equal(signed.status, 200);
    const sentHeaders = { "x-amz-copy-source": [secret.slice("s3:/".length)] };
    const sent = await sendSigned(
      { method: "PUT", body: null, sentHeaders },
      await signed.json(),
    );
    assert.equal(sent.status, 403, sent.text);
    assert.equal(await store.sizeOf(`${metadata.location}/data/copy`), undefined);
    await purge(serve, "copied.ids");
    await store.remove(secret);
    store.close();
  });
});

/** Asks for signatures as a client would, and sends what was signed. */
async function signByHand(
  serve: S3Serve,
  table: { readonly location: string; readonly config: Readonly<Record<string, string>> },
): Promise<void> {
  const { location, config } = table;
  const [, bucket, key] = /^s3:\/\/([^/]+)\/(.*)$/.exec(location)!;
  const base = `${versitygw.endpoint}/${bucket}`;
  const signer = `${config["signer.uri"]}/${config["signer.endpoint"]}`;
  assert.ok(signer.startsWith(serve.uri));
  const sign = async (request: Record<string, unknown>) => {
    const response = await fetch(signer, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ region: versitygw.region, headers: {}, provider: "s3", ...request }),
    });
    return { status: response.status, body: await response.json() };
  };
  const send = async (method: string, url: string, body?: string) => {
    const sentHeaders: Record<string, string[]> = method === "POST"
      ? { "Content-MD5": [createHash("md5").update(body!).digest("base64")] }
      : {};
    const signed = await sign({ method, uri: url, headers: sentHeaders, body });
    if (signed.status !== 200) return { status: signed.status, text: "" };
    return await sendSigned({ method, body: body ?? null, sentHeaders }, signed.body);
  };

  // What others have put beside the table stays out of reach.
  const store = await openStore(location, pyicebergS3Properties(versitygw));
  await store.write(`s3://${bucket}/outside.txt`, new TextEncoder().encode("secret"));
  store.close();
  for (
    const url of [
      `${base}/outside.txt`,
      `${base}/${key}/../../../outside.txt`,
      `${base}/${key}/%2e%2e/%2e%2e/%2e%2e/outside.txt`,
      `${base}/${key}/data?versionId=1`,
      `${base}/${key}/data?acl`,
      `${base}?list-type=2&prefix=`,
      `${base}?list-type=2`,
      `${base}?policy`,
      `http://127.0.0.1:1/${bucket}/${key}/x`,
    ]
  ) {
    const { status } = await sign({ method: "GET", uri: url });
    assert.ok(status === 400 || status === 403, `${status} for ${url}`);
  }

  assert.equal(
    (await send("PUT", `${base}/${key}/data/a b=%25.txt`.replace(" ", "%20"), "a")).status,
    200,
  );
  assert.equal((await send("PUT", `${base}/${key}/data/b.txt`, "b")).status, 200);
  const listed = await send(
    "GET",
    `${base}?list-type=2&prefix=${encodeURIComponent(`${key}/data/`)}`,
  );
  assert.equal(listed.status, 200, listed.text);
  assert.match(listed.text, /a b=%.txt/);
  const removal = (name: string) => `<Delete><Object><Key>${name}</Key></Object></Delete>`;
  assert.equal((await send("POST", `${base}?delete`, removal("outside.txt"))).status, 403);
  // A signature on one body does not carry another one.
  const md5 = createHash("md5").update(removal("outside.txt")).digest("base64");
  const signed = await sign({
    method: "POST",
    uri: `${base}?delete`,
    headers: { "content-md5": [md5] },
    body: removal(`${key}/data/b.txt`),
  });
  const swapped = await sendSigned(
    {
      method: "POST",
      body: removal("outside.txt"),
      sentHeaders: { "content-md5": [md5] },
    },
    signed.body,
  );
  assert.ok(swapped.status === 400 || swapped.status === 403, swapped.text);
  const removed = await send("POST", `${base}?delete`, removal(`${key}/data/b.txt`));
  assert.equal(removed.status, 200, removed.text);
  assert.equal((await send("GET", `${base}/${key}/data/b.txt`)).status, 404);
}

async function sendSigned(
  sent: {
    readonly method: string;
    readonly body: string | null;
    readonly sentHeaders: Readonly<Record<string, string[]>>;
  },
  signed: { readonly uri: string; readonly headers: Record<string, string[]> },
): Promise<{ readonly status: number; readonly text: string }> {
  const headers = new Headers();
  for (const [name, values] of Object.entries({ ...signed.headers, ...sent.sentHeaders })) {
    headers.set(name, values.join(", "));
  }
  const { method, body } = sent;
  const response = await fetch(signed.uri, { method, body, headers });
  return { status: response.status, text: await response.text() };
}

Deno.test("serve on MinIO gives keys by STS that reach one table and nothing else", async () => {
  await withServe(minio, ["--credentials", "sts"], async (serve) => {
    await loadAndVerify(serve, "shop.orders");
    await loadAndVerify(serve, "shop.other");
    const read = await runReader("pyiceberg_storage.py", {
      catalog: pyicebergOf(serve),
      table: "shop.ids",
      rows: 4,
    });
    assert.deepEqual(read, { ids: [0, 1, 2, 3], io: "PyArrowFileIO", hasKeys: true });

    const own = await loadTable(serve, "shop.orders", "vended-credentials");
    const other = await loadTable(serve, "shop.other");
    const [credential] = own["storage-credentials"];
    assert.equal(credential.prefix, own.metadata.location);
    const leftMs = Number(credential.config["s3.session-token-expires-at-ms"]) - Date.now();
    assert.ok(leftMs > 50 * 60_000 && leftMs <= 60 * 60_000, String(leftMs));
    const again = await fetch(credential.config["client.refresh-credentials-endpoint"]);
    assert.deepEqual((await again.json())["storage-credentials"], [credential]);
    assert.notEqual(credential.config["s3.access-key-id"], minio.accessKeyId);
    await assertReaches(credential.config, {
      inside: own.metadata.location,
      outside: [other.metadata.location, `s3://${minio.bucket}/wh`, `s3://${minio.bucket}/else`],
    });

    for (const table of ["shop.orders", "shop.other", "shop.ids"]) await purge(serve, table);
    assert.deepEqual(await objectsOf(minio), []);
  });
});

/** Keys read, write, list and remove below one location, and do nothing below others. */
async function assertReaches(
  properties: StoreProperties,
  of: { readonly inside: string; readonly outside: readonly string[] },
): Promise<void> {
  const store = await openStore(of.inside, properties);
  const bytes = new Uint8Array(3);
  try {
    const file = `${of.inside}/data/probe.txt`;
    await store.write(file, bytes);
    assert.deepEqual(await store.read(file), bytes);
    assert.ok((await Array.fromAsync(store.list(of.inside))).length > 1);
    await store.remove(file);
    for (const directory of of.outside) {
      await assert.rejects(store.write(`${directory}/probe.txt`, bytes), AuthError);
      await assert.rejects(store.read(`${directory}/probe.txt`), AuthError);
      await assert.rejects(store.remove(`${directory}/probe.txt`), AuthError);
      await assert.rejects(Array.fromAsync(store.list(directory)), AuthError);
    }
  } finally {
    store.close();
  }
}
