// What a person sees, in terminals of several kinds and in a pipe, compared with the texts that are
// kept in tests/snapshots/ (see parts/snapshot.ts for how they are recorded).

import assert from "node:assert/strict";
import { runCommand } from "./parts/child.ts";
import { installTmux } from "./parts/debian.ts";
import { matchSnapshot, normalize } from "./parts/snapshot.ts";
import { openTmux } from "./parts/tmux.ts";
import { toolWords } from "./tool.ts";

await installTmux();

/** Command lines of a session; the load has one worker, so that no race is lost by chance. */
const SESSION = [
  "lakekeeper-ingest version",
  "lakekeeper-ingest",
  "lakekeeper-ingest help clean",
  "lakekeeper-ingest data.csv -w 1 --chunk-size 100 --load-id demo --uri embedded:warehouse",
  "lakekeeper-ingest data.csv -w 1 --load-id demo --quiet --uri embedded:warehouse",
  "lakekeeper-ingest verify data.csv --uri embedded:warehouse",
  "lakekeeper-ingest verify other.csv --uri embedded:warehouse",
  "lakekeeper-ingest probe --writers 2 --commits 20 --workload append --mode rounds --seed 1 " +
  "--uri embedded:warehouse",
  "lakekeeper-ingest missing.csv",
  "lakekeeper-ingest data.csv --commit group",
  "lakekeeper-ingest bad.csv -w 1 --column id:long --uri embedded:warehouse",
];

const END = "END OF SESSION";

/** Runs `use` in a directory with the session's files and the tool on its PATH. */
async function inSession(
  use: (directory: string, env: Record<string, string>) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "lakekeeper_ingest_terminal_" });
  try {
    const rows = Array.from({ length: 300 }, (_, id) => `${id},name ${id}\n`);
    await Deno.writeTextFile(`${directory}/data.csv`, `id,name\n${rows.join("")}`);
    await Deno.writeTextFile(`${directory}/other.csv`, `id,name\n${rows.slice(0, 299).join("")}`);
    await Deno.writeTextFile(`${directory}/bad.csv`, "id,name\n1,one\ntwo,two\n");
    const steps = SESSION.map((line) =>
      `printf '%s\\n' '$ ${line}'; ${line}; echo "exit $?"; echo`
    );
    await Deno.writeTextFile(`${directory}/session.sh`, `${steps.join("\n")}\necho "${END}"\n`);
    await Deno.mkdir(`${directory}/bin`);
    const words = toolWords().map((word) => `'${word}'`).join(" ");
    const script = `#!/bin/sh\nexec ${words} "$@"\n`;
    await Deno.writeTextFile(`${directory}/bin/lakekeeper-ingest`, script, { mode: 0o755 });
    const deno = Deno.env.get("DENO_DIR") || `${Deno.env.get("HOME")}/.cache/deno`;
    await use(directory, {
      HOME: directory,
      PATH: `${directory}/bin:/usr/bin:/bin`,
      LC_ALL: "C.UTF-8",
      // From source, the packages are where they are for the tests.
      DENO_DIR: deno,
    });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** Terminals by the name of their snapshot. */
const TERMINALS: Readonly<
  Record<string, { readonly columns: number; readonly env: Readonly<Record<string, string>> }>
> = {
  "terminal_80.txt": { columns: 80, env: { TERM: "tmux-256color" } },
  "terminal_200.txt": { columns: 200, env: { TERM: "tmux-256color" } },
  "terminal_no_color.txt": { columns: 80, env: { TERM: "tmux-256color", NO_COLOR: "1" } },
  "terminal_dumb.txt": { columns: 80, env: { TERM: "dumb" } },
  "terminal_ascii.txt": { columns: 80, env: { TERM: "tmux-256color", LC_ALL: "C" } },
};

for (const [name, { columns, env }] of Object.entries(TERMINALS)) {
  Deno.test(`a session in a terminal is that of ${name}`, async () => {
    await inSession(async (directory, common) => {
      const session = await openTmux({
        columns,
        cwd: directory,
        env: { ...common, ...env },
        command: ["sh", "session.sh"],
      });
      try {
        await session.until((screen) => screen.includes(END));
        const text = normalize((await session.colors()).split(END)[0]!, directory);
        if (name === "terminal_ascii.txt") assert.match(text, /^[\n\x20-\x7e␛]*$/);
        if (/no_color|dumb/.test(name)) assert.doesNotMatch(text, /␛/);
        else assert.match(text, /␛\[1mExamples:/);
        await matchSnapshot(name, text);
      } finally {
        await session.close();
      }
    });
  });
}

for (const [name, env] of [["piped.txt", {}], ["piped_color.txt", { FORCE_COLOR: "1" }]] as const) {
  Deno.test(`a session in a pipe is that of ${name}`, async () => {
    await inSession(async (directory, common) => {
      const { stdout, stderr } = await runCommand("sh", ["session.sh"], {
        cwd: directory,
        env: { ...common, ...env, TERM: "tmux-256color" },
        clearEnv: true,
      });
      const both = `--- stdout\n${stdout.replace(END, "")}\n--- stderr\n${stderr}`;
      assert.equal(both.includes("\x1b"), name === "piped_color.txt");
      // deno-lint-ignore no-control-regex -- colours only: nothing is drawn over
      assert.doesNotMatch(both.replaceAll(/\x1b\[\d+m/g, ""), /[\x1b\r]/);
      await matchSnapshot(name, normalize(both.replaceAll("\x1b", "␛"), directory));
    });
  });
}

for (const columns of [80, 200]) {
  Deno.test(`a load shows a bar in ${columns} columns while it lasts, and leaves none`, async () => {
    await inSession(async (directory, common) => {
      const rows = Array.from({ length: 60_000 }, (_, id) => `${id},name ${id}\n`);
      await Deno.writeTextFile(`${directory}/big.csv`, `id,name\n${rows.join("")}`);
      const session = await openTmux({
        columns,
        cwd: directory,
        env: { ...common, TERM: "tmux-256color" },
        command: [
          ...["lakekeeper-ingest", "big.csv", "--chunk-size", "500", "--workers", "2"],
          ...["--uri", "embedded:warehouse"],
        ],
      });
      try {
        const bar = columns === 80
          ? /[█░]{8,} \d+ %, [\d,]+ rows, [\d,]+ rows\/s, \d+ commits, \d+ conflicts?, \S+ m?s left$/m
          : /[█░]{40} \d+ %, .* MB\/s, \d+ chunks, \d+ commits, \d+ conflicts?, \S+ m?s left$/m;
        await session.until((screen) => bar.test(screen));
        const end = await session.until((screen) => /^Elapsed: /m.test(screen));
        assert.doesNotMatch(end, /[█░]/);
        assert.match(end, /^Rows: {6}60,000 of 60,000 read are in/m);
      } finally {
        await session.close();
      }
    });
  });
}

Deno.test("the first sign of life names the catalog, and does not wait for it", async () => {
  // A port that takes connections and never answers.
  using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const uri = `http://127.0.0.1:${silent.addr.port}/catalog`;
  await inSession(async (directory, env) => {
    for (
      const args of [["data.csv"], ["verify", "data.csv"], ["clean", "--load-id", "x"], ["probe"]]
    ) {
      const child = new Deno.Command(`${directory}/bin/lakekeeper-ingest`, {
        args: [...args, "--uri", uri],
        cwd: directory,
        env,
        clearEnv: true,
        stdout: "null",
        stderr: "piped",
      }).spawn();
      const reader = child.stderr.pipeThrough(new TextDecoderStream()).getReader();
      const { value } = await reader.read();
      child.kill("SIGKILL");
      await reader.cancel();
      await child.status;
      assert.ok(value?.includes(uri), `${args[0]} says: ${value}`);
    }
  });
});
