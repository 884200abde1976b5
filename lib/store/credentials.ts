/** Which properties open the store of a location (REST spec, `LoadTableResult`, "Storage Credentials"). */

/** What `loadTable` says about access to a table's files. */
export interface StoreAccess {
  readonly config: Readonly<Record<string, string>>;
  readonly storageCredentials: ReadonlyArray<{
    readonly prefix: string;
    readonly config: Readonly<Record<string, string>>;
  }>;
}

/** Properties such as `s3.endpoint` and `s3.access-key-id`. */
export type StoreProperties = Readonly<Record<string, string>>;

/**
 * Merges what is known of a location's store: the catalog's own properties, then the table's
 * `config`, then the storage credential with the longest prefix that fits.
 */
export function storeProperties(
  location: string,
  known: { readonly catalog: StoreProperties; readonly access: StoreAccess },
): StoreProperties {
  const wanted = sameScheme(location);
  let best: { prefix: string; config: StoreProperties } | undefined;
  for (const credential of known.access.storageCredentials) {
    const prefix = sameScheme(credential.prefix);
    if (wanted.startsWith(prefix) && (best === undefined || prefix.length > best.prefix.length)) {
      best = { prefix, config: credential.config };
    }
  }
  return { ...known.catalog, ...known.access.config, ...best?.config };
}

/** `s3`, `s3a` and `s3n` name the same store. */
function sameScheme(location: string): string {
  return location.replace(/^s3[an]:/, "s3:");
}
