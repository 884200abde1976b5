/** Opens the store that a location needs. */
import { UsageError } from "../errors.ts";
import type { StoreProperties } from "./credentials.ts";
import { openFileStore } from "./file_store.ts";
import type { RefreshProperties } from "./refresh.ts";
import type { StoreLimits } from "./s3_limits.ts";
import type { OnStoreRequest, Store } from "./store.ts";

/** What a store is opened with beside its properties. */
export interface StoreOptions {
  /** Is told of every request over the network. */
  readonly onRequest?: OnStoreRequest;
  /** Asked for fresh properties when the credentials are refused or about to expire. */
  readonly refresh?: RefreshProperties;
  /** Bounds in time, in place of the usual ones. */
  readonly limits?: Partial<StoreLimits>;
}

/**
 * Opens the store of a location's scheme. The S3 client is loaded only when it is needed.
 *
 * @throws {UsageError} for a scheme that is not supported.
 */
export async function openStore(
  location: string,
  properties: StoreProperties,
  options: StoreOptions = {},
): Promise<Store> {
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(location)?.[1]?.toLowerCase();
  switch (scheme) {
    case undefined:
    case "file":
      return openFileStore();
    case "s3":
    case "s3a":
    case "s3n": {
      const { openS3Store } = await import("./s3_store.ts");
      return openS3Store(properties, options);
    }
    default:
      throw new UsageError(
        `Cannot open the store of "${location}": scheme "${scheme}" is unknown`,
        {
          hint: "Tables on local disk (file:) and on S3 (s3:) can be written",
        },
      );
  }
}
