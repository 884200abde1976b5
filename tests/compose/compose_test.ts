// compose.yaml without a Docker engine: its form against the Compose Specification's schema, and the
// rules that the quick start relies on. That the containers start was not tested here.

import assert from "node:assert/strict";
import { Ajv } from "ajv";
import formats from "ajv-formats";
// The linter's package carries the specification's JSON schema; importing this installs it.
import linter from "dclint/package.json" with { type: "json" };
import { readCompose, serviceOf, startedFor, withDefaults } from "./compose_file.ts";

const compose = readCompose();
const services = Object.entries(compose.services);

function composeValidator() {
  assert.equal(linter.name, "dclint");
  const url = new URL("schemas/compose.schema.json", import.meta.resolve("dclint/package.json"));
  // ajv knows draft 7 under another spelling of its address.
  const { $schema: _, ...schema } = JSON.parse(Deno.readTextFileSync(url));
  const ajv = new Ajv({ strict: false, allErrors: true });
  formats.default(ajv, ["duration", "uri"]);
  return ajv.compile(schema);
}

Deno.test("compose.yaml satisfies the Compose Specification's JSON schema", () => {
  const validate = composeValidator();
  assert.ok(validate(compose), JSON.stringify(validate.errors, null, 2));
});

Deno.test("the Compose Specification's JSON schema refuses an unknown key and a wrong type", () => {
  const validate = composeValidator();
  assert.equal(validate({ services: { a: { image: "x", imaeg: "x" } } }), false);
  assert.equal(validate({ services: { a: { image: "x", init: [] } } }), false);
});

Deno.test("compose.yaml runs Lakekeeper 0.11 or newer by default, and LAKEKEEPER_IMAGE chooses", () => {
  for (const name of ["lakekeeper", "migrate"]) {
    const image = serviceOf(compose, name).image ?? "";
    assert.match(image, /^\$\{LAKEKEEPER_IMAGE:-/);
    const tag = withDefaults(image).match(/^quay\.io\/lakekeeper\/catalog:v(\d+)\.(\d+)\.\d+$/);
    assert.ok(tag, image);
    assert.ok(Number(tag[1]) > 0 || Number(tag[2]) >= 11, image);
  }
});

Deno.test("compose.yaml names every image with a tag that does not move", () => {
  for (const [name, service] of services) {
    const image = withDefaults(service.image ?? "");
    assert.match(image, /:[A-Za-z0-9._-]+$/, name);
    assert.doesNotMatch(image, /:latest/, name);
  }
  assert.match(withDefaults(serviceOf(compose, "db").image ?? ""), /postgres:17/);
});

Deno.test("compose.yaml waits for a healthcheck or for the end of a container, never for its start", () => {
  for (const [name, service] of services) {
    for (const [needed, { condition }] of Object.entries(service.depends_on ?? {})) {
      const target = serviceOf(compose, needed);
      if (condition === "service_healthy") {
        assert.ok(target.healthcheck, `${name} waits for the health of ${needed}`);
      } else {
        assert.equal(condition, "service_completed_successfully", `${name} on ${needed}`);
        assert.equal(target.restart, "no", `${needed} has to end`);
      }
    }
  }
});

Deno.test("compose.yaml starts the ingestion container after the warehouse and all before it", () => {
  assert.deepEqual(
    [...startedFor(compose, "lakekeeper-ingestion")].toSorted(),
    services.filter(([, { profiles }]) => profiles === undefined).map(([name]) => name).toSorted(),
  );
});

Deno.test("compose.yaml publishes ports on the loopback interface only", () => {
  const ports = services.flatMap(([, service]) => service.ports ?? []);
  assert.ok(ports.includes("127.0.0.1:8181:8181"));
  for (const port of ports) assert.match(port, /^127\.0\.0\.1:/);
});

Deno.test("compose.yaml gives the ingestion container the original's environment and an idle process", () => {
  const service = serviceOf(compose, "lakekeeper-ingestion");
  assert.deepEqual(service.environment, {
    CATALOG_URL: "http://lakekeeper:8181/catalog",
    WAREHOUSE: "demo",
    CATALOG_NAME: "my_catalog",
    CATALOG_TOKEN: "dummy",
    NAMESPACE: "default",
    TABLE_NAME: "sample_table",
  });
  assert.equal(service.init, true);
  assert.deepEqual(service.command, ["sleep", "infinity"]);
  assert.equal(service.build?.target, "shell");
});
