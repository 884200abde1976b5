/** `serve` as a process that dies by `kill -9`. */
import { answers } from "../real/parts/child.ts";
import { toolEnvironment, toolWords } from "../real/tool.ts";

const START_MS_MAX = 20_000;

/** A server that runs. */
export interface ServerProcess {
  /** Such as `http://127.0.0.1:40123/catalog`. */
  readonly uri: string;
  /** Ends it at once, and waits until it is gone. */
  kill(): Promise<void>;
}

/** How a server is started. */
export interface ServerProcessOptions {
  readonly directory: string;
  readonly port: number;
  /** More flags of `serve`. */
  readonly flags: readonly string[];
}

/** Makes the process, and does not wait. */
export function spawnServer(options: ServerProcessOptions): ServerProcess & {
  /** Waits until it answers. @throws {Error} with what it said when it ends or takes too long. */
  ready(): Promise<void>;
} {
  const { directory, port, flags } = options;
  const [command, ...first] = toolWords();
  const uri = `http://127.0.0.1:${port}/catalog`;
  const child = new Deno.Command(command!, {
    args: [
      ...first,
      ...["serve", "--listen", `127.0.0.1:${port}`, "--warehouse", `demo=${directory}`],
      ...flags,
    ],
    env: toolEnvironment(),
    clearEnv: true,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const said = new Response(child.stderr).text();
  let hasEnded = false;
  const ended = child.status.then(() => {
    hasEnded = true;
  });
  return {
    uri,
    async kill() {
      if (!hasEnded) child.kill("SIGKILL");
      await ended;
      await said;
    },
    async ready() {
      const deadlineMs = Date.now() + START_MS_MAX;
      while (!await answers(`${uri}/v1/config`).catch(() => false)) {
        if (hasEnded) throw new Error(`serve ended before it answered: ${await said}`);
        if (Date.now() > deadlineMs) throw new Error("serve does not answer");
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    },
  };
}
