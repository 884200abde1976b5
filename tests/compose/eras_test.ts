// The three profiles of compose.yaml: each has a Lakekeeper of its era, shares no database and no
// name with another, and ends in a probe that writes its evidence.

import assert from "node:assert/strict";
import { readCompose, type Service, serviceOf, startedFor, withDefaults } from "./compose_file.ts";

const compose = readCompose();

/** Versions of each era, as `[major, minor]`, both ends included; Lakekeeper's releases up to 0.13. */
const ERAS = {
  bug: { from: 0, to: 8, executable: "/home/nonroot/iceberg-catalog" },
  gap: { from: 9, to: 10, executable: "/home/nonroot/lakekeeper" },
  fixed: { from: 11, to: 13, executable: "/home/nonroot/lakekeeper" },
} as const;

const SHARED = ["bucket", "minio"];

function networksOf(service: Service): string[] {
  const { networks = ["default"] } = service;
  return Array.isArray(networks) ? networks : Object.keys(networks);
}

function aliasesOf(service: Service, network: string): string[] {
  const { networks = {} } = service;
  return Array.isArray(networks) ? [] : networks[network]?.aliases ?? [];
}

for (const [era, { from, to, executable }] of Object.entries(ERAS)) {
  Deno.test(`profile ${era} starts its own Lakekeeper and database, and shares only the store`, () => {
    const started = [...startedFor(compose, `probe-${era}`)];
    const own = started.filter((name) => !SHARED.includes(name));
    assert.deepEqual(
      own.toSorted(),
      ["bootstrap", "db", "lakekeeper", "migrate", "probe", "warehouse"].map((it) =>
        `${it}-${era}`
      ),
    );
    assert.deepEqual(started.filter((name) => !own.includes(name)).toSorted(), SHARED);
    for (const name of own) {
      const service = serviceOf(compose, name);
      assert.deepEqual(service.profiles, [era], name);
      assert.deepEqual(networksOf(service), [era], name);
      // All three can run at once, and beside the default services.
      assert.equal(service.ports, undefined, name);
    }
    assert.ok(networksOf(serviceOf(compose, "minio")).includes(era));
    assert.ok(era in compose.networks);
  });

  Deno.test(`profile ${era} runs a Lakekeeper of its era, migrated by the same one`, () => {
    const image = withDefaults(serviceOf(compose, `lakekeeper-${era}`).image ?? "");
    const [, major, minor] = image.match(/^quay\.io\/lakekeeper\/catalog:v(\d+)\.(\d+)\.\d+$/) ??
      [];
    assert.equal(major, "0", image);
    assert.ok(Number(minor) >= from && Number(minor) <= to, image);
    assert.equal(withDefaults(serviceOf(compose, `migrate-${era}`).image ?? ""), image);
    assert.deepEqual(serviceOf(compose, `migrate-${era}`).command, ["migrate"]);
    assert.deepEqual(serviceOf(compose, `lakekeeper-${era}`).healthcheck?.test, [
      "CMD",
      executable,
      "healthcheck",
    ]);
  });

  Deno.test(`profile ${era} has a volume of its own for the database`, () => {
    const { volumes } = serviceOf(compose, `db-${era}`);
    assert.deepEqual(volumes, [`db-${era}:/var/lib/postgresql/data`]);
    assert.ok(`db-${era}` in compose.volumes);
  });

  Deno.test(`profile ${era} finds its services under the names that its scripts use`, () => {
    assert.deepEqual(aliasesOf(serviceOf(compose, `db-${era}`), era), ["db"]);
    assert.deepEqual(aliasesOf(serviceOf(compose, `lakekeeper-${era}`), era), ["lakekeeper"]);
    for (const step of ["bootstrap", "warehouse"]) {
      const own = serviceOf(compose, `${step}-${era}`);
      assert.deepEqual(own.command, serviceOf(compose, step).command);
      assert.deepEqual(own.entrypoint, serviceOf(compose, step).entrypoint);
    }
  });

  Deno.test(`profile ${era} races writers and leaves history, report and summary in ./reports`, () => {
    const probe = serviceOf(compose, `probe-${era}`);
    assert.equal(probe.build?.target, "runtime");
    assert.deepEqual(probe.volumes, ["./reports:/reports"]);
    assert.equal(probe.environment?.CATALOG_URL, "http://lakekeeper:8181/catalog");
    assert.equal(probe.command?.[0], "probe");
    for (const file of [`history=/reports/${era}.jsonl`, `report=/reports/${era}.html`]) {
      assert.ok(probe.command?.includes(`--${file}`), file);
    }
    assert.ok(probe.command?.includes(`--markdown=/reports/${era}.md`));
  });

  Deno.test(`profile ${era} probes from a read-only root file system with next to no capability`, () => {
    const probe = serviceOf(compose, `probe-${era}`);
    assert.equal(probe.read_only, true);
    assert.deepEqual(probe.cap_drop, ["ALL"]);
    assert.equal(probe.restart, "no");
  });
}

Deno.test("compose.yaml names the three commands, and each names a profile and its probe", () => {
  const text = Deno.readTextFileSync(new URL("../../compose.yaml", import.meta.url));
  const commands = [...text.matchAll(/docker compose --profile (\w+) run --rm (\S+)/g)];
  assert.deepEqual(
    commands.map(([, profile, service]) => [profile, service]),
    Object.keys(ERAS).map((era) => [era, `probe-${era}`]),
  );
});
