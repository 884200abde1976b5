/**
 * Where the commands of one block of the documentation run: an empty directory with the files that
 * the pages name, the tool on PATH, and the catalog that a block talks to.
 */
import { join } from "node:path";
import { generateCsv } from "../../../lib/input/generate.ts";
import { type DocBlock, readCommands } from "../../docs/page.ts";
import { PROJECT_ROOT } from "../parts/cache.ts";
import { answers, freePort, lastLines } from "../parts/child.ts";
import { toolEnvironment, toolWords } from "../tool.ts";

/** The port that the pages name. */
const NAMED_PORT = 8181;

const COMMAND_MS_MAX = 180_000;
const SERVER_START_MS_MAX = 30_000;

/** What of the project a clone does not have. */
const NOT_IN_A_CLONE = [
  ...[".git", ".cache", "node_modules", "warehouse", "dist", "reports", "lakekeeper-ingest"],
];

/** How a command ended; both streams are in one text, as a terminal shows them. */
export interface Ended {
  readonly code: number;
  readonly output: string;
}

interface RunningServer {
  readonly command: string;
  readonly child: Deno.ChildProcess;
  readonly output: Promise<string>;
}

/** A directory for one block, with what runs in it. */
export class Scene {
  readonly directory: string;
  readonly #root: string;
  readonly #port: number;
  #server: RunningServer | undefined;

  private constructor(root: string, directory: string, port: number) {
    this.#root = root;
    this.directory = directory;
    this.#port = port;
  }

  /** Makes the directory and its files, and the catalog that the block's commands name. */
  static async open(block: DocBlock): Promise<Scene> {
    const root = await Deno.makeTempDir({ prefix: "lakekeeper_ingest_docs_" });
    const scene = new Scene(root, `${root}/here`, choosePort());
    await Deno.mkdir(`${root}/home`);
    await Deno.mkdir(`${root}/bin`);
    await writeTool(`${root}/bin/lakekeeper-ingest`);
    if (block.directives.inClone === true) {
      await copyProject(PROJECT_ROOT, scene.directory);
    } else {
      await Deno.mkdir(scene.directory);
      await writeFiles(scene.directory);
    }
    return scene;
  }

  /**
   * Runs one command by bash. A server is started, and is up when this returns; the next one, or
   * {@linkcode close}, ends it.
   *
   * @throws {Error} when a server does not start, or does not end as it should.
   */
  async run(command: string): Promise<Ended> {
    if (isServer(command)) {
      await this.#endServer();
      return await this.#startServer(command);
    }
    if (this.#server === undefined && namesCatalog(command)) {
      await this.#startServer("lakekeeper-ingest serve --warehouse demo=./served");
    }
    const child = this.#bash(`set -o pipefail; ${this.#portReplaced(command)}`);
    return await ended(child, command);
  }

  /** Runs a program on a text, for blocks of other languages. */
  async runProgram(program: readonly string[], text: string): Promise<Ended> {
    const child = this.#spawn([...program], { stdin: "piped" });
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(this.#portReplaced(text)));
    await writer.close();
    return await ended(child, program.join(" "));
  }

  /** Ends what runs, and removes the directory. */
  async close(): Promise<void> {
    try {
      await this.#endServer();
    } finally {
      await Deno.remove(this.#root, { recursive: true });
    }
  }

  #portReplaced(text: string): string {
    return text.replaceAll(String(NAMED_PORT), String(this.#port));
  }

  #bash(command: string): Deno.ChildProcess {
    return this.#spawn(["bash", "-c", `exec 2>&1; ${command}`], { stdin: "null" });
  }

  #spawn(
    [command, ...args]: string[],
    { stdin }: { readonly stdin: "null" | "piped" },
  ): Deno.ChildProcess {
    return new Deno.Command(command!, {
      args,
      cwd: this.directory,
      clearEnv: true,
      env: this.#environment(),
      stdin,
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  }

  #environment(): Record<string, string> {
    const kept: Record<string, string> = toolEnvironment();
    const home = kept["HOME"] ?? "";
    // The user's own settings lie below the home directory, as the pages say.
    delete kept["XDG_CONFIG_HOME"];
    return {
      ...kept,
      // A cache of its own would be filled anew for each block.
      DENO_DIR: kept["DENO_DIR"] ?? `${home}/.cache/deno`,
      npm_config_cache: kept["npm_config_cache"] ?? `${home}/.npm`,
      HOME: `${this.#root}/home`,
      PATH: `${this.#root}/bin:${kept["PATH"] ?? "/usr/bin:/bin"}`,
      LC_ALL: "C.UTF-8",
      NO_COLOR: "1",
      ...this.#catalogVariable(),
    };
  }

  /** Where the named port is another's, the catalog that a command would find there is told to it. */
  #catalogVariable(): Record<string, string> {
    if (this.#port === NAMED_PORT) return {};
    const served = `http://localhost:${this.#port}/catalog`;
    return { CATALOG_URL: this.#server === undefined ? "embedded:./warehouse" : served };
  }

  async #startServer(command: string): Promise<Ended> {
    const shown = this.#portReplaced(command);
    const listens = shown.includes("--listen") || this.#port === NAMED_PORT
      ? shown
      : `${shown} --listen 127.0.0.1:${this.#port}`;
    const child = this.#bash(`exec ${listens}`);
    const [first, second] = child.stdout.tee();
    const output = Promise.all([new Response(first).text(), child.stderr.cancel()])
      .then(([text]) => text);
    this.#server = { command, child, output };
    const port = /--listen \S*?:(\d+)/.exec(listens)?.[1] ?? String(this.#port);
    const greeting = await firstAddress(second);
    const url = `http://127.0.0.1:${port}/health`;
    if (greeting === undefined || greeting.startsWith("http:") && !await answers(url)) {
      await this.#endServer();
      throw new Error(`"${listens}" does not serve:\n${lastLines(await output, 20)}`);
    }
    return { code: 0, output: "" };
  }

  async #endServer(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    try {
      server.child.kill("SIGTERM");
    } catch {
      // It has ended by itself, which its exit code tells.
    }
    const { code } = await server.child.status;
    if (code !== 0) {
      const output = lastLines(await server.output, 20);
      throw new Error(`"${server.command}" ended with exit code ${code}:\n${output}`);
    }
  }
}

/** Whether a command is a server, which does not end by itself. */
function isServer(command: string): boolean {
  return /^lakekeeper-ingest serve\b/.test(command) && !/--help\b/.test(command);
}

/** Whether a command talks to the catalog on the port that the pages name. */
function namesCatalog(command: string): boolean {
  return new RegExp(`(localhost|127\\.0\\.0\\.1):${NAMED_PORT}`).test(command);
}

/** The commands that a block says to run, and those before it. */
export function preparationOf(block: DocBlock): readonly string[] {
  return block.directives.before === undefined ? [] : readCommands(block.directives.before);
}

function choosePort(): number {
  try {
    for (const hostname of ["127.0.0.1", "::1"]) {
      using _listener = Deno.listen({ hostname, port: NAMED_PORT });
    }
    return NAMED_PORT;
  } catch (error) {
    if (error instanceof Deno.errors.AddrNotAvailable) return NAMED_PORT;
    return freePort();
  }
}

/** The tool by its own name on PATH, whether it is an executable or the sources. */
async function writeTool(path: string): Promise<void> {
  const words = toolWords().map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
  await Deno.writeTextFile(path, `#!/bin/sh\nexec ${words} "$@"\n`, { mode: 0o755 });
}

/** The files that the pages name. */
async function writeFiles(directory: string): Promise<void> {
  await Deno.copyFile(`${PROJECT_ROOT}sample_data.csv`, join(directory, "sample_data.csv"));
  await writeGenerated(join(directory, "orders.csv"), 2_000);
  await writeGenerated(join(directory, "big.csv"), 20_000);
  await Deno.writeTextFile(
    join(directory, "export.csv"),
    "id;name;zip;price\n1;Ann;01234;9,50\n2;NULL;99999;10,00\n",
  );
}

async function writeGenerated(path: string, rows: number): Promise<void> {
  using file = await Deno.open(path, { write: true, create: true });
  for await (const block of generateCsv({ rows, seed: 42 })) {
    for (let at = 0; at < block.length;) at += await file.write(block.subarray(at));
  }
}

async function copyProject(from: string, to: string): Promise<void> {
  await Deno.mkdir(to);
  for await (const entry of Deno.readDir(from)) {
    if (NOT_IN_A_CLONE.includes(entry.name)) continue;
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory) await copyProject(source, target);
    else if (entry.isFile) await Deno.copyFile(source, target);
  }
}

async function ended(child: Deno.ChildProcess, command: string): Promise<Ended> {
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill("SIGKILL");
  }, COMMAND_MS_MAX);
  const { code, stdout, stderr } = await child.output();
  clearTimeout(timer);
  const decoder = new TextDecoder();
  const output = decoder.decode(stdout) + decoder.decode(stderr);
  if (late) throw new Error(`"${command}" does not end:\n${lastLines(output, 20)}`);
  return { code, output };
}

/** Reads until an address is printed: the server listens by then. */
async function firstAddress(stream: ReadableStream<Uint8Array>): Promise<string | undefined> {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  const timer = setTimeout(() => reader.cancel(), SERVER_START_MS_MAX);
  let text = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return undefined;
      text += value;
      const address = /https?:\/\/[^\s"]+(?=\s)/.exec(text)?.[0];
      if (address !== undefined) {
        await reader.cancel();
        return address;
      }
    }
  } finally {
    clearTimeout(timer);
  }
}
