/** A warehouse below a prefix of an S3 bucket. */
import { AuthError, StorageError, UsageError } from "../../errors.ts";
import type { StoreProperties } from "../../store/credentials.ts";
import { openStore } from "../../store/open_store.ts";
import type { Store } from "../../store/store.ts";
import { isBelow, isPlainPath, outside, TABLE_DIRECTORIES, tableDirectory } from "./locations.ts";
import type { Place } from "./place.ts";
import { isBucketName } from "./s3_location.ts";

/** Options of {@link openS3Place}. */
export interface S3PlaceOptions {
  /** How the store is reached: `s3.endpoint`, `s3.region`, …; the rest is found by the SDK. */
  readonly properties: StoreProperties;
  /** Locations below which tables may lie beside the warehouse. */
  readonly allowLocations?: readonly string[];
}

/** A client waits for the catalog's answer, so the store is not waited for as long as by a load. */
const STORE_BUDGET_MS = 20_000;
const STALL_MS = 10_000;
const REMOVALS_AT_ONCE = 16;
/** In a policy of access some of these stand for any character; in a URL the others end the path. */
const AMBIGUOUS = /[*?$#\\]/;

/**
 * Opens a prefix of a bucket, and makes sure that the bucket is there.
 *
 * @param root `s3://bucket/prefix`, or a bucket alone.
 * @throws {UsageError} when the root or an allowed location is not on S3.
 * @throws {AuthError | StorageError} when the bucket cannot be listed.
 */
export async function openS3Place(root: string, options: S3PlaceOptions): Promise<Place> {
  const top = requireS3(root, "use warehouse");
  const allowed = (options.allowLocations ?? []).map((one) => requireS3(one, "allow location"));
  const store = await openStore(top, options.properties, {
    limits: { budgetMs: STORE_BUDGET_MS, stallMs: STALL_MS },
  });
  await checkBucket(store, top).catch((error) => {
    store.close();
    throw error;
  });

  function check(location: string): string {
    const place = s3Place(location);
    if (place === undefined || !isBelow(place, [top, ...allowed])) throw outside(location);
    return place;
  }

  return {
    root: top,
    store,
    claim(table) {
      // A store knows no directories that only one could make. A UUID is nobody else's, nor that
      // of a table dropped before whose files are still there.
      const { parent, name } = tableDirectory(table);
      const location = `${top}/${parent}/${name}-${crypto.randomUUID()}`;
      return Promise.resolve({ location, release: () => Promise.resolve() });
    },
    check,
    prepare(location) {
      check(location);
      return Promise.resolve();
    },
    async exists(location) {
      return await store.sizeOf(check(location)) !== undefined;
    },
    async purge(location) {
      const place = check(location);
      if (isBelow(place, [top])) return await removeAll(store, place);
      for (const directory of TABLE_DIRECTORIES) await removeAll(store, `${place}/${directory}`);
    },
  };
}

/** The location as `s3://bucket/key` without a slash at its end, or undefined when it is not plain. */
function s3Place(location: string): string | undefined {
  const match = /^s3[an]?:\/\/([^/]+)(?:\/(.*?))?\/*$/s.exec(location);
  if (match === null || !isBucketName(match[1]!)) return undefined;
  const key = match[2] ?? "";
  if (key === "") return `s3://${match[1]}`;
  return isPlainPath(key) && !AMBIGUOUS.test(key) ? `s3://${match[1]}/${key}` : undefined;
}

function requireS3(location: string, action: string): string {
  const place = s3Place(location);
  if (place !== undefined) return place;
  throw new UsageError(`Cannot ${action} "${location}": it takes s3://BUCKET/PREFIX`, {
    hint: "A prefix may not hold empty parts, dots alone, or any of * ? $ # \\",
  });
}

async function checkBucket(store: Store, root: string): Promise<void> {
  try {
    for await (const _ of store.list(root)) break;
  } catch (cause) {
    if (!(cause instanceof StorageError || cause instanceof AuthError)) throw cause;
    throw new (cause instanceof AuthError ? AuthError : StorageError)(
      `Cannot use warehouse "${root}": ${cause.message}`,
      {
        cause,
        hint: cause instanceof AuthError
          ? "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and check the rights on the bucket"
          : "Set AWS_ENDPOINT_URL_S3 and AWS_REGION for the store, and make the bucket first",
      },
    );
  }
}

async function removeAll(store: Store, directory: string): Promise<void> {
  let batch: Promise<void>[] = [];
  for await (const { location } of store.list(directory)) {
    batch.push(store.remove(location));
    if (batch.length < REMOVALS_AT_ONCE) continue;
    await Promise.all(batch);
    batch = [];
  }
  await Promise.all(batch);
}
