/**
 * What goes with a request through the catalog: what it is to meet, and what is learned of it for the
 * log and the figures.
 */
import type { LostRaceEra } from "../faults/lost_race.ts";

/** What goes with one request. */
export interface RequestContext {
  /** How a lost race is answered. */
  era: LostRaceEra;
  /** Whether this commit, which has just lost its race, is to replace the winner's: a fault. */
  losesUpdate: (() => boolean) | undefined;
  /** An Idempotency-Key was known: the answer is that of an earlier request. */
  isReplay: boolean;
  /** A commit has lost its race. */
  hasLostRace: boolean;
  /** Names of the faults that have struck, such as `drop-response`. */
  readonly faults: string[];
}

const contexts = new WeakMap<Request, RequestContext>();

/** What goes with a request. */
export function contextOf(request: Request): RequestContext {
  let context = contexts.get(request);
  if (context === undefined) {
    context = {
      era: 409,
      losesUpdate: undefined,
      isReplay: false,
      hasLostRace: false,
      faults: [],
    };
    contexts.set(request, context);
  }
  return context;
}
