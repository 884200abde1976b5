import assert from "node:assert/strict";
import { buildCommand } from "../../lib/cli/flags.ts";
import { parseFlags } from "./parse_flags.ts";
import { readWarehouse, readWarehouses, WAREHOUSE_FLAGS } from "../../lib/cli/warehouse_flag.ts";
import { UsageError } from "../../lib/errors.ts";

function read(args: readonly string[], variables: Readonly<Record<string, string>> = {}) {
  const command = buildCommand({
    name: "serve",
    flags: WAREHOUSE_FLAGS,
  });
  return readWarehouses(
    parseFlags(command, {
      args: [...args],
      flags: WAREHOUSE_FLAGS,
      environment: (name) => variables[name],
    }),
  );
}

Deno.test("readWarehouse() parts name and place, and leaves the equals signs of a path alone", () => {
  const cases = [
    ["./lake", "demo", "./lake"],
    ["demo=./lake", "demo", "./lake"],
    ["my lake=C:\\lake", "my lake", "C:\\lake"],
    ["lake=s3://bucket/a=b", "lake", "s3://bucket/a=b"],
    ["s3://bucket/a=b", "demo", "s3://bucket/a=b"],
    ["./a=b", "demo", "./a=b"],
    ["x=./a=b", "x", "./a=b"],
  ] as const;
  for (const [text, name, root] of cases) {
    assert.deepEqual(readWarehouse(text), { name, root }, text);
  }
  for (
    const text of ["", "=./lake", "demo=", "..=./lake", ".=x", "a\tb=x", `${"a".repeat(64)}=x`]
  ) {
    assert.throws(() => readWarehouse(text), UsageError, text);
  }
});

Deno.test("readWarehouses() gives the flags about S3 to the warehouses there only", () => {
  const warehouses = read([
    "--warehouse",
    "here=./here",
    "--warehouse",
    "there=s3://bucket/wh",
    "--allow-location",
    "file:/tmp/",
    "--allow-location",
    "s3a://bucket/also",
    "--state-dir",
    "/var/state",
    "--credentials",
    "sts",
    "--sts-role-arn",
    "arn:aws:iam::1:role/r",
  ], { LAKEKEEPER_INGEST_STS_ENDPOINT: "http://sts" });
  assert.deepEqual(warehouses, [
    { name: "here", root: "./here", allowLocations: ["file:/tmp/"] },
    {
      name: "there",
      root: "s3://bucket/wh",
      allowLocations: ["s3a://bucket/also"],
      stateDirectory: "/var/state",
      credentials: "sts",
      sts: { endpoint: "http://sts", roleArn: "arn:aws:iam::1:role/r" },
    },
  ]);
  assert.deepEqual(read([]), [{ name: "demo", root: "./warehouse", allowLocations: [] }]);
});

Deno.test("readWarehouses() refuses what no warehouse can use", () => {
  for (
    const args of [
      ["--credentials", "all"],
      ["--credentials", "static"],
      ["--allow-location", "s3://bucket/x"],
      ["--warehouse", "s3://bucket/wh", "--allow-location", "file:/tmp/"],
    ]
  ) {
    assert.throws(() => read(args), UsageError, args.join(" "));
  }
});
