/** Chunks that a worker makes into a data file each. */
import type { RawChunk } from "../input/split.ts";
import type { ChunkMaker, MakerParts, RawNotes } from "./chunk_maker.ts";
import type { MadeFile } from "./chunk_tracker.ts";
import { Places } from "./lanes.ts";

/** Raw chunks beside those that are being parsed: the one being cut, or waiting for a worker. */
const RAW_AHEAD = 1;

/** A raw chunk is a chunk. */
export class WholeChunks implements ChunkMaker {
  readonly #parts: MakerParts;
  /** Raw chunks until they have been parsed. */
  readonly #places: Places;

  /** Takes nothing yet. */
  constructor(parts: MakerParts) {
    this.#parts = parts;
    this.#places = new Places(parts.threads + RAW_AHEAD);
  }

  async room(): Promise<void> {
    await this.#parts.tracker.room();
    await this.#places.take();
  }

  take(raw: RawChunk<SharedArrayBuffer>, { range, startedMs }: RawNotes): void {
    const { index, rows } = raw;
    const { tracker, buffers } = this.#parts;
    tracker.begin({ index, rows, range, startedMs }, {
      make: (path) => this.#encode(raw, path),
      drop: () => {
        buffers.give(raw.bytes.buffer);
        this.#places.give();
      },
    });
  }

  end(): Promise<void> {
    return Promise.resolve();
  }

  async #encode(raw: RawChunk<SharedArrayBuffer>, path: string): Promise<MadeFile> {
    const { pool, sink, buffers } = this.#parts;
    const { index, rows, bytes, firstLine } = raw;
    let isRaw = true;
    const leave = () => {
      if (isRaw) this.#places.give();
      isRaw = false;
    };
    try {
      let worker = 0;
      const encoding = pool.encode({ index, bytes, rows, firstLine, path }, {
        onTaken: (number) => worker = number,
        onReleased: () => {
          buffers.give(bytes.buffer);
          leave();
        },
      });
      // The worker is at it now, and this thread has time.
      sink.prepare();
      return { ...await encoding, worker };
    } finally {
      leave();
    }
  }
}
