// Token and properties of the catalog; the choice itself is tested end to end.

import assert from "node:assert/strict";
import { CATALOG_FLAGS, chooseCatalog } from "../../lib/cli/catalog_choice.ts";
import { buildCommand } from "../../lib/cli/flags.ts";
import { parseFlags } from "./parse_flags.ts";

/** The choice for a command line and an environment, on a machine where nobody listens. */
function choose(args: readonly string[], variables: Readonly<Record<string, string>> = {}) {
  const command = buildCommand({
    name: "test",
    flags: CATALOG_FLAGS,
  });
  const variable = (name: string) => variables[name];
  const values = parseFlags(command, { args, flags: CATALOG_FLAGS, environment: variable });
  return chooseCatalog(values, {
    variable,
    variableNames: () => Object.keys(variables),
    defaultRefuses: () => Promise.resolve(true),
  });
}

/** Runs `use` with a file that holds a text. */
async function withFile(text: string, use: (path: string) => Promise<void>): Promise<void> {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, text);
    await use(path);
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("chooseCatalog() takes what is configured, with the defaults for the rest", async () => {
  const { target, notice } = await choose(["--uri", "http://h/catalog"]);
  assert.equal(notice, undefined);
  assert.deepEqual(target, {
    uri: "http://h/catalog",
    warehouse: "demo",
    name: "my_catalog",
    token: "dummy",
    properties: {},
  });
});

Deno.test("chooseCatalog() reads the token from the variable or from a file", async () => {
  const fromVariable = await choose([], { CATALOG_TOKEN: "from variable" });
  assert.equal(fromVariable.target.token, "from variable");
  await withFile("from file\n", async (path) => {
    const beaten = await choose(["--token-file", path], { CATALOG_TOKEN: "from variable" });
    assert.equal(beaten.target.token, "from file");
    const weaker = await choose([], {
      CATALOG_TOKEN: "from variable",
      LAKEKEEPER_INGEST_TOKEN_FILE: path,
    });
    assert.equal(weaker.target.token, "from variable");
    const named = await choose([], { LAKEKEEPER_INGEST_TOKEN_FILE: path, CATALOG_TOKEN: "" });
    assert.equal(named.target.token, "from file");
  });
});

Deno.test("chooseCatalog() refuses a token file that is missing or empty", async () => {
  await assert.rejects(choose(["--token-file", "/nowhere/token"]), {
    name: "UsageError",
    message: /^Cannot read the token file "\/nowhere\/token": /,
  });
  await withFile(" \n", async (path) => {
    await assert.rejects(choose(["--token-file", path]), {
      name: "UsageError",
      message: `Cannot use the token file "${path}": it is empty`,
    });
  });
});

Deno.test("chooseCatalog() reads properties, of which a value may hold equals signs", async () => {
  const { target } = await choose([
    ...["--warehouse", "w", "--property", "s3.endpoint=http://h:9000?a=b", "--property", "x="],
  ]);
  assert.deepEqual(target.properties, { "s3.endpoint": "http://h:9000?a=b", x: "" });
});

Deno.test("chooseCatalog() shows no property that it cannot read: it may be a secret", async () => {
  for (const text of ["secret", "=secret"]) {
    await assert.rejects(choose(["--warehouse", "w", "--property", text]), {
      name: "UsageError",
      message: "Cannot use --property: it takes KEY=VALUE",
    });
  }
});

Deno.test("chooseCatalog() refuses embedded: without a directory", async () => {
  await assert.rejects(choose(["--uri", "embedded:"]), {
    name: "UsageError",
    message: 'Cannot use --uri "embedded:": it takes a directory, embedded:DIR',
  });
});

Deno.test("chooseCatalog() refuses a URI with a password, and does not show it", async () => {
  await assert.rejects(choose(["--uri", "http://user:secret@h/catalog"]), {
    name: "UsageError",
    message: "Cannot use a catalog URI that holds a user name or a password",
  });
});

for (const uri of ["h/catalog", "localhost:8181/catalog", "ftp://h/catalog", "lake"]) {
  Deno.test(`chooseCatalog() refuses "${uri}" as a URI`, async () => {
    await assert.rejects(choose(["--uri", uri]), {
      name: "UsageError",
      message: `Cannot use --uri "${uri}": it takes http://…, https://… or embedded:DIR`,
    });
  });
}
