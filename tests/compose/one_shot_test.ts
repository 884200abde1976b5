// The one-shot containers of compose.yaml: their scripts run here as they are written, with a real
// shell and the real curl, against a stand-in on loopback (see lakekeeper_stand_in.ts for what of it
// was recorded and what only documented). The bucket's script was also tried by hand against a real
// MinIO. For want of a Docker engine the containers themselves were not run.

import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import { Ajv } from "ajv";
import { readCompose, scriptOf, serviceOf } from "./compose_file.ts";
import { LakekeeperStandIn, type RecordedRequest } from "./lakekeeper_stand_in.ts";

const compose = readCompose();

/** Without curl there is no way to send what the containers send; the other tests still run. */
const ignore = !await hasCurl();

async function hasCurl(): Promise<boolean> {
  try {
    return (await new Deno.Command("curl", { args: ["--version"] }).output()).success;
  } catch {
    return false;
  }
}

async function runOneShot(
  name: string,
  standIn: LakekeeperStandIn,
): Promise<{ code: number; output: string }> {
  const service = serviceOf(compose, name);
  const [shell = "", ...args] = service.entrypoint ?? [];
  const home = await Deno.makeTempDir();
  try {
    const target = `127.0.0.1:${standIn.port}`;
    await Deno.writeTextFile(
      `${home}/.curlrc`,
      `connect-to = "lakekeeper:8181:${target}"\nconnect-to = "minio:9000:${target}"\n` +
        `noproxy = "*"\n`,
    );
    const { code, stdout, stderr } = await new Deno.Command(shell, {
      args: [...args, scriptOf(service)],
      env: { CURL_HOME: home, TMPDIR: home },
      stdin: "null",
    }).output();
    const decoder = new TextDecoder();
    return { code, output: decoder.decode(stdout) + decoder.decode(stderr) };
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

/** The documented form of a request to make a warehouse on S3, as far as it is used. */
const WAREHOUSE_REQUEST = {
  type: "object",
  required: ["warehouse-name", "storage-profile", "storage-credential"],
  additionalProperties: false,
  properties: {
    "warehouse-name": { const: "demo" },
    "delete-profile": { enum: [{ type: "hard" }] },
    "storage-profile": {
      type: "object",
      required: ["type", "bucket", "region", "sts-enabled"],
      additionalProperties: false,
      properties: {
        type: { const: "s3" },
        flavor: { enum: ["aws", "s3-compat"] },
        endpoint: { const: "http://minio:9000" },
        region: { type: "string" },
        bucket: { type: "string" },
        "key-prefix": { type: "string" },
        "path-style-access": { type: "boolean" },
        "sts-enabled": { type: "boolean" },
      },
    },
    "storage-credential": {
      type: "object",
      required: ["type", "credential-type", "aws-access-key-id", "aws-secret-access-key"],
      additionalProperties: false,
      properties: {
        type: { const: "s3" },
        "credential-type": { const: "access-key" },
        "aws-access-key-id": { type: "string" },
        "aws-secret-access-key": { type: "string" },
      },
    },
  },
};

function onlyRequest(standIn: LakekeeperStandIn, line: string): RecordedRequest {
  const found = standIn.requests.filter(({ method, path }) => `${method} ${path}` === line);
  assert.equal(found.length, 1, `${line} in ${JSON.stringify(standIn.lines)}`);
  return found[0]!;
}

Deno.test(
  { name: "bootstrap sends the documented request and accepts a second run", ignore },
  async () => {
    await using standIn = new LakekeeperStandIn();
    assert.deepEqual(await runOneShot("bootstrap", standIn), { code: 0, output: "Bootstrapped\n" });
    const request = onlyRequest(standIn, "POST /management/v1/bootstrap");
    assert.deepEqual(JSON.parse(request.body), { "accept-terms-of-use": true });
    assert.equal(request.headers.get("content-type"), "application/json");
    const second = await runOneShot("bootstrap", standIn);
    assert.equal(second.code, 0, second.output);
    assert.match(second.output, /CatalogAlreadyBootstrapped/);
  },
);

Deno.test(
  { name: "bootstrap fails, and shows the answer, when it is refused otherwise", ignore },
  async () => {
    await using standIn = new LakekeeperStandIn();
    standIn.faults.bootstrapRefusal = "TermsOfUseNotAccepted";
    const { code, output } = await runOneShot("bootstrap", standIn);
    assert.equal(code, 1);
    assert.match(output, /TermsOfUseNotAccepted/);
  },
);

Deno.test({ name: "warehouse asks, makes, and asks again on the first run", ignore }, async () => {
  await using standIn = new LakekeeperStandIn();
  await runOneShot("bootstrap", standIn);
  const { code, output } = await runOneShot("warehouse", standIn);
  assert.equal(code, 0, output);
  assert.match(output, /Warehouse made/);
  assert.deepEqual(standIn.lines.slice(1), [
    "GET /catalog/v1/config?warehouse=demo",
    "POST /management/v1/warehouse",
    "GET /catalog/v1/config?warehouse=demo",
  ]);
  const request = onlyRequest(standIn, "POST /management/v1/warehouse");
  const validate = new Ajv().compile(WAREHOUSE_REQUEST);
  assert.ok(validate(JSON.parse(request.body)), JSON.stringify(validate.errors));
});

Deno.test({ name: "warehouse only asks when the warehouse is there", ignore }, async () => {
  await using standIn = new LakekeeperStandIn();
  for (const name of ["bootstrap", "warehouse", "warehouse"]) {
    const { code, output } = await runOneShot(name, standIn);
    assert.equal(code, 0, output);
  }
  assert.equal(standIn.lines.at(-1), "GET /catalog/v1/config?warehouse=demo");
  onlyRequest(standIn, "POST /management/v1/warehouse");
});

Deno.test(
  { name: "warehouse succeeds when another client made it meanwhile", ignore },
  async () => {
    await using standIn = new LakekeeperStandIn();
    standIn.faults.warehouseRace = true;
    const { code, output } = await runOneShot("warehouse", standIn);
    assert.equal(code, 0, output);
    assert.match(output, /CreateWarehouseStorageProfileOverlap/);
  },
);

Deno.test(
  { name: "warehouse fails, and shows the answer, when the store is refused", ignore },
  async () => {
    await using standIn = new LakekeeperStandIn();
    standIn.faults.warehouseRefusal = "ValidationFailed";
    const { code, output } = await runOneShot("warehouse", standIn);
    assert.notEqual(code, 0);
    assert.match(output, /status 400/);
    assert.match(output, /ValidationFailed/);
  },
);

Deno.test({ name: "bucket sends a signed request and accepts a second run", ignore }, async () => {
  await using standIn = new LakekeeperStandIn();
  assert.deepEqual(await runOneShot("bucket", standIn), { code: 0, output: "Bucket made\n" });
  const request = onlyRequest(standIn, "PUT /lakehouse");
  const { MINIO_ROOT_USER = "", MINIO_ROOT_PASSWORD = "" } =
    serviceOf(compose, "minio").environment ?? {};
  assert.equal(
    request.headers.get("authorization"),
    expectedAuthorization(request, { user: MINIO_ROOT_USER, secret: MINIO_ROOT_PASSWORD }),
  );
  const second = await runOneShot("bucket", standIn);
  assert.equal(second.code, 0, second.output);
});

Deno.test("the warehouse uses the bucket, the keys and the endpoint that the store has", () => {
  const { MINIO_ROOT_USER = "", MINIO_ROOT_PASSWORD = "" } =
    serviceOf(compose, "minio").environment ?? {};
  const warehouse = scriptOf(serviceOf(compose, "warehouse"));
  const body = JSON.parse(warehouse.match(/--data '([^']*)'/)?.[1] ?? "");
  assert.equal(body["storage-credential"]["aws-access-key-id"], MINIO_ROOT_USER);
  assert.equal(body["storage-credential"]["aws-secret-access-key"], MINIO_ROOT_PASSWORD);
  const { endpoint, bucket, region } = body["storage-profile"];
  const made = scriptOf(serviceOf(compose, "bucket"));
  assert.ok(made.includes(`${endpoint}/${bucket})`), made);
  assert.ok(made.includes(`aws:amz:${region}:s3`));
  assert.ok(made.includes(`--user ${MINIO_ROOT_USER}:${MINIO_ROOT_PASSWORD} `));
});

/** Signature Version 4 of a request, computed anew from what it says it has signed. */
function expectedAuthorization(
  request: RecordedRequest,
  keys: { readonly user: string; readonly secret: string },
): string {
  const given = request.headers.get("authorization") ?? "";
  const [, scope = "", signed = ""] =
    given.match(/Credential=[^/]+\/([^,]+), ?SignedHeaders=([^,]+),/) ?? [];
  const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
  const hmac = (key: string | Uint8Array, text: string) =>
    createHmac("sha256", key).update(text).digest();
  const canonical = [
    request.method,
    request.path,
    "",
    ...signed.split(";").map((name) => `${name}:${request.headers.get(name)}`),
    "",
    signed,
    request.headers.get("x-amz-content-sha256") ?? sha256(request.body),
  ].join("\n");
  const [date = "", region = "", service = ""] = scope.split("/");
  let key: Uint8Array = hmac(`AWS4${keys.secret}`, date);
  for (const part of [region, service, "aws4_request"]) key = hmac(key, part);
  const toSign = [
    "AWS4-HMAC-SHA256",
    request.headers.get("x-amz-date"),
    scope,
    sha256(canonical),
  ].join("\n");
  const signature = createHmac("sha256", key).update(toSign).digest("hex");
  return `AWS4-HMAC-SHA256 Credential=${keys.user}/${scope}, SignedHeaders=${signed}, ` +
    `Signature=${signature}`;
}
