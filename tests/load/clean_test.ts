// Cleaning on a real catalog: what no snapshot refers to goes, what any of them refers to stays.

import assert from "node:assert/strict";
import { CatalogError, StorageError } from "../../lib/errors.ts";
import { createHttp, type HttpSend } from "../../lib/rest/http.ts";
import { type LoadFiles, setAge, withTable } from "./clean_support.ts";

const locations = (...files: readonly LoadFiles[]) =>
  files.flatMap(({ data, manifest, list }) => [data, manifest, list]).sort();

/** Leaves what a write that was killed leaves. */
async function leavePart(of: string): Promise<string> {
  const location = `${of}.${crypto.randomUUID()}.part`;
  await Deno.writeFile(location.replace(/^file:\/\//, ""), new Uint8Array(3));
  await setAge(location, 7_200_000);
  return location;
}

Deno.test("runClean() removes every file of the load that no snapshot refers to, and no other", async () => {
  await withTable(async (bench) => {
    const live = [
      await bench.commit("load"),
      await bench.commit("other"),
      await bench.commit("load"),
    ];
    const litter = await bench.write("load");
    const part = await leavePart(live[0]!.data);
    const others = [
      await bench.write("other"),
      await bench.write("load-2"),
      await bench.write("my-load"),
    ];
    const { removed, summary } = await bench.clean();
    assert.deepEqual(removed, [...locations(litter), part].sort());
    assert.deepEqual(await bench.files(), locations(...live, ...others));
    assert.equal(summary.found.files, 10);
    assert.equal(summary.kept.referenced.files, 6);
    assert.equal(summary.removed.files, 4);
    assert.equal(summary.hiddenSnapshots, null);
    // Nothing is left for a second run.
    assert.deepEqual((await bench.clean()).removed, []);
  });
});

Deno.test("runClean() ends well when there is nothing of the load at all", async () => {
  await withTable(async (bench) => {
    await bench.commit("other");
    const { summary, removed } = await bench.clean();
    assert.deepEqual(removed, []);
    assert.deepEqual(summary.found, { files: 0, bytes: 0 });
  });
});

Deno.test("runClean() leaves files that are younger than asked for", async () => {
  await withTable(async (bench) => {
    const old = await bench.write("load");
    const young = await bench.write("load");
    for (const location of locations(young)) await setAge(location, 3_500_000);
    const { removed, summary } = await bench.clean();
    assert.deepEqual(removed, locations(old));
    assert.equal(summary.kept.young.files, 3);
    assert.deepEqual((await bench.clean({ olderThanMs: 3_000_000 })).removed, locations(young));
  });
});

Deno.test("runClean() removes nothing in a dry run, and tells what it would remove", async () => {
  await withTable(async (bench) => {
    const litter = await bench.write("load");
    const { removed, events, summary } = await bench.clean({ dryRun: true });
    assert.deepEqual(removed, []);
    const told = events.flatMap((event) => event.type === "wouldRemove" ? [event.location] : []);
    assert.deepEqual(told.sort(), locations(litter));
    assert.equal(summary.removed.files, 3);
    assert.deepEqual(await bench.files(), locations(litter));
  });
});

Deno.test("runClean() leaves what only a branch, a tag, or a snapshot rolled back refers to", async () => {
  await withTable(async (bench) => {
    const first = await bench.commit("other");
    const onBranch = await bench.commit("load");
    const back = { action: "set-snapshot-ref", "ref-name": "main", type: "branch" } as const;
    const toFirst = { ...back, "snapshot-id": first.snapshotId };
    await bench.update([
      { ...back, "ref-name": "side", "snapshot-id": onBranch.snapshotId },
      toFirst,
    ]);
    const onTag = await bench.commit("load");
    await bench.update([
      { ...toFirst, "ref-name": "v1", type: "tag", "snapshot-id": onTag.snapshotId },
      toFirst,
    ]);
    const rolledBack = await bench.commit("load");
    await bench.update([toFirst]);
    const litter = await bench.write("load");
    assert.deepEqual((await bench.clean()).removed, locations(litter));
    assert.deepEqual(await bench.files(), locations(first, onBranch, onTag, rolledBack));
  });
});

Deno.test("runClean() leaves what an expired snapshot may have had, until told that it has expired", async () => {
  await withTable(async (bench) => {
    const first = await bench.commit("load");
    const second = await bench.commit("load");
    await bench.update([{ action: "remove-snapshots", "snapshot-ids": [first.snapshotId] }]);
    const litter = await bench.write("load");
    const part = await leavePart(first.data);
    const lostAttempt = second.list.replace("-1-load-", "-2-load-");
    await Deno.copyFile(second.list.slice(7), lostAttempt.slice(7));
    await setAge(lostAttempt, 7_200_000);
    const careful = await bench.clean();
    assert.equal(careful.summary.hiddenSnapshots, "cut");
    // Neither of these can be what a missing snapshot refers to.
    assert.deepEqual(careful.removed, [part, lostAttempt].sort());
    assert.equal(careful.summary.kept.hidden.files, 4);
    const told = await bench.clean({ historyExpired: true });
    assert.deepEqual(told.removed, [...locations(litter), first.list].sort());
    // The head's manifests go back to the first commit.
    assert.deepEqual(
      await bench.files(),
      [first.data, first.manifest, ...locations(second)].sort(),
    );
  });
});

/** Answers as the catalog does, with a change before it answers for the table the second time. */
function changing(between: () => Promise<void>): HttpSend {
  const http = createHttp({ userAgent: "test/1", onEvent: () => {} });
  let loads = 0;
  return async (request) => {
    if (request.url.includes("/tables/t") && ++loads === 2) await between();
    return await http(request);
  };
}

Deno.test("runClean() sees a commit that lands while it reads", async () => {
  await withTable(async (bench) => {
    await bench.commit("other");
    const late = await bench.write("load");
    const { removed, summary } = await bench.clean({ http: changing(late.post) });
    assert.deepEqual(removed, []);
    assert.equal(summary.kept.referenced.files, 3);
  });
});

Deno.test("runClean() removes nothing when the table is dropped or replaced while it reads", async () => {
  for (const replaced of [false, true]) {
    await withTable(async (bench) => {
      const litter = await bench.write("load");
      const url = `${bench.uri}/v1/namespaces/ns/tables`;
      const http = changing(async () => {
        await (await fetch(`${url}/t`, { method: "DELETE" })).body?.cancel();
        if (!replaced) return;
        const schema = {
          type: "struct",
          fields: [{ id: 1, name: "x", type: "long", required: false }],
        };
        const body = JSON.stringify({ name: "t", schema });
        const headers = { "content-type": "application/json" };
        await (await fetch(url, { method: "POST", headers, body })).body?.cancel();
      });
      await assert.rejects(bench.clean({ http }), (error) => {
        assert.ok(error instanceof CatalogError);
        assert.match(error.message, replaced ? /another table of the same name/ : /dropped/);
        assert.equal(error.exitCode, 1);
        return true;
      });
      for (const location of locations(litter)) await Deno.stat(location.slice(7));
    });
  }
});

Deno.test("runClean() removes nothing when a manifest or a list cannot be read", async () => {
  for (const which of ["manifest", "list"] as const) {
    for (
      const spoil of [
        (path: string) => Deno.remove(path),
        (path: string) => Deno.writeTextFile(path, "no Avro"),
        async (path: string) => await Deno.truncate(path, (await Deno.stat(path)).size / 2),
      ]
    ) {
      await withTable(async (bench) => {
        const live = await bench.commit("other");
        await bench.commit("other");
        const litter = await bench.write("load");
        await spoil(live[which].slice(7));
        await assert.rejects(bench.clean(), (error) => {
          assert.ok(error instanceof StorageError);
          assert.match(error.message, /^Cannot read .*; nothing has been removed$/);
          return true;
        });
        for (const location of locations(litter)) await Deno.stat(location.slice(7));
      });
    }
  }
});

Deno.test("runClean() leaves all that branches of the catalog's own may refer to", async () => {
  await withTable(async (bench) => {
    await bench.commit("load");
    const litter = await bench.write("load");
    const part = await leavePart(litter.data);
    const plain = createHttp({ userAgent: "test/1", onEvent: () => {} });
    const http: HttpSend = async (request) => {
      const answer = await plain(request);
      if (answer.kind !== "response" || !request.url.includes("/v1/config")) return answer;
      const overrides = { "nessie.is-nessie-catalog": "true" };
      return { ...answer, json: { defaults: {}, overrides } };
    };
    const { removed, summary } = await bench.clean({ http, historyExpired: true });
    assert.deepEqual(removed, [part]);
    assert.equal(summary.hiddenSnapshots, "elsewhere");
    assert.equal(summary.kept.hidden.files, 3);
  });
});

Deno.test("runClean() leaves files outside of the table's location, and looks where they were before", async () => {
  await withTable(async (bench) => {
    const before = await bench.write("load");
    const shared = `file://${bench.directory}/shared`;
    const { location } = await bench.metadata();
    await bench.update([{
      action: "set-properties",
      updates: { "write.data.path": shared, "write.metadata.path": `${location}/meta` },
    }]);
    const litter = await bench.write("load");
    assert.ok(litter.data.startsWith(shared));
    const { removed, summary } = await bench.clean();
    assert.deepEqual(removed, [...locations(before), litter.manifest, litter.list].sort());
    assert.equal(summary.kept.outside.files, 1);
    await Deno.stat(litter.data.slice(7));
  });
});

Deno.test("runClean() fails for a table that is missing", async () => {
  await withTable(async (bench) => {
    const table = { namespace: ["ns"], name: "none" };
    await assert.rejects(bench.clean({ table }), /Cannot clean "ns.none": there is no such table/);
  });
});
