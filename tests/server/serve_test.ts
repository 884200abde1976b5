/** Starting and stopping the catalog, as a server and in a worker. */
import assert from "node:assert/strict";
import { AuthError, StorageError, ToolError, UsageError } from "../../lib/errors.ts";
import { startInProcessCatalog } from "../../lib/server/in_process.ts";
import { type RequestEvent, startServer } from "../../lib/server/serve.ts";
import { stringifyJson } from "../../lib/table/json.ts";
import { appendRequest, call, headOf, makeTable, newSnapshotId, withServer } from "./support.ts";

async function withDirectory(test: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "ingest-serve-" });
  try {
    await test(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("startServer() refuses an address that others can reach", async () => {
  await withDirectory(async (directory) => {
    for (const host of ["0.0.0.0", "::", "192.168.1.5", "example.org", "127.0.0.1.example.org"]) {
      await assert.rejects(
        startServer({ warehouses: [{ name: "demo", root: directory }], host }),
        (error) => {
          assert.ok(error instanceof UsageError);
          assert.match(error.hint ?? "", /--token/);
          return true;
        },
      );
    }
  });
});

Deno.test("startServer() says that a port is taken", async () => {
  await withServer(async ({ server, directory }) => {
    const port = Number(new URL(server.uri).port);
    await assert.rejects(
      startServer({ warehouses: [{ name: "demo", root: directory }], port }),
      (error) => {
        assert.ok(error instanceof ToolError);
        assert.match(error.message, new RegExp(`^Cannot listen on "127.0.0.1:${port}": `));
        assert.match(error.hint ?? "", /another port/);
        return true;
      },
    );
  });
});

Deno.test("startServer() tells of each request once it is answered", async () => {
  const events: RequestEvent[] = [];
  await withServer(async ({ uri }) => {
    await makeTable(uri);
    await call("GET", `${uri}/namespaces/nope?x=%2F`);
  }, { onRequest: (event) => events.push(event) });
  assert.deepEqual(events.map(({ method, path, status }) => `${method} ${path} ${status}`), [
    "POST /catalog/v1/namespaces 200",
    "POST /catalog/v1/namespaces/ns/tables 200",
    "GET /catalog/v1/namespaces/nope?x=%2F 404",
  ]);
  for (const event of events) assert.ok(event.elapsedMs >= 0);
});

Deno.test("startServer() hides what it did not expect from clients, not from onRequest", async () => {
  const events: RequestEvent[] = [];
  await withServer(async ({ uri, directory }) => {
    const { url } = await makeTable(uri);
    await call("DELETE", url);
    const again = await makeTable(uri);
    // What should be the table's directory is a file, and a new server has nothing in memory.
    const path = again.metadata.location.slice("file://".length);
    await Deno.remove(path, { recursive: true });
    await Deno.writeTextFile(path, "");
    const other = await startServer({
      warehouses: [{ name: "demo", root: directory }],
      onRequest: (event) => events.push(event),
    });
    try {
      const { status, body } = await call("GET", `${other.uri}/v1/namespaces/ns/tables/t`);
      assert.equal(status, 500);
      assert.deepEqual(body, {
        error: {
          message: "The catalog failed on this request",
          type: "InternalServerError",
          code: 500,
        },
      });
      assert.ok(events[0]?.error instanceof StorageError);
    } finally {
      await other.close();
    }
  });
});

Deno.test("startServer() answers no page of a web site", async () => {
  await withServer(async ({ uri }) => {
    const { status, body } = await call("GET", `${uri}/config`, {
      headers: { origin: "https://example.org" },
    });
    assert.equal(status, 403);
    assert.equal(body.error.type, "ForbiddenException");
  });
});

Deno.test("close() answers the requests under way and may be called twice", async () => {
  await withDirectory(async (directory) => {
    const server = await startServer({ warehouses: [{ name: "demo", root: directory }] });
    const { url, metadata } = await makeTable(`${server.uri}/v1`);
    const id = newSnapshotId();
    const { hostname, port, pathname } = new URL(url);
    const connect = async (text: string) => {
      const connection = await Deno.connect({ hostname, port: Number(port) });
      await connection.write(new TextEncoder().encode(text));
      return connection;
    };
    const body = stringifyJson(appendRequest(metadata, id));
    const head = `POST ${pathname} HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n`;
    const idle = await connect("GET /cat");
    const half = await connect(head + body.slice(0, 10));
    await new Promise((resolve) => setTimeout(resolve, 100));
    const whole = await connect(head + body);
    await new Promise((resolve) => setTimeout(resolve, 1));
    const closing = Promise.all([server.close(), server.close()]);
    // Deno cuts off a body that has not all come, or waits for it; neither may harm the table.
    await half.write(new TextEncoder().encode(body.slice(10))).catch(() => {});
    const answers = await Promise.all(
      [whole, half].map((connection) => new Response(connection.readable).text()),
    );
    await closing;
    idle.close();
    await assert.rejects(Deno.connect({ hostname, port: Number(port) }));
    const acknowledged = answers.filter((answer) => answer.startsWith("HTTP/1.1 200"));
    assert.deepEqual(answers.filter((answer) => answer.startsWith("HTTP/1.1 500")), []);

    const again = await startServer({ warehouses: [{ name: "demo", root: directory }] });
    try {
      const { body: { metadata } } = await call("GET", `${again.uri}/v1/namespaces/ns/tables/t`);
      assert.equal(acknowledged.length > 0, headOf(metadata) === id);
    } finally {
      await again.close();
    }
  });
});

Deno.test("startInProcessCatalog() serves from a worker and frees its port", async () => {
  await withDirectory(async (directory) => {
    const catalog = await startInProcessCatalog({ warehouseDirectory: `${directory}/new/lake` });
    const { url, metadata } = await makeTable(`${catalog.uri}/v1`);
    const { status } = await call("POST", url, { body: appendRequest(metadata, newSnapshotId()) });
    assert.equal(status, 200);
    assert.equal((await call("GET", `${catalog.uri}/v1/config?warehouse=demo`)).status, 200);
    await Promise.all([catalog.close(), catalog.close()]);
    const port = Number(new URL(catalog.uri).port);
    await assert.rejects(Deno.connect({ hostname: "127.0.0.1", port }));
    assert.ok((await Deno.stat(`${directory}/new/lake/catalog.db`)).isFile);
  });
});

Deno.test("startInProcessCatalog() brings the failure of its worker as a ToolError", async () => {
  await withDirectory(async (directory) => {
    await Deno.writeTextFile(`${directory}/file`, "");
    const cases: ReadonlyArray<[string, RegExp]> = [
      [`${directory}/file`, /^Cannot make the warehouse directory "[^"]+\/file": /],
      [`${directory}/file/below`, /^Cannot make the warehouse directory/],
    ];
    for (const [warehouseDirectory, pattern] of cases) {
      await assert.rejects(startInProcessCatalog({ warehouseDirectory }), (error) => {
        assert.ok(error instanceof ToolError);
        assert.match(error.message, pattern);
        assert.ok(error.hint);
        return true;
      });
    }
  });
});

Deno.test("startInProcessCatalog() names a damaged database", async () => {
  await withDirectory(async (directory) => {
    await Deno.writeTextFile(`${directory}/catalog.db`, "no database".repeat(1000));
    await assert.rejects(startInProcessCatalog({ warehouseDirectory: directory }), (error) => {
      assert.ok(error instanceof ToolError);
      assert.match(error.message, /^Cannot open the catalog "[^"]+catalog.db": .*not a database/);
      assert.ok(error.hint);
      return true;
    });
  });
});

Deno.test("startInProcessCatalog() stops when it is aborted", async () => {
  await withDirectory(async (directory) => {
    await assert.rejects(
      startInProcessCatalog({ warehouseDirectory: directory, signal: AbortSignal.abort() }),
      /Cannot run the embedded catalog: stopped/,
    );
  });
});

Deno.test({
  name: "startServer() calls a directory that it may not write to an AuthError",
  permissions: { read: true, write: false, net: true },
  async fn() {
    await assert.rejects(
      startServer({ warehouses: [{ name: "demo", root: "/no/such/lake" }] }),
      (error) => error instanceof AuthError && /rights/.test(error.hint ?? ""),
    );
  },
});
