import assert from "node:assert/strict";
import type { EncodeJob, EncodeSetup } from "../../lib/encode/job.ts";
import { workInOwnThread } from "../../lib/encode/own_thread.ts";
import { EncodePool } from "../../lib/encode/pool.ts";
import { AuthError, CatalogError, InputError, StorageError, ToolError } from "../../lib/errors.ts";
import type { StoreProperties } from "../../lib/store/credentials.ts";
import { type S3StandIn, startS3StandIn } from "../store/s3_stand_in.ts";
import { columnsOf, readColumn, recordCount, setupOf } from "./encode_support.ts";

const COLUMNS = columnsOf("id:long!", "name:string");

function jobOf(index: number, text: string, directory: string): EncodeJob {
  const bytes = new TextEncoder().encode(text);
  const rows = recordCount(text);
  return {
    index,
    bytes,
    rows,
    firstLine: 1 + index * 10,
    path: `file://${directory}/${index}.parquet`,
  };
}

/** Runs a body with a pool and a directory, both of which are gone afterwards. */
async function withPool(
  size: number | "own thread",
  body: (
    pool: EncodePool,
    place: { readonly directory: string; readonly setup: EncodeSetup },
  ) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "lakekeeper-ingest-pool-" });
  const pool = size === "own thread" ? EncodePool.ofOwnThread() : new EncodePool(size);
  try {
    const setup = setupOf(COLUMNS, { storeLocation: `file://${directory}` });
    await body(pool, { directory, setup });
  } finally {
    pool.close();
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("EncodePool encodes and stores many more jobs than it has workers, each once", async () => {
  await withPool(3, async (pool, { directory, setup }) => {
    pool.setup(setup);
    const chunks = await Promise.all(
      Array.from(
        { length: 20 },
        (_, index) => pool.encode(jobOf(index, `${index},a\n${index + 100},b\n`, directory)),
      ),
    );
    for (const [index, { file }] of chunks.entries()) {
      assert.equal(file.path, `file://${directory}/${index}.parquet`);
      assert.equal(file.recordCount, 2);
      const bytes = await Deno.readFile(`${directory}/${index}.parquet`);
      assert.equal(bytes.length, file.sizeBytes);
      assert.deepEqual(await readColumn(bytes, "id"), [BigInt(index), BigInt(index + 100)]);
      assert.deepEqual(file.columns[0]?.lowerBound?.[0], index);
    }
    const names = await Array.fromAsync(Deno.readDir(directory), (entry) => entry.name);
    assert.equal(names.length, 20);
  });
});

Deno.test("EncodePool keeps jobs that come before setup() until then", async () => {
  await withPool(1, async (pool, { directory, setup }) => {
    const chunk = pool.encode(jobOf(0, "1,a\n", directory));
    pool.setup(setup);
    assert.equal((await chunk).file.recordCount, 1);
  });
});

Deno.test("EncodePool.grow() adds workers, whether the setup is known by then or not", async () => {
  await withPool(1, async (pool, { directory, setup }) => {
    pool.grow(2);
    pool.setup(setup);
    pool.grow(3);
    pool.grow(1);
    const taken = new Set<number>();
    const encode = (index: number) =>
      pool.encode(jobOf(index, `${index},a\n`, directory), {
        onTaken: (worker) => taken.add(worker),
      });
    const chunks = await Promise.all([0, 1, 2, 3, 4, 5].map(encode));
    assert.deepEqual(chunks.map(({ file }) => file.recordCount), [1, 1, 1, 1, 1, 1]);
    assert.deepEqual([...taken].sort(), [0, 1, 2]);
  });
});

Deno.test("EncodePool of its own thread does the same", async () => {
  await withPool("own thread", async (pool, { directory, setup }) => {
    const early = pool.encode(jobOf(0, "1,a\n", directory));
    pool.setup(setup);
    const told: string[] = [];
    const job = jobOf(1, "2,b\n3,c\n", directory);
    const second = await pool.encode(job, {
      onTaken: (worker) => told.push(`taken by ${worker}`),
      onReleased: () => told.push("released"),
    });
    assert.equal((await early).file.recordCount, 1);
    assert.equal(second.file.recordCount, 2);
    assert.deepEqual(told, ["taken by 0", "released"]);
    // Nothing is given away, since nobody else could have it.
    assert.equal(job.bytes.length, 8);
    const bytes = await Deno.readFile(`${directory}/1.parquet`);
    assert.deepEqual(await readColumn(bytes, "id"), [2n, 3n]);
    const { path: _, ...piece } = jobOf(2, "4,d\n", directory);
    const part = await pool.encodePart(piece);
    assert.equal(part.rows, 1);
    await assert.rejects(
      pool.encode(jobOf(3, "5,e\nx,f\n", directory)),
      (error) => error instanceof InputError && error.place?.line === 32,
    );
  });
});

Deno.test("EncodePool of its own thread is closed as any other", async () => {
  await withPool("own thread", async (pool, { directory, setup }) => {
    pool.setup(setup);
    const under = pool.encode(jobOf(0, "1,a\n", directory));
    pool.close();
    await assert.rejects(under, /the pool is closed/);
    await assert.rejects(pool.encode(jobOf(1, "1,a\n", directory)), /the pool is closed/);
  });
});

Deno.test("workInOwnThread() begins with a job in a later turn, when the steps before it have been taken", async () => {
  const seen: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const worker = workInOwnThread(() =>
    Promise.resolve((scope) => {
      scope.onmessage = () => {
        seen.push("job");
        resolve();
      };
    })
  );
  worker.postMessage({}, []);
  for (let steps = 1; steps <= 20; steps++) await Promise.resolve();
  seen.push("20 steps");
  await promise;
  assert.deepEqual(seen, ["20 steps", "job"]);
});

Deno.test("workInOwnThread() tells the pool when there is nothing to do the work", async () => {
  const worker = workInOwnThread(() => Promise.reject(new Error("not to be had")));
  const { promise, resolve } = Promise.withResolvers<string>();
  worker.onerror = ({ message }) => resolve(message);
  assert.equal(await promise, "not to be had");
});

Deno.test("EncodePool takes the job's bytes away instead of copying them", async () => {
  await withPool(1, async (pool, { directory, setup }) => {
    pool.setup(setup);
    const job = jobOf(0, "1,a\n", directory);
    await pool.encode(job);
    assert.equal(job.bytes.byteLength, 0);
  });
});

Deno.test("EncodePool reads shared memory, and says once and in time when it is done with it", async () => {
  await withPool(1, async (pool, { directory, setup }) => {
    pool.setup(setup);
    const job = jobOf(0, "1,a\n", directory);
    const bytes = new Uint8Array(new SharedArrayBuffer(job.bytes.length));
    bytes.set(job.bytes);
    const told: string[] = [];
    const encoding = pool.encode({ ...job, bytes }, { onReleased: () => told.push("released") });
    await encoding.then(({ file }) => told.push(`${file.recordCount} row`));
    assert.deepEqual(told, ["released", "1 row"]);
    assert.equal(bytes.length, 4);
  });
});

Deno.test("EncodePool passes an InputError on with its place, and goes on with the next job", async () => {
  await withPool(1, async (pool, { directory, setup }) => {
    pool.setup(setup);
    const bad = pool.encode(jobOf(3, "1,a\nx,b\n", directory));
    const good = pool.encode(jobOf(4, "2,c\n", directory));
    await assert.rejects(bad, (error) => {
      assert.ok(error instanceof InputError);
      assert.equal(error.exitCode, 3);
      assert.deepEqual(error.place, {
        file: "sample.csv",
        line: 32,
        column: "id",
        value: "x",
        expected: "long",
      });
      return true;
    });
    assert.equal((await good).file.recordCount, 1);
    await assert.rejects(Deno.stat(`${directory}/3.parquet`), Deno.errors.NotFound);
  });
});

Deno.test("EncodePool rejects with StorageError when the file cannot be written", async () => {
  await withPool(1, async (pool, { directory, setup }) => {
    await Deno.writeTextFile(`${directory}/file`, "");
    pool.setup(setup);
    await assert.rejects(pool.encode(jobOf(0, "1,a\n", `${directory}/file`)), (error) => {
      assert.ok(error instanceof StorageError);
      assert.equal(error.exitCode, 7);
      assert.match(error.message, /^Cannot write ".*\/file\/0\.parquet": /);
      return true;
    });
  });
});

Deno.test("EncodePool rejects every job when its store cannot be opened", async () => {
  await withPool(1, async (pool, { directory, setup }) => {
    pool.setup({ ...setup, storeLocation: "ftp://host/w" });
    for (const index of [0, 1]) {
      await assert.rejects(pool.encode(jobOf(index, "1,a\n", directory)), (error) => {
        assert.ok(error instanceof ToolError);
        assert.equal(error.exitCode, 2);
        assert.match(error.message, /ftp/);
        return true;
      });
    }
  });
});

Deno.test("EncodePool.close() rejects what waits, what is at work and what comes later", async () => {
  await withPool(1, async (pool, { directory, setup }) => {
    pool.setup(setup);
    const rows = "1,a\n".repeat(200_000);
    const jobs = [0, 1, 2].map((index) => pool.encode(jobOf(index, rows, directory)));
    pool.close();
    const late = pool.encode(jobOf(3, rows, directory));
    for (const job of [...jobs, late]) {
      await assert.rejects(job, {
        name: "ToolError",
        message: "Cannot encode: the pool is closed",
      });
    }
  });
});

/** A pool on an S3 stand-in that takes the key `new` only, of workers that begin with `old`. */
async function withExpiredKeys(
  size: number,
  refresh: (endpoint: string) => Promise<StoreProperties>,
  body: (pool: EncodePool, standIn: S3StandIn) => Promise<void>,
): Promise<void> {
  const standIn = startS3StandIn({
    accepts: (key) => key === "new" ? undefined : { status: 400, code: "ExpiredToken" },
  });
  const pool = new EncodePool(size);
  const storeProperties = keysOf("old", standIn.endpoint);
  try {
    pool.setup(setupOf(COLUMNS, { storeLocation: "s3://b/t", storeProperties }), {
      refresh: () => refresh(standIn.endpoint),
    });
    await body(pool, standIn);
  } finally {
    pool.close();
    await standIn.close();
  }
}

function keysOf(key: string, endpoint: string): StoreProperties {
  return {
    "s3.endpoint": endpoint,
    "s3.access-key-id": key,
    "s3.secret-access-key": "secret",
  };
}

function s3Job(index: number): EncodeJob {
  return { ...jobOf(index, "1,a\n", ""), path: `s3://b/t/${index}.parquet` };
}

Deno.test("EncodePool gives fresh credentials to all workers whose own have expired", async () => {
  let asked = 0;
  const refresh = async (endpoint: string) => {
    asked++;
    await new Promise((resolve) => setTimeout(resolve, 100));
    return keysOf("new", endpoint);
  };
  await withExpiredKeys(2, refresh, async (pool, { objects, signers }) => {
    await Promise.all([0, 1, 2, 3, 4, 5].map((index) => pool.encode(s3Job(index))));
    assert.equal(objects.size, 6);
    assert.equal(signers.filter((key) => key === "new").length, 6);
    // Each worker is refused once at most, and those that ask at the same time are answered together.
    assert.ok(signers.length <= 8, `${signers}`);
    assert.ok(asked >= 1 && asked <= 2, `asked ${asked} times`);
  });
});

Deno.test("EncodePool rejects with AuthError when no fresh credentials can be had", async () => {
  const refresh = () => Promise.reject(new CatalogError("Cannot load table: it is gone"));
  await withExpiredKeys(1, refresh, async (pool) => {
    await assert.rejects(pool.encode(s3Job(0)), (error) => {
      assert.ok(error instanceof AuthError);
      assert.equal(error.exitCode, 6);
      assert.match(
        error.message,
        /HTTP 400 \(ExpiredToken: .*; then: Cannot load table: it is gone$/,
      );
      return true;
    });
  });
});

Deno.test("EncodePool has a worker encode the next chunk while the one before is on its way, and no third", async () => {
  const told: string[] = [];
  // The first object is not taken before the second chunk has been parsed.
  const standIn = startS3StandIn({
    faultOf: ({ target }) =>
      target.includes("/0.parquet") && !told.includes("1 released")
        ? { status: 503, code: "SlowDown" }
        : undefined,
  });
  const pool = new EncodePool(1);
  try {
    const storeProperties = keysOf("key", standIn.endpoint);
    pool.setup(setupOf(COLUMNS, { storeLocation: "s3://b/t", storeProperties }));
    await Promise.all([0, 1, 2].map(async (index) => {
      const job = { ...jobOf(index, `${index},a\n`, ""), path: `s3://b/t/${index}.parquet` };
      await pool.encode(job, { onReleased: () => told.push(`${index} released`) });
      told.push(`${index} stored`);
    }));
    const order = ["0 released", "1 released", "0 stored", "2 released"];
    assert.deepEqual(told.filter((word) => order.includes(word)), order);
    for (const index of [0, 1, 2]) {
      const { bytes } = standIn.objects.get(`/b/t/${index}.parquet`)!;
      assert.deepEqual(await readColumn(bytes, "id"), [BigInt(index)]);
    }
  } finally {
    pool.close();
    await standIn.close();
  }
});
