/** Which properties open the store of a location (REST spec, `LoadTableResult`, "Storage Credentials"). */

/** What `loadTable` says about access to a table's files. */
export interface StoreAccess {
  /** For all of the table's locations; a storage credential that fits goes above it. */
  readonly config: Readonly<Record<string, string>>;
  /** Each for the locations that begin with its prefix; the longest prefix counts. */
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
  return [known.access.config, best?.config ?? {}].reduce(overlay, known.catalog);
}

const KEY = "s3.access-key-id";
const SESSION_TOKENS = ["s3.session-token", "s3.session-token-expires-at-ms"];

/** A session token belongs to the key that it came with, never to another one. */
function overlay(below: StoreProperties, above: StoreProperties): StoreProperties {
  const kept = { ...below };
  if (above[KEY] !== undefined) { for (const name of SESSION_TOKENS) delete kept[name]; }
  return { ...kept, ...above };
}

/** `s3`, `s3a` and `s3n` name the same store. */
function sameScheme(location: string): string {
  return location.replace(/^s3[an]:/, "s3:");
}
