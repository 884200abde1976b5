/** The store of each kind of location. */
import assert from "node:assert/strict";
import { UsageError } from "../../lib/errors.ts";
import { openStore } from "../../lib/store/open_store.ts";

Deno.test("openStore() opens the local disk for file locations and bare paths", async () => {
  const directory = await Deno.makeTempDir();
  try {
    for (const location of [`file://${directory}/a`, `file:${directory}/b`, `${directory}/c:d`]) {
      const store = await openStore(location, {});
      await store.write(location, new Uint8Array([1]));
      assert.deepEqual(await store.read(location), new Uint8Array([1]));
      store.close();
    }
    const names = (await Array.fromAsync(Deno.readDir(directory))).map(({ name }) => name);
    assert.deepEqual(names.sort(), ["a", "b", "c:d"]);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("openStore() opens S3 for its three schemes", async () => {
  for (const scheme of ["s3", "s3a", "S3N"]) {
    const store = await openStore(`${scheme}://b/k`, { "s3.region": "r" });
    store.close();
  }
});

Deno.test("openStore() refuses a scheme that it does not know, by name", async () => {
  for (const scheme of ["gs", "abfss", "hdfs", "memory"]) {
    await assert.rejects(openStore(`${scheme}://b/k`, {}), (error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, new RegExp(`"${scheme}://b/k": scheme "${scheme}" is unknown`));
      return true;
    });
  }
});
