// A sink that comes late, by a sink that writes down what it gets.

import assert from "node:assert/strict";
import type { CommitResult, ReadyChunk } from "../../lib/load/commit_context.ts";
import type { CommitSink } from "../../lib/load/commit_sink.ts";
import { LateSink } from "../../lib/load/late_sink.ts";

const COMMITTED = { state: "committed", attempts: 1 } as CommitResult;

function chunk(index: number): ReadyChunk {
  return { index } as ReadyChunk;
}

class Written implements CommitSink {
  readonly lines: string[] = [];

  add(chunk: ReadyChunk): Promise<CommitResult> {
    this.lines.push(`chunk ${chunk.index}`);
    return Promise.resolve(COMMITTED);
  }

  end(isComplete: boolean): void {
    this.lines.push(`end ${isComplete}`);
  }
}

Deno.test("LateSink makes its sink once, and hands on what came before in the same order", async () => {
  const written = new Written();
  const gate = Promise.withResolvers<void>();
  let made = 0;
  const sink = new LateSink(async () => {
    made++;
    await gate.promise;
    return written;
  });
  sink.prepare();
  const results = [sink.add(chunk(0)), sink.add(chunk(1))];
  sink.end(true);
  assert.deepEqual(written.lines, []);
  gate.resolve();
  assert.deepEqual(await Promise.all(results), [COMMITTED, COMMITTED]);
  await sink.add(chunk(2));
  assert.deepEqual(written.lines, ["chunk 0", "chunk 1", "end true", "chunk 2"]);
  assert.equal(made, 1);
});

Deno.test("LateSink fails with the chunks when its sink cannot be made, and not before", async () => {
  const sink = new LateSink(() => Promise.reject(new Error("no sink")));
  sink.prepare();
  sink.end(false);
  await assert.rejects(sink.add(chunk(0)), /no sink/);
});
