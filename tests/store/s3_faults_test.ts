// The S3 store beside a server that fails in every way: what passes is tried again, what does not is
// told with bucket, key and status, and nothing counts as written that is not whole.

import assert from "node:assert/strict";
import { AuthError, StorageError } from "../../lib/errors.ts";
import type { StoreOptions } from "../../lib/store/open_store.ts";
import { openS3Store } from "../../lib/store/s3_store.ts";
import type { Store } from "../../lib/store/store.ts";
import { type Fault, type S3StandIn, type StandInOptions, startS3StandIn } from "./s3_stand_in.ts";

const LOCATION = "s3://b/t/data/1.parquet";
const PATH = "/b/t/data/1.parquet";
const BYTES = crypto.getRandomValues(new Uint8Array(1000));

/** Quick enough for a test: as many attempts, with shorter waits. */
const LIMITS = { budgetMs: 2000, connectBudgetMs: 300, stallMs: 250, waitMsMin: 2, waitMsMax: 20 };

/** Runs a test with a stand-in, and with its store. */
async function withStore(
  standIn: StandInOptions,
  test: (store: Store, server: S3StandIn) => Promise<void>,
  options: StoreOptions & { readonly properties?: Readonly<Record<string, string>> } = {},
): Promise<void> {
  const server = startS3StandIn(standIn);
  const { properties, ...rest } = options;
  const store = openS3Store({
    "s3.endpoint": server.endpoint,
    "s3.access-key-id": "old",
    "s3.secret-access-key": "secret-of-old",
    ...properties,
  }, { limits: LIMITS, ...rest });
  try {
    await test(store, server);
  } finally {
    store.close();
    await server.close();
  }
}

const firstTimes = (times: number, fault: Fault): StandInOptions => ({
  faultOf: (_, count) => count <= times ? fault : undefined,
});

const PASSING: readonly Fault[] = [
  { status: 500, code: "InternalError" },
  { status: 502, code: "BadGateway" },
  { status: 503, code: "SlowDown" },
  { status: 503, code: "ServiceUnavailable" },
  { status: 504, code: "GatewayTimeout" },
  { status: 429, code: "TooManyRequests" },
  { status: 400, code: "RequestTimeout" },
  { status: 400, code: "IncompleteBody" },
  "html",
  "reset",
  "silence",
];

for (const fault of PASSING) {
  const name = typeof fault === "string" ? fault : `${fault.status} ${fault.code}`;
  Deno.test(`S3Store.write() and read() get over ${name}`, async () => {
    await withStore(firstTimes(3, fault), async (store, { objects, seen }) => {
      await store.write(LOCATION, BYTES);
      assert.deepEqual(objects.get(PATH)?.bytes, BYTES);
      assert.deepEqual(seen, Array(4).fill(`PUT ${PATH}`));
    });
    await withStore(firstTimes(2, fault), async (store, { objects, seen }) => {
      objects.set(PATH, { bytes: BYTES, modifiedMs: 0 });
      assert.deepEqual(await store.read(LOCATION), BYTES);
      assert.deepEqual(seen, Array(3).fill(`GET ${PATH}`));
    });
  });
}

for (const fault of ["cutBody", "stallBody"] as const) {
  Deno.test(`S3Store.read() never gives half of an object (${fault})`, async () => {
    await withStore(firstTimes(2, fault), async (store, { objects, seen }) => {
      objects.set(PATH, { bytes: BYTES, modifiedMs: 0 });
      assert.deepEqual(await store.read(LOCATION), BYTES);
      assert.equal(seen.length, 3);
    });
    await withStore({ faultOf: () => fault }, async (store, { objects, seen }) => {
      objects.set(PATH, { bytes: BYTES, modifiedMs: 0 });
      await assert.rejects(store.read(LOCATION), StorageError);
      assert.ok(seen.length > 2);
    });
  });
}

Deno.test("S3Store.write() sends an object again of which the store has kept the half", async () => {
  await withStore(firstTimes(1, "lose"), async (store, { objects, seen }) => {
    await store.write(LOCATION, BYTES);
    assert.deepEqual(objects.get(PATH)?.bytes, BYTES);
    assert.deepEqual(seen, [`PUT ${PATH}`, `HEAD ${PATH}`, `PUT ${PATH}`]);
  });
});

Deno.test("S3Store.write() fails with both sizes when the store never keeps the whole", async () => {
  const faultOf: StandInOptions["faultOf"] = ({ method }) => method === "PUT" ? "lose" : undefined;
  await withStore({ faultOf }, async (store) => {
    await assert.rejects(store.write(LOCATION, BYTES), (error) => {
      assert.ok(error instanceof StorageError);
      assert.match(
        error.message,
        /^Cannot write bucket "b" key "t\/data\/1\.parquet": the store holds 500 of the 1000 bytes/,
      );
      assert.match(error.message, /, after \d+ attempts in \d\.\d s$/);
      return true;
    });
  });
});

Deno.test("S3Store.write() asks for the size only where the ETag proves nothing", async () => {
  await withStore({}, async (store, { seen }) => {
    await store.write(LOCATION, BYTES);
    assert.deepEqual(seen, [`PUT ${PATH}`]);
  });
  await withStore(firstTimes(1, "foreignTag"), async (store, { seen }) => {
    await store.write(LOCATION, BYTES);
    assert.deepEqual(seen, [`PUT ${PATH}`, `HEAD ${PATH}`]);
  });
});

Deno.test("S3Store gives up within its budget, with bucket, key and status", async () => {
  const fault = { status: 503, code: "SlowDown" };
  await withStore({ faultOf: () => fault }, async (store, { seen }) => {
    const startedMs = performance.now();
    await assert.rejects(store.write(LOCATION, BYTES), (error) => {
      assert.ok(error instanceof StorageError);
      assert.match(error.message, /bucket "b" key "t\/data\/1\.parquet": HTTP 503 \(SlowDown: /);
      assert.equal(error.exitCode, 7);
      return true;
    });
    assert.ok(seen.length > 5, `${seen.length} attempts`);
    assert.ok(performance.now() - startedMs < LIMITS.budgetMs + 1000);
  }, { limits: { ...LIMITS, budgetMs: 300 } });
});

Deno.test("S3Store does not try again what the store refuses for good", async () => {
  for (
    const fault of [{ status: 404, code: "NoSuchBucket" }, { status: 400, code: "InvalidArgument" }]
  ) {
    await withStore({ faultOf: () => fault }, async (store, { seen }) => {
      await assert.rejects(store.write(LOCATION, BYTES), StorageError);
      assert.equal(seen.length, 1);
    });
  }
});

Deno.test("S3Store gives up sooner on an address where nothing has ever answered", async () => {
  const server = startS3StandIn();
  await server.close();
  const store = openS3Store({
    "s3.endpoint": server.endpoint,
    "s3.access-key-id": "a",
    "s3.secret-access-key": "s",
  }, { limits: { ...LIMITS, budgetMs: 60_000 } });
  const startedMs = performance.now();
  await assert.rejects(store.read(LOCATION), StorageError);
  assert.ok(performance.now() - startedMs < 10_000);
  store.close();
});

Deno.test("S3Store.write() stops trying when its signal is aborted", async () => {
  const fault = { status: 503, code: "SlowDown" };
  await withStore({ faultOf: () => fault }, async (store, { seen }) => {
    const controller = new AbortController();
    const writing = store.write(LOCATION, BYTES, { signal: controller.signal });
    const rejected = assert.rejects(writing, StorageError);
    while (seen.length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
    controller.abort();
    await rejected;
    const attempts = seen.length;
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.ok(seen.length <= attempts + 1);
  }, { limits: { ...LIMITS, budgetMs: 60_000 } });
});

Deno.test("S3Store.close() ends what is under way", async () => {
  await withStore({ faultOf: () => "silence" }, async (store, { seen }) => {
    const rejected = assert.rejects(store.read(LOCATION), (error) => {
      assert.ok(error instanceof StorageError);
      assert.match(error.message, /the store is closed/);
      return true;
    });
    while (seen.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    store.close();
    await rejected;
  }, { limits: { ...LIMITS, stallMs: 60_000 } });
});

const EXPIRED: Fault = { status: 400, code: "ExpiredToken" };
const DENIED: Fault = { status: 403, code: "AccessDenied" };
const FRESH = { "s3.access-key-id": "new", "s3.secret-access-key": "secret-of-new" };

const takesOnly = (accessKeyId: string, fault: Fault): StandInOptions => ({
  accepts: (signer) => signer === accessKeyId ? undefined : fault,
});

for (const fault of [EXPIRED, DENIED, { status: 401, code: "Unauthorized" }]) {
  Deno.test(`S3Store replaces credentials refused with ${JSON.stringify(fault)}`, async () => {
    const server = takesOnly("new", fault);
    let asked = 0;
    let endpoint = "";
    const refresh = () => {
      asked++;
      return Promise.resolve({ ...FRESH, "s3.endpoint": endpoint });
    };
    await withStore(server, async (store, { signers, ...standIn }) => {
      endpoint = standIn.endpoint;
      await store.write(LOCATION, BYTES);
      assert.deepEqual(await store.read(LOCATION), BYTES);
      assert.deepEqual(signers, ["old", "new", "new"]);
      assert.equal(asked, 1);
    }, { refresh });
  });
}

Deno.test("S3Store asks for fresh credentials once for all requests that need them", async () => {
  let asked = 0;
  let endpoint = "";
  const refresh = async () => {
    asked++;
    await new Promise((resolve) => setTimeout(resolve, 50));
    return { ...FRESH, "s3.endpoint": endpoint };
  };
  await withStore(takesOnly("new", EXPIRED), async (store, standIn) => {
    endpoint = standIn.endpoint;
    await Promise.all([1, 2, 3, 4, 5, 6].map((n) => store.write(`s3://b/${n}`, BYTES)));
    assert.equal(asked, 1);
    assert.equal(standIn.objects.size, 6);
  }, { refresh });
});

Deno.test("S3Store ends with an AuthError when fresh credentials are refused, are none, or are the same", async () => {
  const cases: ReadonlyArray<readonly [StoreOptions, string, number, RegExp]> = [
    [{}, "no refresh", 1, /HTTP 403 \(AccessDenied: [^;]*$/],
    [
      { refresh: () => Promise.reject(new Error("catalog is gone")) },
      "failing",
      1,
      /; then: catalog is gone$/,
    ],
  ];
  for (const [options, name, requests, message] of cases) {
    await withStore({ faultOf: () => DENIED }, async (store, { seen }) => {
      await assert.rejects(store.write(LOCATION, BYTES), (error) => {
        assert.ok(error instanceof AuthError, name);
        assert.equal(error.exitCode, 6);
        assert.match(error.message, message);
        assert.doesNotMatch(error.message, /secret-of/);
        return true;
      });
      assert.equal(seen.length, requests, name);
    }, options);
  }
  for (const [accessKeyId, requests] of [["old", 1], ["new", 2]] as const) {
    let endpoint = "";
    const refresh = () =>
      Promise.resolve({
        "s3.access-key-id": accessKeyId,
        "s3.secret-access-key": `secret-of-${accessKeyId}`,
        "s3.endpoint": endpoint,
      });
    await withStore({ faultOf: () => DENIED }, async (store, standIn) => {
      endpoint = standIn.endpoint;
      await assert.rejects(store.write(LOCATION, BYTES), AuthError);
      assert.equal(standIn.seen.length, requests, accessKeyId);
    }, { refresh });
  }
});

Deno.test("S3Store replaces credentials before they expire, and holds on to them when it cannot", async () => {
  const expires = (inMs: number) => ({
    "s3.session-token-expires-at-ms": String(Date.now() + inMs),
  });
  let endpoint = "";
  let asked = 0;
  const refresh = () => {
    asked++;
    return Promise.resolve({ ...FRESH, ...expires(3_600_000), "s3.endpoint": endpoint });
  };
  // Half of what is left is over at once.
  await withStore({}, async (store, standIn) => {
    endpoint = standIn.endpoint;
    await store.write(LOCATION, BYTES);
    await store.read(LOCATION);
    assert.deepEqual(standIn.signers, ["new", "new"]);
    assert.equal(asked, 1);
  }, { refresh, properties: expires(0) });
  asked = 0;
  await withStore({}, async (store, { signers }) => {
    await store.write(LOCATION, BYTES);
    assert.deepEqual(signers, ["old"]);
    assert.equal(asked, 0);
  }, { refresh, properties: expires(3_600_000) });
  const failing = () => {
    asked++;
    return Promise.reject(new Error("no"));
  };
  await withStore({}, async (store, { signers }) => {
    for (let turn = 0; turn < 3; turn++) await store.write(LOCATION, BYTES);
    assert.deepEqual(signers, ["old", "old", "old"]);
    assert.equal(asked, 1);
  }, { refresh: failing, properties: expires(0) });
});

Deno.test("S3Store.list() goes through every page and takes what is below the directory only", async () => {
  const keys = Array.from({ length: 25 }, (_, n) => `t/data/${n % 3}/${n}.parquet`);
  for (const directory of ["s3://b/t/data", "s3a://b/t/data/", "s3://b/t/data//"]) {
    await withStore(
      { pageKeys: 10, ...firstTimes(1, "reset") },
      async (store, { objects, seen }) => {
        for (const key of [...keys, "t/data2/x", "t/data", "t/data/"]) {
          objects.set(`/b/${key}`, { bytes: BYTES, modifiedMs: 1_700_000_000_000 });
        }
        const found = await Array.fromAsync(store.list(directory));
        const scheme = directory.split(":")[0];
        assert.deepEqual(
          found.map(({ location }) => location).sort(),
          keys.map((key) => `${scheme}://b/${key}`).sort(),
        );
        assert.deepEqual(found[0], {
          location: found[0]!.location,
          sizeBytes: 1000,
          modifiedMs: 1_700_000_000_000,
        });
        assert.equal(seen.length, 4);
      },
    );
  }
  await withStore({}, async (store) => {
    assert.deepEqual(await Array.fromAsync(store.list("s3://b/none")), []);
    assert.deepEqual(await Array.fromAsync(store.list("s3://b")), []);
  });
});

Deno.test("S3Store.sizeOf() tells the size, or that there is no object", async () => {
  await withStore(firstTimes(1, "reset"), async (store) => {
    assert.equal(await store.sizeOf(LOCATION), undefined);
    await store.write(LOCATION, BYTES);
    assert.equal(await store.sizeOf(LOCATION), 1000);
  });
});
