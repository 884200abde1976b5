/** `history.jsonl`, written and read back, whole and cut and wrong. */
// deno-lint-ignore-file camelcase -- fields are named as the history has them
import assert from "node:assert/strict";
import fc from "fast-check";
import { InputError } from "../../lib/errors.ts";
import { checkHistory } from "../../lib/probe/check/checker.ts";
import { type HistoryRecord, WORKLOADS } from "../../lib/probe/history.ts";
import { HistorySink, readHistory } from "../../lib/probe/history_file.ts";
import { Handmade } from "./handmade.ts";
import { play } from "./model_catalog.ts";

/** Bytes in chunks of a length, as a file or a network would give them. */
function streamOf(bytes: Uint8Array<ArrayBuffer>, chunk = 1 << 16): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, at += chunk));
    },
  });
}

async function read(text: string, chunk?: number): Promise<HistoryRecord[]> {
  return await Array.fromAsync(
    readHistory(streamOf(new TextEncoder().encode(text), chunk), { name: "h.jsonl" }),
  );
}

/** What a sink writes. */
async function write(records: readonly HistoryRecord[], timeUs = 5): Promise<string> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  const target = new WritableStream<Uint8Array>({
    write: (chunk) => void chunks.push(new Uint8Array(chunk)),
  });
  const sink = new HistorySink(target);
  for (const record of records) sink.add(record);
  assert.equal(sink.records, records.length);
  await sink.end(timeUs);
  return await new Blob(chunks).text();
}

function refusal(text: string): Promise<string> {
  return read(text).then(
    () => assert.fail("it was read"),
    (error) => {
      assert.ok(error instanceof InputError, String(error));
      return error.message;
    },
  );
}

const HEADER = JSON.stringify(new Handmade().records[0]);

Deno.test("readHistory() gives back what HistorySink wrote, wherever the bytes are cut, and the same verdict", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat(),
      fc.constantFrom(...WORKLOADS),
      fc.boolean(),
      fc.integer({ min: 1, max: 5000 }),
      async (seed, workload, whole, chunk) => {
        const drawn = { seed, workload, whole, writers: 3, rounds: 2, faults: 20, keys: true };
        const records = play({ ...drawn, mode: "rounds" });
        const text = await write(records.slice(0, -1), 77);
        assert.equal(text.split("\n").length - 1, records.length);
        const again = await read(text, chunk);
        const end = { type: "end", time_us: 77, records: records.length - 1 } as const;
        assert.deepEqual(again, JSON.parse(JSON.stringify([...records.slice(0, -1), end])));
        const judge = (history: readonly HistoryRecord[]) =>
          checkHistory(history, { minConflicts: 0 });
        assert.deepEqual(judge(again), judge(records));
      },
    ),
    { numRuns: 100 },
  );
});

Deno.test("readHistory() reads text of several bytes a character across chunks", async () => {
  const history = new Handmade();
  history.send({ status: 409, error_type: "Störung 漢字 😀" });
  const text = await write(history.records);
  for (const chunk of [1, 2, 3, 7]) assert.equal((await read(text, chunk)).length, 5);
});

Deno.test("readHistory() reads a history that was cut as far as it goes", async () => {
  const history = new Handmade();
  history.final([history.send()]);
  const text = await write(history.records);
  const lines = text.split("\n");
  for (let length = HEADER.length + 1; length < text.length; length += 17) {
    const records = await read(text.slice(0, length));
    const whole = text.slice(0, length).split("\n").length - 1;
    assert.ok(records.length === whole || records.length === whole + 1);
  }
  assert.equal((await read(lines.slice(0, 3).join("\n"))).length, 3);
});

Deno.test("readHistory() leaves out records and fields that it does not know", async () => {
  const [header, run] = new Handmade().records;
  const text = [
    JSON.stringify(header),
    '{"type":"weather","sun":true}',
    JSON.stringify({ ...run, more: 1 }),
    '{"type":"end","time_us":1,"records":3}',
    "",
  ].join("\n");
  assert.deepEqual((await read(text)).map(({ type }) => type), ["header", "run", "end"]);
});

Deno.test("readHistory() refuses what is no history, and one of a newer version, and says why", async () => {
  assert.equal(await refusal(""), 'Cannot read "h.jsonl": it is empty');
  assert.match(
    await refusal("id,name\n1,x\n"),
    /^Cannot read "h.jsonl": line 1: it is not JSON, so/,
  );
  assert.match(await refusal('{"type":"run"}\n'), /line 1: this is no history of a probe/);
  assert.match(await refusal("null\n"), /line 1: this is no history of a probe/);
  const newer = HEADER.replace('"version":1', '"version":2');
  assert.match(
    await refusal(`${newer}\n`),
    /line 1: the history is of version 2, and this tool reads up to 1: take a newer release/,
  );
});

Deno.test("readHistory() names line, record and field of what is wrong", async () => {
  const line = (text: string) => refusal(`${HEADER}\n${text}\n${HEADER}\n`);
  assert.match(await line("{"), /: line 2: not JSON$/);
  assert.match(await line("17"), /: line 2: it has no "type"$/);
  assert.match(await line('{"type":"end","time_us":1}'), /: line 2: end: records: /);
  assert.match(
    await line('{"type":"complete","op":1,"time_us":1,"outcome":"maybe","status":200}'),
    /: line 2: complete: outcome: .*"maybe"/,
  );
  const invoke = { type: "invoke", run: 1, op: 1, time_us: 1, writer: 0, kind: "commit" };
  const intents = [{ table: "t", snapshot_id: 12, requirements: [] }];
  assert.match(
    await line(JSON.stringify({ ...invoke, intents })),
    /: line 2: invoke: intents\.0\.snapshot_id: .*12/,
  );
});

Deno.test("readHistory() notices lines that were taken out", async () => {
  const history = new Handmade();
  history.final([history.send()]);
  const lines = (await write(history.records)).split("\n");
  assert.match(
    await refusal(lines.toSpliced(2, 1).join("\n")),
    /line 5: it says that 5 lines stand before it, and 4 do: lines were taken out or put in/,
  );
});

Deno.test("HistorySink writes while records are added, and throws at the end what the target threw", async () => {
  const lengths: number[] = [];
  const target = new WritableStream<Uint8Array>({
    write: (chunk) => void lengths.push(chunk.length),
  });
  const sink = new HistorySink(target);
  const [header] = new Handmade().records;
  for (let at = 0; at < 1000; at++) sink.add(header!);
  await new Promise((resolve) => setTimeout(resolve));
  assert.ok(lengths.length > 1, "nothing was written before the end");
  await sink.end(1);

  const full = new HistorySink(
    new WritableStream({
      write() {
        throw new Error("disk full");
      },
    }),
  );
  full.add(header!);
  await assert.rejects(full.flush(), /disk full/);
  await assert.rejects(full.end(1), /disk full/);
});
