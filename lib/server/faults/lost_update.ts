/**
 * The worst that a catalog can do, on request: a commit that has lost its race is written over the
 * winner's, as by a catalog that compares nothing before it moves its pointer. The winner's commit,
 * which was acknowledged, is gone from the table. For tests of clients and of checkers.
 */
import { checkRequirements } from "../../table/requirements.ts";
import { type Catalog, type LoadedTable, readMetadataFile } from "../catalog.ts";
import type { PointerMove } from "../database.ts";
import type { MetadataFile } from "../metadata_file.ts";

/** What a commit is to do once it has lost its race. */
export interface LostRaceOptions {
  /** Whether it replaces the winner's. @default {never} */
  readonly losesUpdate?: (() => boolean) | undefined;
}

/** An older state of a table. */
export interface OlderState {
  /** Where its metadata file lies. */
  readonly location: string;
  /** What that file holds. */
  readonly file: MetadataFile;
}

/**
 * The state that a commit is built on though its requirements fail for the current one.
 *
 * @returns undefined when the commit is to fail, as it should, or was right for no older state.
 */
export async function chooseLostBase(
  catalog: Catalog,
  current: LoadedTable,
  options: LostRaceOptions & { readonly requirements: unknown },
): Promise<OlderState | undefined> {
  const { losesUpdate, requirements } = options;
  if (losesUpdate === undefined) return undefined;
  const older = await findStateBefore(catalog, current, requirements);
  return older !== undefined && losesUpdate() ? older : undefined;
}

/**
 * The newest state before the current one for which a commit's requirements hold: the one that the
 * commit was made for. None is found beyond a metadata file that has been removed.
 */
async function findStateBefore(
  catalog: Catalog,
  current: LoadedTable,
  requirements: unknown,
): Promise<OlderState | undefined> {
  const log = current.file.metadata["metadata-log"] ?? [];
  for (const { "metadata-file": location } of log.toReversed()) {
    const file = await readMetadataFile(catalog, location).catch(() => undefined);
    if (file === undefined) return undefined;
    if (checkRequirements(file.metadata, requirements) === undefined) return { location, file };
  }
  return undefined;
}

/** The same moves from wherever the pointers are now: the comparison with the base is left out. */
export function fromAnywhere(catalog: Catalog, moves: readonly PointerMove[]): PointerMove[] {
  return moves.map((move) => {
    const row = catalog.database.findTable(move.namespace, move.name);
    return row === undefined ? move : { ...move, from: row.metadataLocation };
  });
}
