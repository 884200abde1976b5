// The image without a container engine: what the Dockerfile's last stage says of the executable is
// tried on Linux's own means. It runs as process 1, without root, in a root file system that is
// read-only and has no shell (container.sh). What an engine adds (the build, layers, limits) is not.

import assert from "node:assert/strict";
import { toolCommand } from "../e2e/tool.ts";
import { PROJECT_ROOT } from "./parts/cache.ts";
import { answers, freePort, mustRun } from "./parts/child.ts";

const tool = await toolCommand();
assert.ok(tool.compiled, "There is no executable: an image cannot be tried without");
const executable = tool.command;

/** Namespaces and mounts are root's to make. */
const AS_ROOT = Deno.uid() === 0 ? [] : ["sudo", "-n"];

const root = await Deno.makeTempDir({ prefix: "lakekeeper-ingest-image-" });
globalThis.addEventListener("unload", () => Deno.removeSync(root));

/** A container that runs. */
class Container {
  readonly child: Deno.ChildProcess;
  readonly ended: Promise<{ code: number; stdout: string; stderr: string }>;

  constructor(...args: string[]) {
    const [command = "", ...words] = [
      ...[...AS_ROOT, "unshare", "--mount", "--pid", "--fork", "--kill-child"],
      ...[`${PROJECT_ROOT}tests/real/container.sh`, root, executable, ...args],
    ];
    this.child = new Deno.Command(command, {
      args: words,
      ...{ stdin: "null", stdout: "piped", stderr: "piped" },
    }).spawn();
    this.ended = this.child.output().then(({ code, stdout, stderr }) => ({
      code,
      stdout: new TextDecoder().decode(stdout),
      stderr: new TextDecoder().decode(stderr),
    }));
  }

  /** Process id, outside of the container, of its process 1 once that is the tool. */
  async processId(): Promise<string> {
    for (let tries = 0; tries < 200; tries++) {
      const found = (await mustRun("ps", ["-e", "-o", "pid=,args="])).split("\n")
        .map((line) => line.trim().match(/^(\d+) \/usr\/local\/bin\/lakekeeper-ingest /)?.[1])
        .filter((pid) => pid !== undefined);
      for (const pid of found) {
        const status = await Deno.readTextFile(`/proc/${pid}/status`).catch(() => "");
        if (/^NSpid:.*\t1$/m.test(status)) return pid;
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error("Cannot find process 1 of the container");
  }

  /** Sends a signal to process 1, as an engine does to stop a container. */
  async signal(name: "INT" | "TERM"): Promise<void> {
    const [command = "", ...words] = [...AS_ROOT, "kill", `-${name}`, await this.processId()];
    await mustRun(command, words);
  }
}

async function runToEnd(...args: string[]) {
  return await new Container(...args).ended;
}

Deno.test("the executable says what it is, and loads, from a read-only root with the C library alone", async () => {
  const { code, stdout, stderr } = await runToEnd("version", "--json");
  assert.equal(code, 0, stderr);
  assert.equal(JSON.parse(stdout).target, Deno.build.target);
  const load = await runToEnd("--rows", "1000", "--uri", "embedded:/data/warehouse", "--json");
  assert.equal(load.code, 0, load.stderr);
  assert.equal(JSON.parse(load.stdout.trimEnd().split("\n").at(-1)!).rows_committed, 1000);
});

Deno.test("a place that cannot be written to is named, with what to do", async () => {
  const { code, stderr } = await runToEnd("--rows", "10", "--uri", "embedded:/warehouse");
  assert.equal(code, 7);
  assert.match(stderr, /Cannot make the warehouse directory "\/warehouse": Read-only file system/);
  assert.match(stderr, /^Hint: /m);
});

Deno.test("serve is process 1 without root or rights, and ends with 0 on SIGTERM", async () => {
  const address = `127.0.0.1:${freePort()}`;
  const container = new Container("serve", "--listen", address, "--warehouse", "/data/warehouse");
  const pid = await container.processId();
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  assert.match(status, /^Uid:\t65532\t65532\t65532\t65532$/m);
  assert.match(status, /^CapEff:\t0+$/m);
  assert.match(status, /^NoNewPrivs:\t1$/m);
  assert.match(await Deno.readTextFile(`/proc/${pid}/mounts`), /^image \/ tmpfs ro,/m);
  const config = `http://${address}/catalog/v1/config?warehouse=warehouse`;
  let ready = false;
  for (let tries = 0; tries < 100 && !ready; tries++) {
    ready = await answers(config, (answer) => answer < 500).catch(() => false);
    if (!ready) await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.ok(ready, "serve does not answer");
  await container.signal("TERM");
  const { code, stderr } = await container.ended;
  assert.equal(code, 0, stderr);
});

for (
  const [name, expected] of [["TERM", 143], ["INT", 130]] as const
) {
  Deno.test(`a load that is process 1 ends in order on SIG${name}, with ${expected}`, async () => {
    const container = new Container("--rows", "10m", "--uri", "embedded:/data/warehouse");
    await container.processId();
    // Into the load: before, there would be nothing to put in order.
    await new Promise((resolve) => setTimeout(resolve, 4_000));
    await container.signal(name);
    const { code, stdout, stderr } = await container.ended;
    assert.equal(code, expected, stderr);
    assert.match(stdout, /^Rows: +[1-9][\d,]* /m);
    assert.match(stderr, /^To finish it: lakekeeper-ingest --load-id /m);
  });

  Deno.test(`a verb with nothing to put in order ends at once on SIG${name}, too`, async () => {
    const container = new Container("generate", "--rows", "500m", "-o", "/dev/null");
    await container.processId();
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    const startMs = performance.now();
    await container.signal(name);
    assert.equal((await container.ended).code, expected);
    assert.ok(performance.now() - startMs < 5_000);
  });
}
