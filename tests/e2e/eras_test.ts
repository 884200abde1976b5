// docs/eras.md: its commands as they stand there, for each era one server and one probe. Only the port
// is another, since the one by default may be in use.

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { jsonLines, SAMPLE_DATA, testInDir } from "./support.ts";
import { runTool, spawnTool } from "./tool.ts";

const PAGE = Deno.readTextFileSync(
  fileURLToPath(new URL("../../docs/eras.md", import.meta.url)),
);

/** Lines of the page's `bash` blocks that run a verb, without the tool's name. */
function commandsOf(verb: string): string[][] {
  const blocks = [...PAGE.matchAll(/^```bash\n([^]*?)^```$/gm)].map(([, block = ""]) => block);
  return blocks.join("").split("\n")
    .filter((line) => line.startsWith(`lakekeeper-ingest ${verb}`))
    .map((line) => line.split(" ").slice(1));
}

/** Starts a server of the page on a free port. Returns its address and what ends it. */
async function startServe(
  args: readonly string[],
  cwd: string,
): Promise<{ uri: string; stop: () => Promise<number> }> {
  const child = await spawnTool([...args, "--listen", "127.0.0.1:0"], { cwd });
  const errors = child.stderr.pipeTo(new WritableStream()).catch(() => {});
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let said = "";
  let uri: string | undefined;
  while (uri === undefined) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`serve ended: ${said}`);
    said += value;
    uri = said.match(/ at (http:\S+)\n/)?.[1];
  }
  return {
    uri,
    stop: async () => {
      child.kill("SIGTERM");
      while (!(await reader.read()).done) { /* to the end */ }
      await errors;
      return (await child.status).code;
    },
  };
}

const ERAS = [
  { name: "bug", status: 500, code: 10 },
  { name: "gap", status: 400, code: 10 },
  { name: "fixed", status: 409, code: 0 },
] as const;

for (const [index, { name, status, code }] of ERAS.entries()) {
  testInDir(
    `docs/eras.md shows the era of ${status}: exit code ${code}, with evidence`,
    async (cwd) => {
      const serve = commandsOf("serve")[index]!;
      const probe = commandsOf("probe")[index]!;
      assert.equal(serve.at(-1), String(status));
      await Deno.mkdir(`${cwd}/reports`);
      const server = await startServe(serve, cwd);
      try {
        const args = probe.map((it) => it === "http://localhost:8181/catalog" ? server.uri : it);
        assert.ok(args.includes(server.uri));
        const result = await runTool(args, { cwd, timeoutMs: 180_000 });
        assert.equal(result.code, code, result.stderr);
        const summary = await Deno.readTextFile(`${cwd}/reports/${name}.md`);
        // Who makes a table that is there gets 409 in every era, so only the appends are looked at.
        const appends = summary.match(/^\| append .*$/gm) ?? [];
        assert.equal(appends.length, 4);
        for (const line of appends) {
          assert.match(line, new RegExp(`\\| 200 ×\\d+, ${status} ×\\d+ \\|`));
        }
        const history = jsonLines(await Deno.readTextFile(`${cwd}/reports/${name}.jsonl`));
        assert.equal(history[0]!.type, "header");
        assert.match(await Deno.readTextFile(`${cwd}/reports/${name}.html`), /<\/html>\s*$/);
      } finally {
        assert.equal(await server.stop(), 0);
      }
    },
  );
}

testInDir(
  "docs/eras.md shows lost races of a load as failed chunks, and the exit code 1",
  async (cwd) => {
    const [command = []] = commandsOf("sample_data.csv");
    const server = await startServe(commandsOf("serve")[0]!, cwd);
    try {
      await Deno.copyFile(SAMPLE_DATA, `${cwd}/sample_data.csv`);
      const args = command.map((it) => it === "http://localhost:8181/catalog" ? server.uri : it);
      const { code, stdout, stderr } = await runTool(args, { cwd });
      assert.equal(code, 1, stderr);
      assert.match(stdout, /^✗ Chunk \d+: .*HTTP 500/m);
      assert.match(stdout, /^Chunks: +\d+ successful, [1-9]\d* failed/m);
    } finally {
      await server.stop();
    }
  },
);

Deno.test("docs/eras.md and compose.yaml name the same commands", async () => {
  const compose = await Deno.readTextFile(new URL("../../compose.yaml", import.meta.url));
  const commands = [...PAGE.matchAll(/^(docker compose --profile \w+ run .*)$/gm)];
  assert.equal(commands.length, 3);
  for (const [, command = ""] of commands) assert.ok(compose.includes(`#   ${command} `), command);
});
