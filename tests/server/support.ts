/** What the tests of the server share: a client that is as plain as can be, and small requests. */
import { type Json, parseJson, stringifyJson } from "../../lib/table/json.ts";
import type { TableMetadata, Update } from "../../lib/table/metadata.ts";
import { type RunningCatalog, type ServerOptions, startServer } from "../../lib/server/serve.ts";

/** An answer, read whole. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // deno-lint-ignore no-explicit-any -- tests read the fields that they expect
  readonly body: any;
}

/** Sends a request and reads the answer, with int64 kept whole. */
export async function call(
  method: string,
  url: string,
  options: { readonly body?: unknown; readonly headers?: Record<string, string> } = {},
): Promise<Answer> {
  const { body, headers = {} } = options;
  const response = await fetch(url, {
    method,
    headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : stringifyJson(body) }),
  });
  const text = await response.text();
  const { status } = response;
  return { status, headers: response.headers, body: text === "" ? undefined : parseJson(text) };
}

/** Sends bytes as they are: no URL of this client's is in between. */
export async function rawRequest(uri: string, target: string): Promise<string> {
  const { hostname, port } = new URL(uri);
  const connection = await Deno.connect({ hostname, port: Number(port) });
  const head = `GET ${target} HTTP/1.1\r\nHost: ${hostname}\r\nConnection: close\r\n\r\n`;
  await connection.write(new TextEncoder().encode(head));
  return await new Response(connection.readable).text();
}

/** The names in a directory, in order. */
export async function namesIn(directory: string): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(directory));
  return entries.map((entry) => entry.name).sort();
}

/** The names of the directories in a directory, in order. */
export async function directoriesIn(directory: string): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(directory));
  return entries.filter((entry) => entry.isDirectory).map((entry) => entry.name).sort();
}

/** A schema of two columns. */
export const SCHEMA = {
  type: "struct",
  "schema-id": 0,
  fields: [
    { id: 1, name: "id", type: "long", required: true },
    { id: 2, name: "name", type: "string", required: false },
  ],
} as const;

/** Runs a test against a server on an empty warehouse in a temporary directory. */
export async function withServer(
  test: (context: { uri: string; directory: string; server: RunningCatalog }) => Promise<void>,
  options: Partial<ServerOptions> = {},
): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "ingest-server-" });
  const server = await startServer({
    warehouses: [{ name: "demo", root: directory }],
    ...options,
  });
  try {
    await test({ uri: `${server.uri}/v1`, directory, server });
  } finally {
    await server.close();
    await Deno.remove(directory, { recursive: true });
  }
}

/** Makes namespace `ns` and a table in it; gives the table's URL and its first metadata. */
export async function makeTable(
  uri: string,
  name = "t",
  properties: Record<string, string> = {},
): Promise<{ url: string; metadata: TableMetadata }> {
  await call("POST", `${uri}/namespaces`, { body: { namespace: ["ns"] } });
  const made = await call("POST", `${uri}/namespaces/ns/tables`, {
    body: { name, schema: SCHEMA, properties },
  });
  if (made.status !== 200) throw new Error(`Cannot make the table: ${stringifyJson(made.body)}`);
  return { url: `${uri}/namespaces/ns/tables/${name}`, metadata: made.body.metadata };
}

let lastSnapshotId = BigInt(Number.MAX_SAFE_INTEGER);

/** A snapshot id that no number of JavaScript holds exactly. */
export function newSnapshotId(): bigint {
  lastSnapshotId += 2n;
  return lastSnapshotId;
}

/** The head of main, or null. */
export function headOf(metadata: TableMetadata): bigint | null {
  const ref = metadata.refs?.["main"];
  return ref === undefined ? null : BigInt(ref["snapshot-id"]);
}

/** The body of a commit that puts an empty snapshot on top of what `base` shows. */
export function appendRequest(base: TableMetadata, snapshotId: bigint): Record<string, unknown> {
  const head = headOf(base);
  const updates: Update[] = [
    {
      action: "add-snapshot",
      snapshot: {
        "snapshot-id": snapshotId,
        ...(head === null ? {} : { "parent-snapshot-id": head }),
        "sequence-number": Number(base["last-sequence-number"] ?? 0) + 1,
        "timestamp-ms": Math.max(Date.now(), base["last-updated-ms"]),
        "manifest-list": `${base.location}/metadata/snap-${snapshotId}.avro`,
        summary: { operation: "append" },
        "schema-id": 0,
        ...(base["format-version"] > 2
          ? { "first-row-id": base["next-row-id"] ?? 0, "added-rows": 0 }
          : {}),
      },
    },
    { action: "set-snapshot-ref", "ref-name": "main", type: "branch", "snapshot-id": snapshotId },
  ];
  return {
    requirements: [
      { type: "assert-table-uuid", uuid: base["table-uuid"] },
      { type: "assert-ref-snapshot-id", ref: "main", "snapshot-id": head },
    ],
    updates,
  };
}

/** The ids from the head of main down to the first snapshot; each must be there. */
export function chainOf(metadata: TableMetadata): bigint[] {
  const parents = new Map(
    (metadata.snapshots ?? []).map((snapshot) => [
      BigInt(snapshot["snapshot-id"]),
      snapshot["parent-snapshot-id"],
    ]),
  );
  const chain: bigint[] = [];
  let id: Json | undefined = headOf(metadata);
  while (id !== null && id !== undefined) {
    const whole = BigInt(id as bigint);
    if (!parents.has(whole)) throw new Error(`snapshot ${whole} is missing`);
    chain.push(whole);
    id = parents.get(whole);
  }
  return chain;
}

/** A server in a process of its own, which can be killed. */
export async function startProcess(
  directory: string,
): Promise<{ uri: string; kill(): Promise<void> }> {
  const script = `
    import { startServer } from ${
    JSON.stringify(new URL("../../lib/server/serve.ts", import.meta.url).href)
  };
    const server = await startServer({
      warehouses: [{ name: "demo", root: ${JSON.stringify(directory)} }],
    });
    console.log(server.uri);
  `;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", `data:text/typescript,${encodeURIComponent(script)}`],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes("\n")) {
    const { value, done } = await reader.read();
    if (done) throw new Error("the server process ended before it listened");
    text += value;
  }
  return {
    uri: `${text.trim()}/v1`,
    async kill() {
      child.kill("SIGKILL");
      await reader.cancel();
      await child.status;
    },
  };
}
