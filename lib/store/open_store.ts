/** Opens the store that a location needs. */
import { UsageError } from "../errors.ts";
import type { StoreProperties } from "./credentials.ts";
import { openFileStore } from "./file_store.ts";
import type { OnStoreRequest, Store } from "./store.ts";

/**
 * Opens the store of a location's scheme. The S3 client is loaded only when it is needed.
 *
 * @param options.onRequest is told of every request over the network.
 *
 * @throws {UsageError} for a scheme that is not supported.
 */
export async function openStore(
  location: string,
  properties: StoreProperties,
  options: { readonly onRequest?: OnStoreRequest } = {},
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
