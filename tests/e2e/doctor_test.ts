// `doctor` as a user runs it: on catalogs that are sound, and on ones that fail in one way each.

import assert from "node:assert/strict";
import { join } from "node:path";
import { type FaultPlan, type ProxiedRequest, startFaultProxy } from "../fault_proxy.ts";
import {
  type CatalogAccess,
  EMBEDDED,
  exists,
  jsonLines,
  load,
  startServe,
  testInDir,
  withCatalog,
} from "./support.ts";
import { runTool, spawnTool, type ToolResult } from "./tool.ts";

const NAMES = [
  ...["version", "settings", "catalog", "warehouse", "clock", "endpoints", "idempotency"],
  ...["namespace", "table", "credentials", "store", "commit", "cleanup"],
];

/** Status of each check, by name. */
function statuses(result: ToolResult): Record<string, string> {
  return Object.fromEntries(
    jsonLines(result.stdout).filter(({ type }) => type === "check")
      .map(({ name, status }) => [name, status]),
  );
}

function checkOf(result: ToolResult, name: string): Record<string, string> {
  const found = jsonLines(result.stdout).find((line) => line.name === name);
  assert.ok(found !== undefined, `${result.stdout}\n${result.stderr}`);
  return found;
}

/** Nothing that doctor made is there: no namespace, no file. */
async function assertNothingLeft(directory: string, catalog: CatalogAccess): Promise<void> {
  const { json } = await catalog.request("GET", "/v1/namespaces");
  assert.doesNotMatch(JSON.stringify(json), /lakekeeper_ingest_doctor/);
  for await (const { name } of Deno.readDir(directory)) assert.doesNotMatch(name, /doctor/);
  for await (const { name } of Deno.readDir(join(directory, "warehouse"))) {
    assert.doesNotMatch(name, /doctor/);
  }
}

interface Examined {
  readonly result: ToolResult;
  readonly requests: readonly ProxiedRequest[];
}

/** Runs doctor on a sound catalog behind a proxy, and looks for what it has left. */
async function examineThrough(
  directory: string,
  plan: FaultPlan,
  options: { readonly mayLeave?: boolean; readonly namespace?: string } = {},
): Promise<Examined> {
  return await withCatalog(directory, async (catalog) => {
    if (options.namespace !== undefined) {
      await catalog.request("POST", "/v1/namespaces", { namespace: [options.namespace] });
    }
    const proxy = startFaultProxy(catalog.uri, plan);
    try {
      const result = await runTool(["doctor", "--uri", proxy.uri, "--json"], { cwd: directory });
      if (options.mayLeave !== true) await assertNothingLeft(directory, catalog);
      return { result, requests: proxy.requests };
    } finally {
      await proxy.close();
    }
  });
}

const FORBIDDEN = {
  reply: {
    status: 403,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ error: { message: "no", type: "ForbiddenException", code: 403 } }),
  },
};

testInDir(
  "doctor passes on an embedded catalog that is not there, and makes none",
  async (directory) => {
    const result = await load(directory, ["doctor"]);
    assert.equal(result.code, 0, result.stdout);
    const lines = result.stdout.trimEnd().split("\n");
    assert.deepEqual(
      lines.slice(0, -1).map((line) => /^✓ (\w+) +\S/.exec(line)?.[1]),
      NAMES,
      result.stdout,
    );
    assert.equal(lines.at(-1), "A load can work: every check passed");
    assert.deepEqual(await Array.fromAsync(Deno.readDir(directory)), []);
  },
);

testInDir(
  "doctor passes on an embedded catalog that is there, and leaves it as it was",
  async (directory) => {
    await Deno.writeTextFile(join(directory, "a.csv"), "a\n1\n");
    await load(directory, ["a.csv"]);
    const result = await load(directory, ["doctor", "--json"]);
    assert.equal(result.code, 0, result.stderr);
    assert.deepEqual(new Set(Object.values(statuses(result))), new Set(["ok"]));
    assert.deepEqual(Object.keys(statuses(result)), NAMES);
    const { exit_code, failed, ok } = jsonLines(result.stdout).at(-1)!;
    assert.deepEqual({ exit_code, failed, ok }, { exit_code: 0, failed: 0, ok: NAMES.length });
    await withCatalog(directory, (catalog) => assertNothingLeft(directory, catalog));
  },
);

testInDir("doctor shows each request with --trace, and the token nowhere", async (directory) => {
  const result = await load(directory, ["doctor", "--trace"], { env: { CATALOG_TOKEN: "hush" } });
  assert.equal(result.code, 0);
  assert.match(result.stderr, /^POST http:.*\/v1\/namespaces 200 /m);
  assert.match(result.stderr, /^DELETE http:.*purgeRequested=true 204 /m);
  assert.doesNotMatch(result.stdout + result.stderr, /hush/);
});

testInDir(
  "doctor on serve: a wrong token is exit 6, a wrong warehouse exit 2",
  async (directory) => {
    await Deno.writeTextFile(join(directory, "token.txt"), "right\n");
    const served = await startServe(["--listen", "127.0.0.1:0", "--token", "token.txt"], {
      cwd: directory,
    });
    try {
      const examine = (args: readonly string[], token: string) =>
        runTool(["doctor", "--uri", served.uri, "--json", ...args], {
          cwd: directory,
          env: { CATALOG_TOKEN: token },
        });
      const right = await examine([], "right");
      assert.equal(right.code, 0, right.stdout);
      const wrongToken = await examine([], "wrong");
      assert.equal(wrongToken.code, 6, wrongToken.stdout);
      assert.equal(checkOf(wrongToken, "catalog").status, "failed");
      assert.match(checkOf(wrongToken, "catalog").hint!, /--token-file/);
      assert.equal(statuses(wrongToken).store, "skipped");
      assert.doesNotMatch(wrongToken.stdout, /"wrong"/);
      const wrongWarehouse = await examine(["--warehouse", "nope"], "right");
      assert.equal(wrongWarehouse.code, 2, wrongWarehouse.stdout);
      assert.equal(checkOf(wrongWarehouse, "catalog").status, "ok");
      assert.equal(checkOf(wrongWarehouse, "warehouse").status, "failed");
      assert.match(checkOf(wrongWarehouse, "warehouse").hint!, /--warehouse/);
      assert.equal(statuses(wrongWarehouse).namespace, "skipped");
    } finally {
      await served.end("SIGTERM");
    }
  },
);

testInDir("doctor says that nobody answers, exit 7", async (directory) => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const result = await runTool(["doctor", "--uri", `http://127.0.0.1:${port}/catalog`], {
    cwd: directory,
  });
  assert.equal(result.code, 7);
  assert.match(result.stdout, /^✗ catalog +Cannot open the catalog at .*refused/m);
  assert.match(result.stdout, /^- store +not checked, for want of credentials$/m);
  assert.match(result.stdout, /^Failed: catalog$/m);
});

testInDir("doctor says that what answers is no catalog, exit 7", async (directory) => {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () => new Response("<html>Hello</html>"),
  );
  try {
    const uri = `http://127.0.0.1:${server.addr.port}`;
    const result = await runTool(["doctor", "--uri", uri], { cwd: directory });
    assert.equal(result.code, 7);
    assert.match(result.stdout, /^✗ catalog +.* is no Iceberg REST catalog/m);
  } finally {
    await server.shutdown();
  }
});

for (const [hours, words] of [[1, "behind"], [-1, "ahead of"]] as const) {
  testInDir(`doctor finds a clock that is ${words} the catalog's, exit 1`, async (directory) => {
    const { result } = await examineThrough(directory, () => ({
      rewrite: (answer) => ({
        ...answer,
        headers: {
          ...answer.headers,
          date: new Date(Date.now() + hours * 3_600_000).toUTCString(),
        },
      }),
    }));
    assert.equal(result.code, 1, result.stdout);
    const clock = checkOf(result, "clock");
    assert.equal(clock.status, "failed");
    assert.match(clock.detail!, new RegExp(`(59 min 5\\d|60 min \\d) s ${words} the catalog's$`));
    assert.equal(statuses(result).commit, "ok");
  });
}

const makesNamespace = ({ method, target }: ProxiedRequest) =>
  method === "POST" && /\/v1\/namespaces$/.test(target);

testInDir("doctor uses a namespace that is there when none may be made", async (directory) => {
  const { result } = await examineThrough(
    directory,
    (request) => makesNamespace(request) ? { forwards: 0, ...FORBIDDEN } : undefined,
    { namespace: "default" },
  );
  assert.equal(result.code, 0, result.stdout);
  assert.equal(checkOf(result, "namespace").status, "warning");
  assert.equal(statuses(result).commit, "ok");
  assert.equal(statuses(result).cleanup, "ok");
});

testInDir(
  "doctor has no place for a table when no namespace is there or may be made: exit 6",
  async (directory) => {
    const { result, requests } = await examineThrough(
      directory,
      (request) => makesNamespace(request) ? { forwards: 0, ...FORBIDDEN } : undefined,
    );
    assert.equal(result.code, 6, result.stdout);
    assert.equal(checkOf(result, "namespace").status, "failed");
    assert.equal(statuses(result).table, "skipped");
    assert.equal(requests.some(({ method }) => method === "DELETE"), false);
  },
);

testInDir(
  "doctor finds that commits are refused, and removes the table: exit 6",
  async (directory) => {
    const { result } = await examineThrough(
      directory,
      ({ isCommit }) => isCommit ? { forwards: 0, ...FORBIDDEN } : undefined,
    );
    assert.equal(result.code, 6, result.stdout);
    assert.equal(checkOf(result, "commit").status, "failed");
    assert.equal(statuses(result).cleanup, "ok");
  },
);

testInDir(
  "doctor finds that tables may not be made, and removes the namespace: exit 6",
  async (directory) => {
    const { result } = await examineThrough(
      directory,
      ({ method, target }) =>
        method === "POST" && target.endsWith("/tables") ? { forwards: 0, ...FORBIDDEN } : undefined,
    );
    assert.equal(result.code, 6, result.stdout);
    assert.equal(checkOf(result, "table").status, "failed");
    assert.equal(statuses(result).cleanup, "ok");
  },
);

testInDir("doctor names what it could not remove: exit 1", async (directory) => {
  const { result } = await examineThrough(
    directory,
    ({ method }) => method === "DELETE" ? { forwards: 0, ...FORBIDDEN } : undefined,
    { mayLeave: true },
  );
  assert.equal(result.code, 1, result.stdout);
  const { status, detail } = checkOf(result, "cleanup");
  assert.equal(status, "failed");
  assert.match(detail!, /^left behind: table lakekeeper_ingest_doctor_\w+\.\w+ .*; namespace /);
});

testInDir("doctor removes what it made when it is interrupted", async (directory) => {
  await withCatalog(directory, async (catalog) => {
    const { promise: asked, resolve: onAsked } = Promise.withResolvers<void>();
    const { promise: silence, resolve: endSilence } = Promise.withResolvers<void>();
    const proxy = startFaultProxy(catalog.uri, ({ method, target }) => {
      if (method !== "POST" || !target.endsWith("/tables")) return undefined;
      // The table is made, and its maker never hears of it.
      setTimeout(onAsked, 500);
      return { silence };
    });
    try {
      const child = await spawnTool(["doctor", "--uri", proxy.uri], { cwd: directory });
      const stdout = new Response(child.stdout).text();
      const stderr = new Response(child.stderr).text();
      await asked;
      const { json } = await catalog.request("GET", "/v1/namespaces");
      assert.match(JSON.stringify(json), /lakekeeper_ingest_doctor/);
      child.kill("SIGINT");
      const { code } = await child.status;
      assert.equal(code, 130, await stdout + await stderr);
      assert.match(await stdout, /^✓ cleanup /m);
      assert.match(await stdout, /^Interrupted$/m);
      endSilence();
      await assertNothingLeft(directory, catalog);
    } finally {
      endSilence();
      await proxy.close();
    }
  });
});

testInDir(
  "doctor finds that the table's directory cannot be written: exit 7",
  async (directory) => {
    // Root may write everywhere: a file in the place of the directory stops everybody.
    const { result } = await examineThrough(directory, ({ method, target }) => {
      const made = /\/namespaces\/(lakekeeper_ingest_doctor_\w+)\/tables$/.exec(target);
      if (method !== "POST" || made === null) return undefined;
      return {
        rewrite: (answer) => {
          const name = `${made[1]}_table`;
          const data = join(directory, "warehouse", made[1]!, name, "data");
          Deno.writeTextFileSync(data, "in the way");
          return answer;
        },
      };
    });
    assert.equal(result.code, 7, result.stdout);
    assert.equal(checkOf(result, "store").status, "failed");
    assert.match(checkOf(result, "store").detail!, /^Cannot write /);
    assert.equal(statuses(result).cleanup, "ok");
  },
);

testInDir("doctor takes flags only, and shows its help", async (directory) => {
  const wrong = await runTool(["doctor", "file.csv", ...EMBEDDED], { cwd: directory });
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /^Error: Cannot use "file.csv": doctor takes flags only$/m);
  const help = await runTool(["doctor", "--help"], { cwd: directory });
  assert.equal(help.code, 0);
  assert.match(help.stdout, /^Usage: lakekeeper-ingest doctor \[flags\]$/m);
  assert.equal(await exists(join(directory, "warehouse")), false);
});
