/**
 * The answers that a commit gets when another one was faster, as three eras of Lakekeeper gave them.
 * Only the first is right (REST spec, `updateTable`): a client must be able to tell that nothing was
 * changed, and that it may try again.
 */
import { MetadataError } from "../../table/metadata_error.ts";
import { failureOf, RequestFailure } from "../failure.ts";
import type { LostRaceOptions } from "./lost_update.ts";
import { contextOf } from "../http/request_context.ts";

/** Status of a lost race: 409 of Lakekeeper 0.11 and later, 400 of 0.9 and 0.10, 500 up to 0.8. */
export const LOST_RACE_ERAS = [409, 400, 500] as const;

/** One of {@link LOST_RACE_ERAS}. */
export type LostRaceEra = typeof LOST_RACE_ERAS[number];

/** Whether a commit failed because another one was faster. */
function isLostRace(error: unknown): boolean {
  const failure = failureOf(error);
  return failure?.status === 409 && failure.type === "CommitFailedException";
}

/**
 * What a lost race is answered with in an era; every other error stays as it is.
 *
 * @param error what the commit has thrown.
 */
export function inEra(error: unknown, era: LostRaceEra): unknown {
  if (era === 409 || !isLostRace(error)) return error;
  const { message } = failureOf(error)!;
  // The new metadata could not be built, as its sequence number was taken; both eras said 400.
  if (error instanceof MetadataError) {
    return new RequestFailure(400, "TableMetadataBuildFailed", message);
  }
  return era === 400
    ? new RequestFailure(400, "ConcurrentUpdateError", message)
    : new RequestFailure(500, "FailedToUpdateTables", message);
}

/**
 * Runs the commit that a request asks for, in the era that it is to meet.
 *
 * @throws what the commit throws, a lost race in the form of the era.
 */
export async function runCommit<T>(
  request: Request,
  commit: (options: LostRaceOptions) => Promise<T>,
): Promise<T> {
  const context = contextOf(request);
  try {
    return await commit({ losesUpdate: context.losesUpdate });
  } catch (error) {
    if (isLostRace(error)) context.hasLostRace = true;
    throw inEra(error, context.era);
  }
}
