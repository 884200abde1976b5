// The flags of `serve` that guard it, that show what it does, and that make it wrong on purpose.

import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { generateCsv } from "../../lib/input/generate.ts";
import { type JsonLine, jsonLines, startServe, testInDir } from "./support.ts";
import { runTool, spawnTool } from "./tool.ts";

const ANY_PORT = ["--listen", "127.0.0.1:0"];
const TOKEN = "e2e-secret-token";
const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));

testInDir("serve --token lets only those in who show the token", async (directory) => {
  await Deno.writeTextFile(join(directory, "data.csv"), "a\n1\n");
  await Deno.writeTextFile(join(directory, "token.txt"), `${TOKEN}\n`);
  const served = await startServe([...ANY_PORT, "--token", "token.txt", "--trace"], {
    cwd: directory,
  });
  const load = (env: Record<string, string>) =>
    runTool(["data.csv", "--uri", served.uri], { cwd: directory, env });
  assert.equal((await load({})).code, 6);
  assert.equal((await load({ CATALOG_TOKEN: "wrong" })).code, 6);
  const loaded = await load({ CATALOG_TOKEN: TOKEN });
  assert.equal(loaded.code, 0, loaded.stderr);
  const { code, stderr } = await served.end("SIGTERM");
  assert.equal(code, 0);
  assert.match(stderr, / 401 /);
  assert.doesNotMatch(stderr + await served.stdout(), new RegExp(TOKEN));
});

testInDir("serve takes its token of a variable, for any address", async (directory) => {
  const served = await startServe(["--listen", "0.0.0.0:0"], {
    cwd: directory,
    env: { LAKEKEEPER_INGEST_TOKEN: TOKEN },
  });
  const url = `${served.uri.replace("0.0.0.0", "127.0.0.1")}/v1/config`;
  const statusWith = async (headers: Record<string, string>) => {
    const response = await fetch(url, { headers });
    await response.body?.cancel();
    return response.status;
  };
  assert.equal(await statusWith({}), 401);
  assert.equal(await statusWith({ authorization: `Bearer ${TOKEN}` }), 200);
  const form = new URLSearchParams({ "grant_type": "client_credentials", "client_secret": TOKEN });
  const given = await fetch(url.replace(/config$/, "oauth/tokens"), { method: "POST", body: form });
  const { "access_token": accessToken } = await given.json();
  assert.equal(await statusWith({ authorization: `Bearer ${accessToken}` }), 200);
  await served.end("SIGTERM");
});

testInDir("serve ends with 2 for flags that cannot be meant so", async (directory) => {
  await Deno.writeTextFile(join(directory, "empty"), " \n");
  await Deno.writeTextFile(join(directory, "text"), "no certificate");
  const cases: ReadonlyArray<[string[], RegExp]> = [
    [["--listen", "0.0.0.0:0"], /^Error: Cannot listen on "0\.0\.0\.0" without a token.*--token/s],
    [["--token", "missing"], /^Error: Cannot read the token file "missing": /],
    [["--token", "empty"], /^Error: Cannot use the token file "empty": it is empty/],
    [["--token", "text"], /^Error: Cannot use the token: it holds spaces/],
    [["--cert", "text"], /^Error: Cannot serve HTTPS: --cert and --key go together/],
    [["--cert", "missing", "--key", "text"], /^Error: Cannot read the certificate "missing": /],
    [["--cert", "text", "--key", "text"], /^Error: Cannot serve HTTPS: /],
    [["--lost-race", "404"], /^Error: Cannot use --lost-race "404": it takes 409, 400, 500/],
    [["--fault", "commit:explode=1"], /there is no fault "explode".*TARGET:FAULT=VALUE/s],
    [["--fault-seed", "x"], /^Error: Cannot use --fault-seed "x"/],
  ];
  for (const [args, pattern] of cases) {
    const { code, stdout, stderr } = await runTool(["serve", ...ANY_PORT, ...args], {
      cwd: directory,
    });
    assert.equal(code, 2, `${args.join(" ")}: ${stderr}`);
    assert.match(stderr, pattern);
    assert.equal(stdout, "");
  }
});

testInDir("serve --cert --key serves HTTPS to ingest", async (directory) => {
  await Deno.writeTextFile(join(directory, "data.csv"), "a\n1\n2\n");
  const served = await startServe(
    [...ANY_PORT, "--cert", fixture("tls_cert.pem"), "--key", fixture("tls_key.pem")],
    { cwd: directory },
  );
  assert.match(served.uri, /^https:/);
  const { code, stderr } = await runTool(["data.csv", "--uri", served.uri], {
    cwd: directory,
    env: { DENO_CERT: fixture("tls_ca.pem") },
  });
  assert.equal(code, 0, stderr);
  assert.equal((await served.end("SIGTERM")).code, 0);
});

testInDir("serve --json logs start, every request and stop as JSON lines", async (directory) => {
  const served = await startServe([...ANY_PORT, "--json", "--warehouse", "lake"], {
    cwd: directory,
  });
  const response = await fetch(`${served.uri}/v1/namespaces/none?token=SECRET`, {
    headers: { "user-agent": "e2e/1.0" },
  });
  await response.body?.cancel();
  const health = await fetch(`${new URL(served.uri).origin}/health`);
  assert.deepEqual(await health.json(), { status: "ok" });
  const metrics = await fetch(`${new URL(served.uri).origin}/metrics`);
  assert.match(await metrics.text(), /^lakekeeper_ingest_build_info\{version="\d+\.\d+\.\d+",/m);
  assert.deepEqual(await served.end("SIGINT"), { code: 0, signal: null, stderr: "" });
  const stdout = await served.stdout();
  const [start, request, ...rest] = jsonLines(stdout) as [JsonLine, JsonLine, ...JsonLine[]];
  assert.equal(start["type"], "start");
  assert.equal(start["uri"], served.uri);
  assert.deepEqual(start["warehouses"], [{ name: "demo", root: "lake" }]);
  assert.deepEqual(start["wrong"], []);
  const { time, "elapsed_ms": elapsedMs, "bytes_out": bytesOut, ...fields } = request;
  assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.ok(elapsedMs >= 0 && bytesOut > 0);
  assert.deepEqual(fields, {
    type: "request",
    method: "GET",
    path: "/catalog/v1/namespaces/none?token=***",
    route: "/v1/{prefix}/namespaces/{namespace}",
    status: 404,
    "error_type": "NoSuchNamespaceException",
    "user_agent": "e2e/1.0",
  });
  assert.deepEqual(rest.map(({ type }) => type), ["request", "request", "stop"]);
  assert.equal(rest.at(-1)!["requests"], 3);
});

testInDir("serve --quiet says nothing on stdout", async (directory) => {
  const port = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const address = `127.0.0.1:${port.addr.port}`;
  port.close();
  const child = await spawnTool(["serve", "--listen", address, "-q"], { cwd: directory });
  const output = child.output();
  for (let turn = 0; turn < 100; turn++) {
    const response = await fetch(`http://${address}/health`).catch(() => undefined);
    await response?.body?.cancel();
    if (response?.status === 200) break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  child.kill("SIGTERM");
  const { code, stdout, stderr } = await output;
  assert.equal(code, 0);
  assert.equal(new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr), "");
});

testInDir("serve leaves at once on a second signal", async (directory) => {
  const served = await startServe(ANY_PORT, { cwd: directory });
  // A request that never comes to its end is waited for a little.
  const { hostname, port } = new URL(served.uri);
  const connection = await Deno.connect({ hostname, port: Number(port) });
  await connection.write(new TextEncoder().encode("GET /cat"));
  await new Promise((resolve) => setTimeout(resolve, 100));
  const { code } = await served.end("SIGTERM", "SIGINT");
  connection.close();
  assert.equal(code, 130);
});

testInDir("serve --help and the start say that faults are for tests", async (directory) => {
  const { stdout } = await runTool(["serve", "--help"], { cwd: directory });
  assert.match(
    stdout,
    /^FOR TESTS ONLY: these make the catalog wrong on purpose:\n {6}--lost-race/m,
  );
  assert.match(stdout, /TARGET:FAULT=VALUE/);
  const served = await startServe(
    [...ANY_PORT, "--lost-race", "500", "--fault", "load:503=0.5", "--fault", "any:delay=1ms"],
    { cwd: directory },
  );
  const { stderr } = await served.end("SIGTERM");
  assert.equal(
    stderr,
    "Warning: this catalog is WRONG ON PURPOSE, for tests only: --lost-race 500 " +
      `--fault "load:503=0.5" --fault "any:delay=1ms" --fault-seed 1\n`,
  );
});

const ROWS = 4000;
const WRONG: ReadonlyArray<[name: string, args: string[], struck: RegExp]> = [
  ["--lost-race 400", ["--lost-race", "400"], /"error_type":"ConcurrentUpdateError"/],
  ["--lost-race 500", ["--lost-race", "500"], /"error_type":"FailedToUpdateTables"/],
  [
    "--fault commit:drop-response=0.2",
    ["--fault", "commit:drop-response=0.2"],
    /"faults":\["drop-response"\]/,
  ],
  [
    "several faults at once",
    [
      ...["--fault", "commit:drop-request=0.1", "--fault", "commit:500=0.1;after"],
      ...["--fault", "commit:503=0.1;retry-after=0", "--fault", "commit:truncate=0.1"],
      ...["--fault", "load:503=0.1", "--fault", "commit:delay=1ms..20ms"],
    ],
    /"faults":\[.*"faults":\[/s,
  ],
];

for (const [name, args, struck] of WRONG) {
  testInDir(`ingest brings every row in once against serve ${name}`, async (directory) => {
    const csv = join(directory, "data.csv");
    await Deno.writeFile(csv, ReadableStream.from(generateCsv({ rows: ROWS, seed: 5 })));
    const served = await startServe([...ANY_PORT, "--json", ...args], { cwd: directory });
    try {
      const loaded = await runTool(
        ["data.csv", "--uri", served.uri, "--workers", "4", "--chunk-size", "100"],
        { cwd: directory },
      );
      assert.equal(loaded.code, 0, loaded.stderr);
      const verified = await runTool(["verify", "data.csv", "--uri", served.uri], {
        cwd: directory,
      });
      assert.equal(verified.code, 0, verified.stderr + verified.stdout);
    } finally {
      await served.end("SIGTERM");
    }
    assert.match(await served.stdout(), struck);
  });
}
