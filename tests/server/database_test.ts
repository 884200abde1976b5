import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { StorageError } from "../../lib/errors.ts";
import { CatalogDatabase } from "../../lib/server/database.ts";

async function withPath(test: (path: string) => void): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "ingest-database-" });
  try {
    test(`${directory}/catalog.db`);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

function row(name: string, metadataLocation = "m0") {
  return { namespace: ["ns"], name, uuid: "u", location: `/w/ns/${name}`, metadataLocation };
}

function move(name: string, from: string, to: string) {
  return { namespace: ["ns"], name, from, to, location: `/w/ns/${name}` };
}

Deno.test("CatalogDatabase syncs every commit and shares its file", async () => {
  await withPath((path) => {
    const one = new CatalogDatabase(path);
    const two = new CatalogDatabase(path);
    one.createNamespace(["ns"], { a: "b" });
    assert.deepEqual(two.namespaceProperties(["ns"]), { a: "b" });
    one.close();
    one.close();
    two.close();
    const raw = new DatabaseSync(path);
    assert.equal(raw.prepare("PRAGMA journal_mode").get()?.["journal_mode"], "wal");
    assert.equal(raw.prepare("PRAGMA user_version").get()?.["user_version"], 2);
    raw.close();
  });
});

Deno.test("CatalogDatabase.movePointers() moves a pointer only from where it is", async () => {
  await withPath((path) => {
    const database = new CatalogDatabase(path);
    database.createNamespace(["ns"], {});
    database.insertTable(row("a"));
    assert.equal(database.movePointers([move("a", "m0", "m1")]), undefined);
    const late = move("a", "m0", "m2");
    assert.equal(database.movePointers([late]), late);
    assert.equal(database.findTable(["ns"], "a")?.metadataLocation, "m1");
    database.close();
  });
});

Deno.test("CatalogDatabase.movePointers() moves all pointers or none", async () => {
  await withPath((path) => {
    const database = new CatalogDatabase(path);
    database.createNamespace(["ns"], {});
    database.insertTable(row("a"));
    database.insertTable(row("b", "m5"));
    const late = move("b", "m4", "m6");
    assert.equal(database.movePointers([move("a", "m0", "m1"), late]), late);
    assert.equal(database.findTable(["ns"], "a")?.metadataLocation, "m0");
    assert.equal(
      database.movePointers([move("a", "m0", "m1"), move("b", "m5", "m6")]),
      undefined,
    );
    assert.equal(database.findTable(["ns"], "b")?.metadataLocation, "m6");
    database.close();
  });
});

Deno.test("CatalogDatabase refuses what its tables do not allow", async () => {
  await withPath((path) => {
    const database = new CatalogDatabase(path);
    assert.equal(database.insertTable(row("a")), "noSuchNamespace");
    database.createNamespace(["ns"], {});
    assert.equal(database.insertTable(row("a")), undefined);
    assert.equal(database.insertTable(row("a")), "exists");
    database.insertTable(row("b"));
    const a = { namespace: ["ns"], name: "a" };
    assert.equal(database.renameTable(a, { namespace: ["ns"], name: "b" }), "exists");
    assert.equal(database.renameTable(a, { namespace: ["x"], name: "b" }), "noSuchNamespace");
    assert.equal(database.renameTable({ ...a, name: "c" }, a), "noSuchTable");
    assert.equal(database.dropNamespace(["ns"]), "notEmpty");
    assert.equal(database.dropNamespace(["x"]), "noSuchNamespace");
    database.close();
  });
});

Deno.test("CatalogDatabase.isLocationShared() sees locations above and below", async () => {
  await withPath((path) => {
    const database = new CatalogDatabase(path);
    database.createNamespace(["ns"], {});
    database.insertTable(row("a_%"));
    for (const shared of ["/w/ns/a_%", "/w/ns", "/w", "/w/ns/a_%/data"]) {
      assert.equal(database.isLocationShared(shared), true, shared);
    }
    for (const free of ["/w/ns/a_%b", "/w/ns/axx", "/w/n", "/x"]) {
      assert.equal(database.isLocationShared(free), false, free);
    }
    database.close();
  });
});

Deno.test("CatalogDatabase refuses a file of a newer version", async () => {
  await withPath((path) => {
    const raw = new DatabaseSync(path);
    raw.exec("PRAGMA user_version = 99");
    raw.close();
    assert.throws(() => new CatalogDatabase(path), (error) => {
      assert.ok(error instanceof StorageError);
      assert.match(error.message, /its version 99 is newer than 2/);
      return true;
    });
  });
});

Deno.test("CatalogDatabase takes over a file of version 1 with all that is in it", async () => {
  await withPath((path) => {
    const raw = new DatabaseSync(path);
    raw.exec(`
      CREATE TABLE namespaces (name TEXT PRIMARY KEY, properties TEXT NOT NULL)
        STRICT, WITHOUT ROWID;
      CREATE TABLE tables (
        namespace TEXT NOT NULL REFERENCES namespaces (name),
        name TEXT NOT NULL,
        uuid TEXT NOT NULL,
        location TEXT NOT NULL,
        metadata_location TEXT NOT NULL,
        PRIMARY KEY (namespace, name)
      ) STRICT, WITHOUT ROWID;
      INSERT INTO namespaces VALUES ('ns', '{"a":"1"}');
      INSERT INTO tables VALUES ('ns', 'old', 'u', '/w/ns/old', 'm0');
      PRAGMA user_version = 1;
    `);
    raw.close();
    for (let time = 0; time < 2; time += 1) {
      const database = new CatalogDatabase(path);
      assert.deepEqual(database.namespaceProperties(["ns"]), { a: "1" });
      assert.equal(database.findTable(["ns"], "old")?.metadataLocation, "m0");
      assert.equal(database.kindOf(["ns"], "old"), "table");
      assert.deepEqual(database.listViews(["ns"]), []);
      database.close();
    }
  });
});

Deno.test("CatalogDatabase makes a change and what goes with it together, or neither", async () => {
  await withPath((path) => {
    const database = new CatalogDatabase(path);
    database.createNamespace(["ns"], {});
    database.insertTable(row("a"));
    const fail = () => {
      throw new Error("no answer could be kept");
    };
    const a = { namespace: ["ns"], name: "a" };
    const stored = { fingerprint: "f", reply: "{}", finishedMs: 1 };
    assert.throws(() => database.insertTable(row("b"), { onApplied: fail }), /could be kept/);
    assert.equal(database.findTable(["ns"], "b"), undefined);
    assert.throws(() => database.dropTable(["ns"], "a", { onApplied: fail }), /could be kept/);
    assert.ok(database.findTable(["ns"], "a"));
    assert.throws(
      () => database.renameTable(a, { ...a, name: "c" }, { onApplied: fail }),
      /could be kept/,
    );
    assert.ok(database.findTable(["ns"], "a"));
    assert.throws(() => database.createNamespace(["x"], {}, { onApplied: fail }), /could be kept/);
    assert.equal(database.namespaceProperties(["x"]), undefined);
    // A change that is not made keeps no answer either.
    database.insertTable(row("a"), { onApplied: () => database.storeReply("k", stored) });
    assert.equal(database.findReply("k"), undefined);
    database.dropTable(["ns"], "a", { onApplied: () => database.storeReply("k", stored) });
    assert.deepEqual({ ...database.findReply("k") }, { fingerprint: "f", reply: "{}" });
    assert.throws(() => database.storeReply("k", stored), { name: "RequestFailure" });
    database.close();
  });
});

Deno.test("CatalogDatabase keeps the last thousand reports", async () => {
  await withPath((path) => {
    const database = new CatalogDatabase(path);
    const table = { namespace: ["ns"], name: "a" };
    for (let i = 0; i < 1010; i += 1) database.storeReport(table, `{"n":${i}}`, i);
    const reports = database.listReports(table);
    assert.equal(reports.length, 1000);
    assert.equal(reports[0], '{"n":1009}');
    assert.equal(reports.at(-1), '{"n":10}');
    database.close();
  });
});
