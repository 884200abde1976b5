// Which catalog is used when none, or only a part of one, is configured. The rule is about port
// 8181, so these steps need it, one after the other.

import assert from "node:assert/strict";
import { join } from "node:path";
import { catalogRequest, exists, inTempDir, startServe, stateOf, TABLE_PATH } from "./support.ts";
import { runTool, type ToolResult } from "./tool.ts";

const PORT = 8181;

/** Fails unless nobody listens on the port, on either address. */
async function needPort(): Promise<void> {
  for (const hostname of ["127.0.0.1", "::1"]) {
    const taken = await Deno.connect({ hostname, port: PORT }).then((connection) => {
      connection.close();
      return true;
    }, () => false);
    assert.equal(
      taken,
      false,
      `Port ${PORT} of ${hostname} is taken, and these tests need it: end what listens there`,
    );
  }
}

/** The loopback addresses that this machine has: containers often lack the second. */
function loopbackAddresses(): string[] {
  return ["127.0.0.1", "::1"].filter((hostname) => {
    try {
      Deno.listen({ hostname, port: 0 }).close();
      return true;
    } catch {
      return false;
    }
  });
}

interface Place {
  readonly directory: string;
  run(args?: readonly string[], env?: Readonly<Record<string, string>>): Promise<ToolResult>;
  /** Whether the embedded catalog's default warehouse was made. */
  hasWarehouse(): Promise<boolean>;
}

/** A directory with a CSV file, and no setting of any kind. */
function inPlace(use: (place: Place) => Promise<void>): Promise<void> {
  return inTempDir(async (directory) => {
    await Deno.writeTextFile(join(directory, "data.csv"), "a\n1\n2\n");
    await use({
      directory,
      run: (args = [], env = {}) =>
        runTool(["data.csv", ...args], { cwd: directory, env: { HOME: directory, ...env } }),
      hasWarehouse: () => exists(join(directory, "warehouse")),
    });
  });
}

/** Runs `use` while something that is no catalog answers on one address. */
async function withStranger(hostname: string, use: () => Promise<void>): Promise<void> {
  const server = Deno.serve(
    { hostname, port: PORT, onListen() {} },
    () => new Response("<html>Hello</html>", { headers: { "content-type": "text/html" } }),
  );
  try {
    await use();
  } finally {
    await server.shutdown();
  }
}

function assertEmbedded({ code, stdout, stderr }: ToolResult): void {
  assert.equal(code, 0, stderr);
  assert.equal(
    stderr.split("\n")[0],
    "No catalog is configured and none answers at http://localhost:8181/catalog: using the " +
      "embedded catalog in ./warehouse (choose another with --uri or CATALOG_URL)",
  );
  assert.match(stdout, /2 of 2 read are in default\.sample_table/);
}

Deno.test("the default catalog is chosen by the rule, case by case", async (test) => {
  await needPort();

  await test.step("nothing configured, nobody there: embedded in ./warehouse, and said so", () =>
    inPlace(async ({ run, hasWarehouse }) => {
      assertEmbedded(await run());
      assert.equal(await hasWarehouse(), true);
      assertEmbedded(await run());
    }));

  await test.step("an empty variable counts as unset", () =>
    inPlace(async ({ run, hasWarehouse }) => {
      const names = ["CATALOG_URL", "WAREHOUSE", "CATALOG_NAME", "CATALOG_TOKEN"];
      const own = ["URI", "WAREHOUSE", "CATALOG", "TOKEN_FILE"].map((name) =>
        `LAKEKEEPER_INGEST_${name}`
      );
      assertEmbedded(
        await run([], Object.fromEntries([...names, ...own].map((name) => [name, ""]))),
      );
      assert.equal(await hasWarehouse(), true);
    }));

  await test.step("settings of the table name no catalog", () =>
    inPlace(async ({ run }) => {
      const { code, stderr } = await run([], { NAMESPACE: "n", TABLE_NAME: "t" });
      assert.equal(code, 0);
      assert.match(stderr, /^No catalog is configured/);
    }));

  for (const hostname of loopbackAddresses()) {
    await test.step(`something that is no catalog on ${hostname}: an error`, () =>
      inPlace(({ run, hasWarehouse }) =>
        withStranger(hostname, async () => {
          const { code, stdout, stderr } = await run();
          assert.equal(code, 7, stdout + stderr);
          // Whether "localhost" means ::1, too, is up to the machine.
          const refusal = hostname === "::1"
            ? /refused|no Iceberg REST catalog/
            : /no Iceberg REST/;
          assert.match(stderr, refusal);
          assert.match(stderr, /^Error: Cannot open the catalog at/m);
          assert.doesNotMatch(stderr, /embedded catalog in/);
          assert.equal(await hasWarehouse(), false);
        })
      ));
  }

  await test.step("a listener that speaks no HTTP: an error", () =>
    inPlace(async ({ run, hasWarehouse }) => {
      const listener = Deno.listen({ hostname: "127.0.0.1", port: PORT });
      const accepting = (async () => {
        for await (const connection of listener) connection.close();
      })();
      try {
        const { code, stderr } = await run();
        assert.equal(code, 7, stderr);
        assert.equal(await hasWarehouse(), false);
      } finally {
        listener.close();
        await accepting;
      }
    }));

  await test.step("a catalog that answers there is used", () =>
    inPlace(async ({ directory, run, hasWarehouse }) => {
      const served = await startServe(["--warehouse", "lake"], { cwd: directory });
      try {
        assert.equal(served.uri, `http://127.0.0.1:${PORT}/catalog`);
        const { code, stderr } = await run();
        assert.equal(code, 0, stderr);
        assert.doesNotMatch(stderr, /embedded/);
        assert.match(stderr, /\(http:\/\/localhost:8181\/catalog, warehouse demo\)/);
        const { json } = await catalogRequest(served.uri, { method: "GET", path: TABLE_PATH });
        assert.equal(stateOf(json).records, 2);
        assert.equal(await hasWarehouse(), false);
      } finally {
        await served.end("SIGTERM");
      }
    }));

  const uri = "http://127.0.0.1:8181/catalog";
  const configured: ReadonlyArray<
    readonly [string, readonly string[], Readonly<Record<string, string>>]
  > = [
    ["--uri", ["--uri", uri], {}],
    ["--uri with the default value", ["--uri", "http://localhost:8181/catalog"], {}],
    ["--warehouse", ["--warehouse", "demo"], {}],
    ["--catalog", ["--catalog", "my_catalog"], {}],
    ["--token-file", ["--token-file", "token"], {}],
    ["CATALOG_URL", [], { CATALOG_URL: uri }],
    ["WAREHOUSE", [], { WAREHOUSE: "demo" }],
    ["CATALOG_NAME", [], { CATALOG_NAME: "my_catalog" }],
    ["CATALOG_TOKEN", [], { CATALOG_TOKEN: "dummy" }],
    ["LAKEKEEPER_INGEST_URI", [], { LAKEKEEPER_INGEST_URI: uri }],
  ];
  for (const [setting, args, env] of configured) {
    await test.step(`${setting} given and nobody there: an error`, () =>
      inPlace(async ({ directory, run, hasWarehouse }) => {
        await Deno.writeTextFile(join(directory, "token"), "dummy\n");
        const { code, stderr } = await run(args, env);
        assert.equal(code, 7, stderr);
        assert.match(
          stderr,
          /^Error: Cannot open the catalog at "http:\/\/(localhost|127\.0\.0\.1):8181/m,
        );
        assert.match(stderr, /^Hint: .*embedded:DIR/m);
        assert.equal(await hasWarehouse(), false);
      }));
  }

  await test.step("pyiceberg configured by a variable: an error that says so", () =>
    inPlace(async ({ run, hasWarehouse }) => {
      const { code, stderr } = await run([], { PYICEBERG_CATALOG__DEFAULT__URI: uri });
      assert.equal(code, 7);
      assert.match(
        stderr,
        /pyiceberg is configured \(the variable PYICEBERG_CATALOG__DEFAULT__URI\)/,
      );
      assert.equal(await hasWarehouse(), false);
    }));

  await test.step("pyiceberg configured by a file: an error that says so", () =>
    inPlace(async ({ directory, run, hasWarehouse }) => {
      await Deno.writeTextFile(join(directory, ".pyiceberg.yaml"), "catalog: {}\n");
      const { code, stderr } = await run();
      assert.equal(code, 7);
      assert.match(stderr, /pyiceberg is configured \(.*\.pyiceberg\.yaml\)/);
      assert.match(stderr, /^Hint: .*--uri/m);
      assert.equal(await hasWarehouse(), false);
    }));

  await test.step("--uri embedded:DIR asks for the embedded catalog", () =>
    inPlace(async ({ directory, run, hasWarehouse }) => {
      const { code, stderr } = await run(["--uri", "embedded:lake"]);
      assert.equal(code, 0, stderr);
      assert.doesNotMatch(stderr, /^No catalog is configured/);
      assert.equal(await exists(join(directory, "lake")), true);
      assert.equal(await hasWarehouse(), false);
    }));
});
