/** How a lost race is answered in each era, and that nothing else is answered otherwise. */
import assert from "node:assert/strict";
import { LOST_RACE_ERAS, type LostRaceEra } from "../../lib/server/faults/lost_race.ts";
import { MetadataError } from "../../lib/table/metadata_error.ts";
import { inEra } from "../../lib/server/faults/lost_race.ts";
import type { RequestFailure } from "../../lib/server/failure.ts";
import {
  type Answer,
  appendRequest,
  call,
  headOf,
  makeTable,
  newSnapshotId,
  withServer,
} from "./support.ts";

const TYPES: Readonly<Record<LostRaceEra, string>> = {
  409: "CommitFailedException",
  400: "ConcurrentUpdateError",
  500: "FailedToUpdateTables",
};

function shown({ status, body }: Answer): [number, number, string] {
  return [status, body.error.code, body.error.type];
}

for (const era of LOST_RACE_ERAS) {
  Deno.test(`lost race ${era}: commits and transactions that lose get ${era} and change nothing`, async () => {
    await withServer(async ({ uri }) => {
      const { url, metadata } = await makeTable(uri);
      const winner = newSnapshotId();
      const key = { "idempotency-key": crypto.randomUUID() };
      assert.equal(
        (await call("POST", url, { body: appendRequest(metadata, winner) })).status,
        200,
      );
      const late = appendRequest(metadata, newSnapshotId());
      const lost = [
        await call("POST", url, { body: late }),
        await call("POST", `${uri}/transactions/commit`, {
          body: { "table-changes": [{ identifier: { namespace: ["ns"], name: "t" }, ...late }] },
        }),
        // The second answer under a key is the first one's, or the same once more.
        await call("POST", url, { body: late, headers: key }),
        await call("POST", url, { body: late, headers: key }),
      ];
      for (const answer of lost) assert.deepEqual(shown(answer), [era, era, TYPES[era]]);
      const { body } = await call("GET", url);
      assert.equal(headOf(body.metadata), winner);
    }, { lostRace: era });
  });

  Deno.test(`lost race ${era}: other conflicts, missing tables and bad requests are answered as ever`, async () => {
    await withServer(async ({ uri }) => {
      const { url, metadata } = await makeTable(uri);
      const again = await call("POST", `${uri}/namespaces`, { body: { namespace: ["ns"] } });
      assert.deepEqual(shown(again), [409, 409, "AlreadyExistsException"]);
      const missing = await call("POST", `${url}x`, {
        body: appendRequest(metadata, newSnapshotId()),
      });
      assert.deepEqual(shown(missing), [404, 404, "NoSuchTableException"]);
      const bad = await call("POST", url, {
        body: { requirements: [{ type: "assert-nonsense" }], updates: [] },
      });
      assert.deepEqual(shown(bad), [400, 400, "BadRequestException"]);
    }, { lostRace: era });
  });
}

Deno.test("inEra() gives 400 to metadata that could not be built, in both wrong eras", () => {
  const overtaken = new MetadataError("Cannot add the snapshot: overtaken", "lostRace");
  for (const era of [400, 500] as const) {
    const { status, type, message } = inEra(overtaken, era) as RequestFailure;
    assert.deepEqual([status, type], [400, "TableMetadataBuildFailed"]);
    assert.equal(message, overtaken.message);
  }
  assert.equal(inEra(overtaken, 409), overtaken);
  const invalid = new MetadataError("Cannot read it");
  assert.equal(inEra(invalid, 500), invalid);
});
