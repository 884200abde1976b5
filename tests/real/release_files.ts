/** Releases for the tests of the installer: one made by the dry run, served on loopback. */
import { CHECKSUMS } from "../../tools/release/plan.ts";
import { PROJECT_ROOT } from "./parts/cache.ts";
import { mustRun } from "./parts/child.ts";

/** Makes a release of this machine's target by the dry run. @returns what the run said. */
export async function dryRun(out: string): Promise<string> {
  const script = `${PROJECT_ROOT}tools/release.ts`;
  const config = `--config=${PROJECT_ROOT}deno.json`;
  return await mustRun(
    Deno.execPath(),
    ["run", "-A", "--quiet", config, script, "--dry-run", "--out", out],
  );
}

/** What a server does differently; read at every request, so that a test can change it. */
export interface ServerFaults {
  /** File that is answered 404. */
  missing?: string;
  /** File of which half is sent before the connection is closed. */
  cut?: string;
  /** File of which the head is sent, and then nothing. */
  stalled?: string;
  /** Files whose content is another. */
  replaced?: Readonly<Record<string, Uint8Array | string>>;
}

/** A server of one release, where a project's own would be below `/releases`. */
export class ReleaseServer implements AsyncDisposable {
  readonly faults: ServerFaults = {};
  readonly requests: string[] = [];
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #stalled = Promise.withResolvers<void>();
  readonly #ending = new AbortController();

  constructor(folder: string, version: string) {
    this.#server = Deno.serve(
      {
        hostname: "127.0.0.1",
        port: 0,
        onListen: () => {},
        // A body that is cut on purpose is no error of this server.
        onError: () => new Response(null, { status: 500 }),
        signal: this.#ending.signal,
      },
      async (request) => {
        const { pathname } = new URL(request.url);
        this.requests.push(pathname);
        const [, place, name = ""] = pathname.match(/^\/(.*\/)([^/]+)$/) ?? [];
        const places = ["latest/download/", `download/v${version}/`];
        if (!places.includes(place ?? "") || name === this.faults.missing) {
          return new Response("Not Found", { status: 404 });
        }
        return await this.#answer(folder, name);
      },
    );
  }

  /** Address for `LAKEKEEPER_INGEST_INSTALL_URL`. */
  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  /** Ends when the head of the stalled file has been asked for. */
  get stalled(): Promise<void> {
    return this.#stalled.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.#server.finished;
  }

  async #answer(folder: string, name: string): Promise<Response> {
    const replaced = this.faults.replaced?.[name];
    const content = typeof replaced === "string"
      ? new TextEncoder().encode(replaced)
      : replaced ?? await Deno.readFile(`${folder}/${name}`);
    const headers = { "content-length": String(content.length) };
    const { cut, stalled } = this.faults;
    if (name !== cut && name !== stalled) {
      return new Response(new Uint8Array(content), { headers });
    }
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        controller.enqueue(content.slice(0, content.length / 2));
      },
      pull: async (controller) => {
        if (name === stalled) {
          this.#stalled.resolve();
          await new Promise((resolve) => this.#ending.signal.addEventListener("abort", resolve));
        }
        controller.error(new Error("cut off for a test"));
      },
    });
    return new Response(body, { headers });
  }
}

/** The line of a file of checksums for one file. */
export function checksumLine(checksums: string, name: string): string {
  const line = checksums.split("\n").find((it) => it.endsWith(`  ${name}`));
  if (line === undefined) throw new Error(`Cannot find "${name}" in ${CHECKSUMS}`);
  return line;
}
