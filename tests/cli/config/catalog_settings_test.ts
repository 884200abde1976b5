// What is configured of the catalog: which place wins, what goes where, what is refused.

import assert from "node:assert/strict";
import { CATALOG_FLAGS, chooseCatalog } from "../../../lib/cli/catalog_choice.ts";
import { resolveCatalogSettings } from "../../../lib/cli/config/catalog_settings.ts";
import { readConfigFiles } from "../../../lib/cli/config/config_file.ts";
import { buildCommand } from "../../../lib/cli/flags.ts";
import { parseFlags } from "../parse_flags.ts";

interface Given {
  readonly args?: readonly string[];
  readonly variables?: Readonly<Record<string, string>>;
  readonly project?: string;
  readonly user?: string;
  /** `.pyiceberg.yaml` in the home directory. */
  readonly pyiceberg?: string;
}

/** Runs `use` with flags and environment as they are given, on a machine where nobody listens. */
async function withGiven<T>(
  given: Given,
  use: (of: Parameters<typeof chooseCatalog>) => Promise<T>,
): Promise<T> {
  const home = await Deno.makeTempDir();
  try {
    const places = [
      { source: "project file", path: `${home}/project.yaml`, text: given.project },
      { source: "user file", path: `${home}/user.yaml`, text: given.user },
    ] as const;
    for (const { path, text } of places) {
      if (text !== undefined) await Deno.writeTextFile(path, text, { mode: 0o600 });
    }
    if (given.pyiceberg !== undefined) {
      await Deno.writeTextFile(`${home}/.pyiceberg.yaml`, given.pyiceberg);
    }
    const variables: Record<string, string> = { HOME: home, ...given.variables };
    const variable = (name: string) => variables[name];
    const files = await readConfigFiles({ flags: CATALOG_FLAGS, variable, places });
    const values = parseFlags(buildCommand({ name: "test", flags: CATALOG_FLAGS }), {
      args: given.args ?? [],
      flags: CATALOG_FLAGS,
      environment: variable,
      files,
    });
    return await use([values, {
      variable,
      variableNames: () => Object.keys(variables),
      defaultRefuses: () => Promise.resolve(true),
    }]);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

const targetOf = (given: Given) =>
  withGiven(given, async (of) => (await chooseCatalog(...of)).target);
const settingsOf = (given: Given) => withGiven(given, (of) => resolveCatalogSettings(...of));

const PROD = `catalog:
  prod:
    type: rest
    uri: http://prod/catalog
    warehouse: wh
    token: py-token
    s3.endpoint: http://s3
    s3.secret-access-key: hush
    header.X-Tenant: acme
    py-io-impl: some.Class
    prefix: p
`;

Deno.test("resolveCatalogSettings() takes pyiceberg's catalog by its name", async () => {
  assert.deepEqual(await targetOf({ args: ["--catalog", "prod"], pyiceberg: PROD }), {
    uri: "http://prod/catalog",
    warehouse: "wh",
    name: "prod",
    token: "py-token",
    properties: {
      "s3.endpoint": "http://s3",
      "s3.secret-access-key": "hush",
      "header.x-tenant": "acme",
      prefix: "p",
    },
  });
});

Deno.test("resolveCatalogSettings() finds my_catalog by variables, whose names know no dash", async () => {
  const target = await targetOf({
    variables: {
      PYICEBERG_CATALOG__MY_CATALOG__URI: "http://h",
      PYICEBERG_CATALOG__MY_CATALOG__S3__ACCESS_KEY_ID: "k",
    },
  });
  assert.equal(target.uri, "http://h");
  assert.deepEqual(target.properties, { "s3.access-key-id": "k" });
});

Deno.test("resolveCatalogSettings() ranks flag, variable, pyiceberg's variable, files, pyiceberg's file", async () => {
  const places: Array<[Given, string]> = [
    [{ pyiceberg: "catalog:\n  my_catalog:\n    warehouse: pyiceberg file\n" }, "pyiceberg file"],
    [{ user: "warehouse: user file" }, "user file"],
    [{ project: "warehouse: project file" }, "project file"],
    [
      { variables: { PYICEBERG_CATALOG__MY_CATALOG__WAREHOUSE: "pyiceberg variable" } },
      "pyiceberg variable",
    ],
    [{ variables: { LAKEKEEPER_INGEST_WAREHOUSE: "own variable" } }, "own variable"],
    [{ variables: { WAREHOUSE: "original variable" } }, "original variable"],
    [{ args: ["--warehouse", "flag"] }, "flag"],
  ];
  let given: Given = {};
  for (const [more, expected] of places) {
    given = { ...given, ...more, variables: { ...given.variables, ...more.variables } };
    const { warehouse } = await settingsOf({
      ...given,
      args: ["--uri", "http://h", ...given.args ?? []],
    });
    assert.equal(warehouse.value, expected);
  }
});

Deno.test("resolveCatalogSettings() ranks tokens by their places", async () => {
  const pyiceberg = "catalog:\n  my_catalog:\n    token: py\n";
  const variables = { PYICEBERG_CATALOG__MY_CATALOG__TOKEN: "py variable" };
  const tokenOf = async (given: Given) => (await settingsOf(given)).token;
  assert.equal((await tokenOf({ pyiceberg })).value, "py");
  const user = "token-file: /t";
  assert.equal((await tokenOf({ pyiceberg, user })).path, "/t");
  assert.equal((await tokenOf({ pyiceberg, user, variables })).value, "py variable");
  const all = { ...variables, LAKEKEEPER_INGEST_TOKEN_FILE: "/env" };
  assert.equal((await tokenOf({ pyiceberg, user, variables: all })).path, "/env");
  const more = { ...all, CATALOG_TOKEN: "original" };
  assert.equal((await tokenOf({ variables: more })).value, "original");
  assert.equal(
    (await tokenOf({ variables: more, args: ["--token-file", "/flag"] })).path,
    "/flag",
  );
});

Deno.test("resolveCatalogSettings() merges properties by key", async () => {
  const { properties } = await settingsOf({
    args: ["--catalog", "prod", "--property", "s3.endpoint=http://flag", "--property", "a=1"],
    user: "property:\n  a: 2\n  b: 2\n",
    pyiceberg: PROD,
  });
  const of = (name: string) => properties.get(name)?.value;
  assert.equal(of("s3.endpoint"), "http://flag");
  assert.equal(of("a"), "1");
  assert.equal(of("b"), "2");
  assert.equal(of("prefix"), "p");
});

Deno.test("resolveCatalogSettings() sends pyiceberg's credentials to no other catalog", async () => {
  const { token, properties, notices, warehouse } = await settingsOf({
    args: ["--catalog", "prod", "--uri", "http://elsewhere"],
    pyiceberg: PROD,
  });
  assert.equal(token.value, "dummy");
  assert.equal(properties.size, 0);
  assert.equal(warehouse.value, "demo");
  assert.match(notices.join(), /are for another URI .* and are not used$/);
  const same = await settingsOf({
    args: ["--catalog", "prod", "--uri", "http://prod/catalog/"],
    pyiceberg: PROD,
  });
  assert.equal(same.token.value, "py-token");
  assert.deepEqual(same.notices, []);
});

Deno.test("resolveCatalogSettings() sends the user's credentials to no catalog that a project names", async () => {
  const user = "token-file: /secret\nproperty:\n  s3.secret-access-key: hush\n";
  const { token, properties, notices } = await settingsOf({
    project: "uri: http://project\nproperty:\n  a: 1\n",
    user,
  });
  assert.equal(token.value, "dummy");
  assert.deepEqual([...properties.keys()], ["a"]);
  assert.match(notices.join(), /are not sent there$/);
  const own = await settingsOf({ project: "warehouse: w", user: `uri: http://own\n${user}` });
  assert.equal(own.token.path, "/secret");
  assert.equal(own.properties.size, 1);
});

Deno.test("resolveCatalogSettings() lets a header authorize only when no token is given", async () => {
  const args = ["--uri", "http://h", "--property", "header.Authorization=Basic x"];
  assert.equal(
    (await settingsOf({ args })).properties.get("header.authorization")?.value,
    "Basic x",
  );
  const { properties } = await settingsOf({ args, variables: { CATALOG_TOKEN: "t" } });
  assert.equal(properties.has("header.authorization"), false);
});

for (
  const [key, value, message] of [
    ["credential", "id:hush", /credential \(.*\.pyiceberg\.yaml:3\) asks for OAuth2, which is not/],
    ["type", "sql", /type \(.*:3\) is "sql"$/],
    [
      "auth",
      "\n      type: basic\n      password: hush",
      /auth is a way to authenticate that is not/,
    ],
    ["ssl", "\n      cabundle: /a", /ssl is not supported yet$/],
    ["rest.sigv4-enabled", "'true'", /rest\.sigv4-enabled \(.*\) is not supported yet$/],
    ["s3", "\n      endpoint: x", /s3 holds more than a value$/],
  ] as const
) {
  Deno.test(`chooseCatalog() says that it cannot do pyiceberg's ${key}`, async () => {
    const pyiceberg = `catalog:\n  prod:\n    ${key}: ${value}\n    uri: http://h\n`;
    await assert.rejects(targetOf({ args: ["--catalog", "prod"], pyiceberg }), (error: Error) => {
      assert.equal(error.name, "UsageError");
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, /hush/);
      return true;
    });
  });
}

Deno.test("chooseCatalog() needs no OAuth2 when there is a token", async () => {
  const pyiceberg = "catalog:\n  prod:\n    credential: a:b\n    uri: http://h\n";
  const { token, properties } = await targetOf({
    args: ["--catalog", "prod"],
    pyiceberg,
    variables: { CATALOG_TOKEN: "t" },
  });
  assert.equal(token, "t");
  assert.deepEqual(properties, {});
});

Deno.test("chooseCatalog() does not fall back to the embedded catalog when pyiceberg names others", async () => {
  await assert.rejects(targetOf({ pyiceberg: PROD }), {
    name: "CatalogError",
    message: /^Cannot choose a catalog: pyiceberg is configured \(.*\), but not for "my_catalog"/,
    hint: /^Name one of its catalogs \(prod\) with --catalog, or name the catalog/,
  });
});

Deno.test("resolveCatalogSettings() says when a catalog's name is known to nobody", async () => {
  const { notices } = await settingsOf({ args: ["--catalog", "pord"], pyiceberg: PROD });
  assert.match(notices.join(), /^Nothing is configured for the catalog "pord" .* names: prod\)/);
});

Deno.test("resolveCatalogSettings() gives the embedded catalog nothing of pyiceberg's", async () => {
  const settings = await settingsOf({
    args: ["--uri", "embedded:lake", "--catalog", "prod"],
    pyiceberg: PROD,
  });
  assert.equal(settings.token.value, "dummy");
  assert.equal(settings.properties.size, 0);
});
