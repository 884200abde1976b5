/**
 * Idempotency-Key (REST spec, "Idempotency-Key"): a request that is sent again under its key is not
 * carried out again, but answered as before. The answer is written in the transaction of the change,
 * so that there is never the one without the other, whoever is killed and however many processes
 * serve the warehouse.
 */
import { createHash } from "node:crypto";
import type { CatalogDatabase } from "../database.ts";
import { AlreadyAnswered, badRequest, failureOf, RequestFailure } from "../failure.ts";
import type { RecordReply, Reply } from "./reply.ts";

/** How long a key is remembered at least, as ISO 8601 duration (config: `idempotency-key-lifetime`). */
export const KEY_LIFETIME = "PT30M";

const LIFETIME_MS = 30 * 60_000;
/** Clocks differ, and a request may have been long on its way. */
const GRACE_MS = 5 * 60_000;
const SWEEP_PAUSE_MS = 60_000;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Statuses that say nothing of the request itself, so that another try may end differently. */
const PASSING_STATUSES = new Set([401, 403, 408, 419, 425, 429]);

/** A request that came with a key. */
export interface KeyedRequest {
  /** A UUID in lower case. */
  readonly key: string;
  /** HTTP method. */
  readonly method: string;
  /** Path and query as sent. */
  readonly target: string;
  /** As sent; the same request has the same bytes. */
  readonly body: string;
}

/** What to do with a keyed request. */
export interface KeyedWork {
  /** Carries it out; `record` is called with its answer within the transaction of its change. */
  readonly run: (record: RecordReply) => Promise<Response>;
  /** Makes the response out of the answer kept. */
  readonly replay: (reply: Reply) => Response | Promise<Response>;
}

interface UnderWay {
  readonly fingerprint: string;
  readonly ended: Promise<void>;
}

/** The key of a request, or undefined. @throws {RequestFailure} 400 when it is no UUID */
export function idempotencyKeyOf(request: Request): string | undefined {
  const key = request.headers.get("idempotency-key");
  if (key === null) return undefined;
  if (!UUID.test(key)) {
    throw badRequest("Cannot read the Idempotency-Key: it is no UUID of 36 characters");
  }
  return key.toLowerCase();
}

/** The keyed requests of one warehouse: those under way here, and those answered. */
export class IdempotentRequests {
  readonly #database: CatalogDatabase;
  readonly #now: () => number;
  readonly #underWay = new Map<string, UnderWay>();
  #sweptMs = 0;

  /**
   * Forgets what is too old as requests come.
   *
   * @param database keeps the answers, also for other processes
   * @param now the clock, in milliseconds since 1970
   */
  constructor(database: CatalogDatabase, now: () => number) {
    this.#database = database;
    this.#now = now;
  }

  /**
   * Carries a request out, unless that has been done: then it is answered as before. While the same
   * request is under way, this one waits for it.
   *
   * @throws {RequestFailure} 422 when the key belongs to another request; else what `run` throws.
   */
  async answer(request: KeyedRequest, work: KeyedWork): Promise<Response> {
    const { key } = request;
    const fingerprint = fingerprintOf(request);
    this.#sweep();
    for (;;) {
      const other = this.#underWay.get(key);
      if (other === undefined) break;
      if (other.fingerprint !== fingerprint) throw keyIsTaken();
      await other.ended;
    }
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    this.#underWay.set(key, { fingerprint, ended });
    try {
      return await this.#replayed(key, fingerprint, work) ??
        await this.#carriedOut(key, fingerprint, work);
    } finally {
      this.#underWay.delete(key);
      end();
    }
  }

  async #replayed(
    key: string,
    fingerprint: string,
    work: KeyedWork,
  ): Promise<Response | undefined> {
    const stored = this.#database.findReply(key);
    if (stored === undefined) return undefined;
    if (stored.fingerprint !== fingerprint) throw keyIsTaken();
    return await work.replay(JSON.parse(stored.reply) as Reply);
  }

  async #carriedOut(key: string, fingerprint: string, work: KeyedWork): Promise<Response> {
    const record = (reply: Reply) =>
      this.#database.storeReply(key, {
        fingerprint,
        reply: JSON.stringify(reply),
        finishedMs: this.#now(),
      });
    try {
      return await work.run(record);
    } catch (error) {
      const failure = failureOf(error);
      // Another process was faster: what was begun here has been undone.
      if (failure instanceof AlreadyAnswered) {
        const replayed = await this.#replayed(key, fingerprint, work);
        if (replayed !== undefined) return replayed;
      } else if (failure !== undefined && isFinal(failure.status)) {
        const { status, type, message } = failure;
        try {
          record({ form: "error", status, type, message });
        } catch (late) {
          // The same request has meanwhile been answered elsewhere, perhaps otherwise: that stands.
          if (!(late instanceof AlreadyAnswered)) throw late;
          const replayed = await this.#replayed(key, fingerprint, work);
          if (replayed !== undefined) return replayed;
        }
      }
      throw error;
    }
  }

  #sweep(): void {
    const nowMs = this.#now();
    if (nowMs - this.#sweptMs < SWEEP_PAUSE_MS) return;
    this.#sweptMs = nowMs;
    this.#database.forgetReplies(nowMs - LIFETIME_MS - GRACE_MS);
  }
}

function isFinal(status: number): boolean {
  return status >= 400 && status < 500 && !PASSING_STATUSES.has(status);
}

function fingerprintOf(request: KeyedRequest): string {
  return createHash("sha256").update(`${request.method} ${request.target}\n`).update(request.body)
    .digest("base64url");
}

function keyIsTaken(): RequestFailure {
  return new RequestFailure(
    422,
    "UnprocessableEntityException",
    "Cannot answer: this Idempotency-Key belongs to another request",
  );
}
