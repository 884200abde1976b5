/** The store on the local disk: whole files or none. */
import assert from "node:assert/strict";
import { AuthError, StorageError } from "../../lib/errors.ts";
import { openFileStore, pathOfLocation } from "../../lib/store/file_store.ts";

const BYTES = new TextEncoder().encode("some bytes");

async function withDirectory(test: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "ingest-store-" });
  try {
    await test(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

function namesIn(directory: string): string[] {
  return [...Deno.readDirSync(directory)].map(({ name }) => name).sort();
}

Deno.test("pathOfLocation() reads file:/, file:///, file://localhost/ and bare paths alike", () => {
  for (const head of ["", "file:", "file://", "file://localhost"]) {
    assert.equal(pathOfLocation(`${head}/a b/c%20d.avro`), "/a b/c%20d.avro", head);
  }
});

Deno.test("pathOfLocation() refuses another host, another scheme and a relative path", () => {
  for (const location of ["file://host/a", "s3://b/a", "a/b", "", "file:", "file:a"]) {
    assert.throws(() => pathOfLocation(location), StorageError, location);
  }
});

Deno.test("FileStore.write() makes the directories that are missing", async () => {
  await withDirectory(async (directory) => {
    const store = openFileStore();
    await store.write(`file://${directory}/a/b/c.avro`, BYTES);
    assert.deepEqual(await store.read(`${directory}/a/b/c.avro`), BYTES);
    // One that has gone meanwhile fails once at most.
    await Deno.remove(`${directory}/a`, { recursive: true });
    await store.write(`${directory}/a/b/d.avro`, BYTES).catch(() => {});
    await store.write(`${directory}/a/b/d.avro`, BYTES);
    assert.deepEqual(namesIn(`${directory}/a/b`), ["d.avro"]);
  });
});

Deno.test("FileStore.write() replaces a file whole and leaves nothing beside it", async () => {
  await withDirectory(async (directory) => {
    const store = openFileStore();
    for (const sync of [true, false]) {
      await store.write(`${directory}/x`, BYTES, { sync });
      await store.write(`${directory}/x`, BYTES.subarray(0, 3), { sync });
      assert.deepEqual(await store.read(`${directory}/x`), BYTES.slice(0, 3));
      assert.deepEqual(namesIn(directory), ["x"]);
    }
  });
});

Deno.test("FileStore.write() of a new file leaves it alone in its directory, or nothing", async () => {
  await withDirectory(async (directory) => {
    const store = openFileStore();
    for (const sync of [true, false]) {
      await store.write(`${directory}/${sync}`, BYTES, { sync, isNew: true });
      assert.deepEqual(await store.read(`${directory}/${sync}`), BYTES);
    }
    const signal = AbortSignal.abort();
    await assert.rejects(
      store.write(`${directory}/x`, BYTES, { isNew: true, signal }),
      StorageError,
    );
    assert.deepEqual(namesIn(directory), ["false", "true"]);
  });
});

Deno.test("FileStore.write() of a new file fails where one is, and leaves that as it was", async () => {
  await withDirectory(async (directory) => {
    const store = openFileStore();
    await store.write(`${directory}/x`, BYTES);
    for (const sync of [true, false]) {
      const writing = store.write(`${directory}/x`, BYTES.subarray(1), { sync, isNew: true });
      await assert.rejects(writing, StorageError);
      assert.deepEqual(await store.read(`${directory}/x`), BYTES);
    }
  });
});

Deno.test("FileStore.write() syncs other files too, and fails when one of them has gone", async () => {
  await withDirectory(async (directory) => {
    const store = openFileStore();
    const others = [`${directory}/a/x`, `file://${directory}/b/y`];
    for (const other of others) await store.write(other, BYTES, { sync: false, isNew: true });
    await store.write(`${directory}/list`, BYTES, { isNew: true, syncToo: others });
    await store.remove(others[0]!);
    await assert.rejects(
      store.write(`${directory}/list2`, BYTES, { isNew: true, syncToo: others }),
      StorageError,
    );
    assert.deepEqual(namesIn(directory), ["a", "b", "list"]);
  });
});

Deno.test("FileStore.write() is never seen half done by a reader", async () => {
  await withDirectory(async (directory) => {
    const store = openFileStore();
    const path = `${directory}/x`;
    const versions = [1, 2].map((byte) => new Uint8Array(2_000_000).fill(byte));
    await store.write(path, versions[0]!);
    let writing = true;
    const writer = (async () => {
      for (let turn = 0; turn < 20; turn++) {
        await store.write(path, versions[turn % 2]!, { sync: false });
      }
      writing = false;
    })();
    let seen = 0;
    while (writing) {
      const bytes = await store.read(path);
      assert.equal(bytes.length, 2_000_000);
      assert.ok(bytes.every((byte) => byte === bytes[0]), "two versions in one file");
      seen++;
    }
    await writer;
    assert.ok(seen > 0);
  });
});

Deno.test("FileStore.write() writes nothing once it is aborted", async () => {
  await withDirectory(async (directory) => {
    const signal = AbortSignal.abort();
    await assert.rejects(openFileStore().write(`${directory}/x`, BYTES, { signal }), StorageError);
    assert.deepEqual(namesIn(directory), []);
  });
});

Deno.test("FileStore.write() that fails names the path and leaves nothing", async () => {
  await withDirectory(async (directory) => {
    // A directory of that name lets the last step, the rename, fail.
    await Deno.mkdir(`${directory}/x/y`, { recursive: true });
    await assert.rejects(openFileStore().write(`${directory}/x`, BYTES), (error) => {
      assert.ok(error instanceof StorageError);
      assert.ok(error.message.startsWith(`Cannot write "${directory}/x": `), error.message);
      return true;
    });
    assert.deepEqual(namesIn(directory), ["x"]);
    // A file where a directory is needed.
    await Deno.writeFile(`${directory}/f`, BYTES);
    await assert.rejects(openFileStore().write(`${directory}/f/z`, BYTES), StorageError);
    assert.deepEqual(namesIn(directory), ["f", "x"]);
  });
});

Deno.test({
  name: "FileStore reports a directory without the right to write as an AuthError",
  permissions: { read: true, write: false },
  async fn() {
    const store = openFileStore();
    const path = "/no-right-to-write-here/x";
    for (const attempt of [() => store.write(path, BYTES), () => store.remove(path)]) {
      await assert.rejects(attempt, (error) => {
        assert.ok(error instanceof AuthError, String(error));
        assert.ok(error.message.includes(`"${path}": `), error.message);
        assert.match(error.hint ?? "", /rights/);
        return true;
      });
    }
  },
});

Deno.test("FileStore.read() names the path of a file that is missing", async () => {
  await withDirectory(async (directory) => {
    await assert.rejects(openFileStore().read(`file:${directory}/none`), (error) => {
      assert.ok(error instanceof StorageError);
      assert.ok(error.message.startsWith(`Cannot read "${directory}/none": `), error.message);
      assert.ok(error.cause instanceof Deno.errors.NotFound);
      return true;
    });
  });
});

Deno.test("FileStore.remove() removes a file, and takes a missing one for done", async () => {
  await withDirectory(async (directory) => {
    const store = openFileStore();
    await store.write(`${directory}/x`, BYTES);
    await store.remove(`file://${directory}/x`);
    assert.deepEqual(namesIn(directory), []);
    await store.remove(`${directory}/x`);
    await store.remove(`${directory}/none/x`);
  });
});

Deno.test("FileStore.list() finds every file at any depth, leftovers of writes cut short too", async () => {
  await withDirectory(async (directory) => {
    const store = openFileStore();
    const names = ["a.avro", "b/c.parquet", "b/d/e.parquet", "b/f.parquet.0.part"];
    for (const name of names) await store.write(`${directory}/${name}`, BYTES);
    await Deno.mkdir(`${directory}/empty`);
    await Deno.symlink(directory, `${directory}/b/link`);
    for (const root of [directory, `file://${directory}`, `file:${directory}`]) {
      for (const slash of ["", "/", "//"]) {
        const found = await Array.fromAsync(store.list(`${root}${slash}`));
        assert.deepEqual(
          found.map(({ location }) => location).sort(),
          names.map((name) => `${root}/${name}`),
        );
        for (const { sizeBytes, modifiedMs } of found) {
          assert.equal(sizeBytes, BYTES.length);
          assert.ok(Math.abs(modifiedMs - Date.now()) < 60_000);
        }
      }
    }
  });
});

Deno.test("FileStore.list() finds nothing in a directory that is missing", async () => {
  await withDirectory(async (directory) => {
    assert.deepEqual(await Array.fromAsync(openFileStore().list(`${directory}/none`)), []);
    await Deno.writeFile(`${directory}/file`, BYTES);
    await assert.rejects(Array.fromAsync(openFileStore().list(`${directory}/file`)), StorageError);
  });
});

Deno.test("FileStore.sizeOf() tells the size, or that there is no file", async () => {
  await withDirectory(async (directory) => {
    const store = openFileStore();
    await store.write(`${directory}/x`, BYTES);
    assert.equal(await store.sizeOf(`file:${directory}/x`), BYTES.length);
    assert.equal(await store.sizeOf(`${directory}/y`), undefined);
  });
});

const STORE_MODULE = new URL("../../lib/store/file_store.ts", import.meta.url).href;

/** Writes 100,000 bytes in a process that may write files of 4 KiB at most, as a full disk does. */
async function writeWithLittleRoom(path: string): Promise<string> {
  const code = `const { openFileStore } = await import("${STORE_MODULE}");
    await openFileStore().write("${path}", new Uint8Array(100_000)).then(
      () => console.log("written"),
      (error) => console.log(\`\${error.name}: \${error.message} \${error.hint}\`),
    );`;
  // With the signal ignored, the write ends after a part, as on a disk that is full.
  const shell = 'trap "" XFSZ; ulimit -f 4; exec "$0" eval "$1"';
  const { stdout, stderr } = await new Deno.Command("bash", {
    args: ["-c", shell, Deno.execPath(), code],
    env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
  }).output();
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
}

Deno.test("FileStore.write() that runs out of room says so, and leaves no part of the file", async () => {
  if (Deno.build.os === "windows") return;
  await withDirectory(async (directory) => {
    const said = await writeWithLittleRoom(`${directory}/x.parquet`);
    assert.match(
      said,
      /^StorageError: Cannot write ".*x\.parquet": File too large.*\(ulimit -f\)/,
    );
    assert.deepEqual(namesIn(directory), []);
  });
});
