// The workflows as far as they can be read without a runner: pins, rights, and that they and the
// project's other files agree. Their form is judged by actionlint in tests/real/workflows_real.ts.

import assert from "node:assert/strict";
import { parse } from "yaml";
import config from "../../../deno.json" with { type: "json" };
import { TARGETS } from "../../../tools/release/plan.ts";

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface Job {
  readonly permissions?: Readonly<Record<string, string>>;
  readonly needs?: string | string[];
  readonly steps: readonly Step[];
  readonly strategy?: {
    readonly matrix: { readonly include: readonly { target: string; runner: string }[] };
  };
}

interface Workflow {
  readonly permissions: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

function read(path: string): string {
  return Deno.readTextFileSync(new URL(`../../../${path}`, import.meta.url));
}

const TEXTS = ["ci", "release"].map((name) => read(`.github/workflows/${name}.yml`));
const [ci, release] = TEXTS.map((text): Workflow => parse(text)) as [Workflow, Workflow];

Deno.test("every action is pinned by a commit, with its release beside it", () => {
  const uses = TEXTS.flatMap((text) => text.match(/^.*\buses:.*$/gm) ?? []);
  assert.ok(uses.length >= 8);
  for (const line of uses) {
    assert.match(line, /uses: [a-z-]+\/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/, line);
  }
  const commits = new Map<string, string>();
  for (const line of uses) {
    const [, action = "", pin = ""] = line.match(/uses: (\S+)@(.*)$/) ?? [];
    assert.equal(commits.get(action) ?? pin, pin, `${action} is pinned in two ways`);
    commits.set(action, pin);
  }
});

Deno.test("no job has a right that it does not use", () => {
  assert.deepEqual(ci.permissions, { contents: "read" });
  assert.deepEqual(release.permissions, {});
  const attesting = { "id-token": "write", attestations: "write" };
  assert.deepEqual(
    Object.fromEntries(Object.entries(release.jobs).map(([name, job]) => [name, job.permissions])),
    {
      archive: { contents: "read" },
      attest: { contents: "read", ...attesting },
      image: { contents: "read", packages: "write", ...attesting },
      publish: { contents: "write" },
    },
  );
});

Deno.test("a checkout leaves no token behind, and the job that may write checks nothing out", () => {
  for (const { jobs } of [ci, release]) {
    for (const { steps } of Object.values(jobs)) {
      for (const step of steps.filter(({ uses }) => uses?.startsWith("actions/checkout@"))) {
        assert.equal(step.with?.["persist-credentials"], false);
      }
    }
  }
  const publishing = release.jobs.publish!.steps.map(({ uses }) => uses ?? "").join("\n");
  assert.doesNotMatch(publishing, /actions\/checkout/);
});

Deno.test("text that others write is never put into a script, but given by the environment", () => {
  for (const { jobs } of [ci, release]) {
    for (const { steps } of Object.values(jobs)) {
      for (const { run = "" } of steps) {
        assert.doesNotMatch(run.replace(/'\{\{.*?\}\}'/g, ""), /\$\{\{/);
      }
    }
  }
});

Deno.test("a release has an executable for each target, made on its own kind of machine", () => {
  const built = release.jobs.archive!.strategy!.matrix.include;
  assert.deepEqual(built.map(({ target }) => target).toSorted(), [...TARGETS].toSorted());
  for (const { target, runner } of built) {
    const system = target.includes("linux")
      ? "ubuntu"
      : target.includes("apple")
      ? "macos"
      : "windows";
    assert.ok(runner.startsWith(system), `${target} on ${runner}`);
    if (system === "ubuntu") assert.equal(runner.endsWith("-arm"), target.startsWith("aarch64"));
  }
});

Deno.test("nothing is published before it is attested, and before the image is there", () => {
  assert.deepEqual(release.jobs.publish!.needs, ["attest", "image"]);
  assert.equal(release.jobs.attest!.needs, "archive");
});

Deno.test("workflow, CI script and image use one version of Deno", () => {
  const [, version = ""] = read(".ci/run").match(/^deno_version=(\S+)$/m) ?? [];
  assert.match(version, /^\d+\.\d+\.\d+$/);
  assert.equal(release.env?.DENO, `npx -y deno@${version}`);
  assert.ok(read("Dockerfile").includes(`denoland/deno:${version} AS builder\n`));
});

Deno.test("the workflow runs tasks that there are", () => {
  const tasks = Object.keys(config.tasks);
  const named = [...TEXTS.join("\n").matchAll(/\$DENO task (\S+)/g)].map(([, task]) => task!);
  assert.ok(named.includes("release"));
  for (const task of named) assert.ok(tasks.includes(task), task);
});
