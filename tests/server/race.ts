/**
 * A race: in each round every writer posts a commit of its own on the same base. Each has a
 * connection to itself, and the last byte of all requests is sent when all the rest has been.
 */
import assert from "node:assert/strict";
import { parseJson, stringifyJson } from "../../lib/table/json.ts";
import type { TableMetadata } from "../../lib/table/metadata.ts";
import { RawClient, type WireAnswer, type WireRequest } from "./raw_client.ts";
import { appendRequest, call, chainOf, headOf, newSnapshotId } from "./support.ts";

/** What a race is held on. */
export interface RaceOptions {
  /** URLs of one table, one for each server; the writers are shared out among them. */
  readonly urls: readonly string[];
  readonly writers: number;
  readonly rounds: number;
  /** Every request has an Idempotency-Key and goes out twice at once. @default {false} */
  readonly isKeyed?: boolean;
}

/**
 * Holds a race, and checks that each round has one winner, that every other writer is told so with
 * 409, and that the table holds the winners' snapshots in order and nothing else.
 *
 * @returns the winners' snapshot ids.
 */
export async function race(options: RaceOptions): Promise<bigint[]> {
  const { urls, writers, rounds, isKeyed = false } = options;
  const copies = isKeyed ? 2 : 1;
  const lanes = Array.from({ length: writers * copies }, (_, lane) => {
    // The twins of a keyed request go to different servers, where there are any.
    const writer = lane % writers;
    const url = urls[(writer + Math.floor(lane / writers)) % urls.length]!;
    return { writer, target: new URL(url).pathname, client: new RawClient(url) };
  });
  const winners: bigint[] = [];
  try {
    for (let round = 0; round < rounds; round += 1) {
      // All servers must see at once what any of them has committed.
      const shown = await call("GET", `${urls[round % urls.length]}?snapshots=refs`);
      const base: TableMetadata = shown.body.metadata;
      const ids = Array.from({ length: writers }, newSnapshotId);
      const requests = ids.map((id) => requestOf(base, id, isKeyed));
      const ready = await Promise.all(
        lanes.map(({ client, writer, target }) => client.begin({ ...requests[writer]!, target })),
      );
      const answers = await Promise.all(ready.map((finish) => finish()));
      if (isKeyed) checkTwins(answers, writers);
      winners.push(checkRound(answers.slice(0, writers), ids, headOf(base)));
    }
  } finally {
    for (const { client } of lanes) client.close();
  }
  for (const url of urls) checkChain((await call("GET", url)).body.metadata, winners);
  return winners;
}

function requestOf(
  base: TableMetadata,
  id: bigint,
  isKeyed: boolean,
): Omit<WireRequest, "target"> {
  return {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(isKeyed ? { "idempotency-key": crypto.randomUUID() } : {}),
    },
    body: stringifyJson(appendRequest(base, id)),
  };
}

function checkTwins(answers: readonly WireAnswer[], writers: number): void {
  for (let writer = 0; writer < writers; writer += 1) {
    const [first, second] = [answers[writer]!, answers[writer + writers]!];
    assert.equal(first.status, second.status, `${first.text}\n${second.text}`);
    assert.deepEqual(parseJson(first.text), parseJson(second.text));
  }
}

/** One 200, every other answer the 409 of a lost race that names what it lost to. */
function checkRound(
  answers: readonly WireAnswer[],
  ids: readonly bigint[],
  head: bigint | null,
): bigint {
  const won = answers.flatMap((answer, index) => answer.status === 200 ? [ids[index]!] : []);
  assert.equal(won.length, 1, `winners: ${won}`);
  for (const { status, text } of answers) {
    if (status === 200) continue;
    assert.equal(status, 409, text);
    const { error } = JSON.parse(text);
    assert.equal(error.type, "CommitFailedException");
    assert.equal(error.code, 409);
    assert.match(error.message, new RegExp(`main.*expected (?:id )?${head ?? "none"}`));
    assert.match(error.message, new RegExp(String(won[0])));
  }
  return won[0]!;
}

/** Linear, in the order of the rounds, and numbered from 1 without a gap. */
function checkChain(metadata: TableMetadata, winners: readonly bigint[]): void {
  assert.deepEqual(chainOf(metadata).reverse(), winners);
  const snapshots = metadata.snapshots ?? [];
  assert.deepEqual(snapshots.map((snapshot) => BigInt(snapshot["snapshot-id"])), winners);
  const numbers = snapshots.map((snapshot) => Number(snapshot["sequence-number"]));
  assert.deepEqual(numbers, winners.map((_, index) => index + 1));
  assert.equal(Number(metadata["last-sequence-number"]), winners.length);
  const log = metadata["snapshot-log"]?.map((entry) => BigInt(entry["snapshot-id"]));
  assert.deepEqual(log, winners);
}
