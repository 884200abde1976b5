// `serve` as other clients meet it, and how it ends.

import assert from "node:assert/strict";
import { join } from "node:path";
import { catalogRequest, exists, startServe, stateOf, TABLE_PATH, testInDir } from "./support.ts";
import { runTool } from "./tool.ts";

const ANY_PORT = ["--listen", "127.0.0.1:0"];

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  testInDir(`serve answers until ${signal} ends it with 0`, async (directory) => {
    const served = await startServe([...ANY_PORT, "--warehouse", "lake"], { cwd: directory });
    assert.match(
      served.greeting,
      /^Serving warehouse "demo" \(lake\) at http:\/\/127\.0\.0\.1:\d+\/catalog$/,
    );
    const { status, json } = await catalogRequest(served.uri, {
      method: "GET",
      path: "/v1/config?warehouse=demo",
    });
    assert.equal(status, 200);
    const config = json as unknown as { endpoints: string[] };
    assert.ok(config.endpoints.includes("POST /v1/{prefix}/namespaces/{namespace}/tables/{table}"));
    assert.deepEqual(await served.end(signal), { code: 0, signal: null, stderr: "" });
    await assert.rejects(fetch(`${served.uri}/v1/config`));
  });
}

testInDir("serve keeps its tables when it starts again", async (directory) => {
  await Deno.writeTextFile(join(directory, "data.csv"), "a\n1\n2\n");
  const args = [...ANY_PORT, "--warehouse", "lake=./files"];
  for (const records of [2, 4]) {
    const served = await startServe(args, { cwd: directory });
    try {
      const { code, stderr } = await runTool(
        ["data.csv", "--uri", served.uri, "--warehouse", "lake"],
        { cwd: directory },
      );
      assert.equal(code, 0, stderr);
      const { json } = await catalogRequest(served.uri, { method: "GET", path: TABLE_PATH });
      assert.equal(stateOf(json).records, records);
    } finally {
      assert.equal((await served.end("SIGTERM")).code, 0);
    }
  }
});

testInDir("serve knows its own warehouse only, and ingest says so", async (directory) => {
  await Deno.writeTextFile(join(directory, "data.csv"), "a\n1\n");
  const served = await startServe([...ANY_PORT, "--warehouse", "lake"], { cwd: directory });
  try {
    const { code, stderr } = await runTool(
      ["data.csv", "--uri", served.uri, "--warehouse", "other"],
      { cwd: directory },
    );
    assert.equal(code, 2);
    assert.match(
      stderr,
      /^Error: Cannot open the catalog at .* with warehouse "other": HTTP 40\d/m,
    );
  } finally {
    await served.end("SIGTERM");
  }
});

testInDir("serve --trace shows each request on stderr", async (directory) => {
  const served = await startServe([...ANY_PORT, "--trace"], { cwd: directory });
  await catalogRequest(served.uri, { method: "GET", path: "/v1/namespaces" });
  const { stderr } = await served.end("SIGTERM");
  assert.match(stderr, /^GET \/catalog\/v1\/namespaces 200 \d+ ms\n$/);
  assert.ok(await exists(join(directory, "warehouse")), "the default warehouse");
});

testInDir("serve ends with 1 when its port is taken", async (directory) => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  try {
    const address = `127.0.0.1:${listener.addr.port}`;
    const { code, stdout, stderr } = await runTool(["serve", "--listen", address], {
      cwd: directory,
    });
    assert.equal(code, 1);
    assert.equal(stdout, "");
    assert.match(stderr, new RegExp(`^Error: Cannot listen on "${address}": `));
  } finally {
    listener.close();
  }
});

testInDir("serve ends with 7 when its directory is a file", async (directory) => {
  await Deno.writeTextFile(join(directory, "file"), "");
  const { code, stderr } = await runTool(["serve", ...ANY_PORT, "--warehouse", "file"], {
    cwd: directory,
  });
  assert.equal(code, 7, stderr);
  assert.match(stderr, /^Error: Cannot /);
});
