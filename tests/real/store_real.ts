/** The S3 store on a real server that checks signatures: versitygw. */
import assert from "node:assert/strict";
import { AuthError, StorageError } from "../../lib/errors.ts";
import type { StoreOptions } from "../../lib/store/open_store.ts";
import { openStore } from "../../lib/store/open_store.ts";
import type { Store } from "../../lib/store/store.ts";
import { pyicebergS3Properties } from "./parts/s3_server.ts";
import { startVersitygw } from "./parts/versitygw.ts";

const s3 = await startVersitygw();
const PROPERTIES = pyicebergS3Properties(s3);
const ROOT = `s3://${s3.bucket}/tables/t`;

async function withStore(
  test: (store: Store, requests: string[]) => Promise<void>,
  options: StoreOptions & { readonly properties?: Readonly<Record<string, string>> } = {},
): Promise<void> {
  const { properties, ...rest } = options;
  const requests: string[] = [];
  const store = await openStore(ROOT, { ...PROPERTIES, ...properties }, {
    onRequest: ({ method, status, error }) => requests.push(`${method} ${status ?? error}`),
    ...rest,
  });
  try {
    await test(store, requests);
  } finally {
    store.close();
  }
}

Deno.test("S3Store writes, finds, reads and removes objects, and its writes need one request", async () => {
  await withStore(async (store, requests) => {
    for (const sizeBytes of [0, 1, 5_000_000]) {
      const location = `${ROOT}/data/ü x+y=${sizeBytes}.parquet`;
      const bytes = new Uint8Array(sizeBytes).fill(7);
      await store.write(location, bytes);
      assert.equal(await store.sizeOf(location), sizeBytes);
      assert.deepEqual(await store.read(location), bytes);
      await store.remove(location);
      await store.remove(location);
      assert.equal(await store.sizeOf(location), undefined);
      await assert.rejects(store.read(location), (error) => {
        assert.ok(error instanceof StorageError);
        assert.match(
          error.message,
          /bucket "lake" key "tables\/t\/data\/ü.*": HTTP 404 \(NoSuchKey/,
        );
        return true;
      });
    }
    // The server's ETag is the MD5 of what it has: no HEAD beside those that were asked for.
    assert.equal(requests.filter((request) => request.startsWith("PUT")).length, 3);
    assert.equal(requests.filter((request) => request.startsWith("HEAD")).length, 6);
  });
});

Deno.test("S3Store.list() gives every object below a directory, over several pages", async () => {
  await withStore(async (store, requests) => {
    const locations = Array.from({ length: 1_050 }, (_, n) => `${ROOT}/many/${n % 7}/${n}.avro`);
    const bytes = new Uint8Array(3);
    for (let at = 0; at < locations.length; at += 50) {
      await Promise.all(locations.slice(at, at + 50).map((one) => store.write(one, bytes)));
    }
    await store.write(`s3://${s3.bucket}/tables/t/many2/x`, bytes);
    requests.length = 0;
    const found = await Array.fromAsync(store.list(`${ROOT}/many/`));
    assert.deepEqual(found.map(({ location }) => location).sort(), locations.sort());
    for (const { sizeBytes, modifiedMs } of found) {
      assert.equal(sizeBytes, 3);
      assert.ok(Math.abs(modifiedMs - Date.now()) < 120_000);
    }
    assert.deepEqual(requests, ["GET 200", "GET 200"]);
    assert.deepEqual(await Array.fromAsync(store.list(`${ROOT}/none`)), []);
  });
});

Deno.test("S3Store replaces credentials that the server refuses, and else ends with an AuthError", async () => {
  const wrong = { "s3.secret-access-key": "not-the-secret" };
  const location = `${ROOT}/data/1.parquet`;
  let asked = 0;
  const refresh = () => {
    asked++;
    return Promise.resolve(PROPERTIES);
  };
  await withStore(async (store, requests) => {
    await store.write(location, new Uint8Array(5));
    assert.equal(await store.sizeOf(location), 5);
    assert.deepEqual(requests, ["PUT 403", "PUT 200", "HEAD 200"]);
    assert.equal(asked, 1);
  }, { properties: wrong, refresh });
  for (const options of [{}, { refresh: () => Promise.resolve({ ...PROPERTIES, ...wrong }) }]) {
    await withStore(async (store) => {
      await assert.rejects(store.write(location, new Uint8Array(5)), (error) => {
        assert.ok(error instanceof AuthError);
        assert.match(error.message, /HTTP 403 \(SignatureDoesNotMatch/);
        assert.doesNotMatch(`${error.message}${error.hint}`, /not-the-secret/);
        return true;
      });
    }, { properties: wrong, ...options });
  }
});

Deno.test("S3Store gets over a server that is stopped and comes back", async () => {
  // Between the store and the server, so that the server itself need not end.
  const target = new URL(s3.endpoint);
  const first = forward(target);
  const { port } = first;
  const endpoint = `http://127.0.0.1:${port}`;
  await withStore(async (store) => {
    await store.write(`${ROOT}/data/before`, new Uint8Array(1));
    await first.close();
    const writing = store.write(`${ROOT}/data/after`, new Uint8Array(9));
    await new Promise((resolve) => setTimeout(resolve, 500));
    const second = forward(target, port);
    await writing;
    assert.equal(await store.sizeOf(`${ROOT}/data/after`), 9);
    await second.close();
  }, { properties: { "s3.endpoint": endpoint } });
});

/** Passes bytes on as they are. */
function forward(
  target: URL,
  port = 0,
): { readonly port: number; close(): Promise<void> } {
  const listener = Deno.listen({ hostname: "127.0.0.1", port });
  const open = new Set<Deno.TcpConn>();
  const pipes: Promise<unknown>[] = [];
  const accepting = (async () => {
    for await (const client of listener) {
      const server = await Deno.connect({ hostname: target.hostname, port: Number(target.port) });
      open.add(client).add(server);
      pipes.push(
        client.readable.pipeTo(server.writable).catch(() => {}),
        server.readable.pipeTo(client.writable).catch(() => {}),
      );
    }
  })();
  return {
    port: listener.addr.port,
    async close() {
      listener.close();
      for (const connection of open) {
        try {
          connection.close();
        } catch {
          // Its pipe has closed it.
        }
      }
      await Promise.all([accepting, ...pipes]);
    },
  };
}

Deno.test.afterAll(() => s3.stop());
