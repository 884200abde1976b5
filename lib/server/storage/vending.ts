/**
 * How clients get at the files of a table on S3 (REST spec, "Storage Credentials" and remote
 * signing): with keys of their own, with keys that the catalog gives, or by its signatures.
 */
import type { StoreProperties } from "../../store/credentials.ts";
import type { TableMetadata } from "../../table/metadata.ts";
import type { GetKeysFor, Keys } from "./credential_keys.ts";
import type { Place } from "../places/place.ts";
import type { S3Signer } from "./signing.ts";

/**
 * What clients are given: nothing, as they bring keys of their own; the server's own keys; keys by
 * STS that reach one table only; no keys, but signatures. With keys, signatures are there, too.
 */
export type CredentialMode = "none" | "static" | "sts" | "sign";

/** All of {@link CredentialMode}. */
export const CREDENTIAL_MODES: readonly CredentialMode[] = ["none", "static", "sts", "sign"];

/** What a client wants, by its `X-Iceberg-Access-Delegation`. */
export type Delegation = "credentials" | "signing" | "either" | "nothing";

/** Reads the header `X-Iceberg-Access-Delegation`; words that are not known are passed over. */
export function readDelegation(header: string | null): Delegation {
  const words = new Set((header ?? "").toLowerCase().split(",").map((word) => word.trim()));
  const credentials = words.has("vended-credentials");
  const signing = words.has("remote-signing");
  if (credentials !== signing) return credentials ? "credentials" : "signing";
  return words.has("client-managed") && !credentials ? "nothing" : "either";
}

/** A credential of the REST spec, `StorageCredential`. */
export interface StorageCredential {
  /** The location below which it counts. */
  readonly prefix: string;
  /** Properties such as `s3.access-key-id`; they hold secrets. */
  readonly config: Readonly<Record<string, string>>;
}

/** What a client is told of a table's store. */
export interface StorageOffer {
  /** The `config` of the answer: how the store is reached and, where keys are given, these, too. */
  readonly config: Readonly<Record<string, string>>;
  /** The `storage-credentials` of the answer; absent where no keys are given. */
  readonly credentials?: readonly StorageCredential[];
  /** Tells this offer from others of the same table, for the entity tag. Holds no secret. */
  readonly tag: string;
}

/** Where the files of a table lie. */
export interface TableFiles {
  /** The table's location as its metadata has it, without a slash at its end. */
  readonly prefix: string;
  /** The same, and other directories that the table names, in the form that is compared. */
  readonly locations: readonly string[];
}

/** Where a client finds what belongs to its table. */
export interface TableAddress {
  /** The catalog's base URI, such as `http://127.0.0.1:8181/catalog`. */
  readonly base: string;
  /** Path of the table below it, such as `v1/lake/namespaces/ns/tables/t`. */
  readonly path: string;
}

/** Gives access to the files of one warehouse's tables. */
export class StorageAccess {
  readonly #options: StorageAccessOptions;

  /** Nothing is asked for until a client wants it. */
  constructor(options: StorageAccessOptions) {
    this.#options = options;
  }

  /** Signs requests; absent when clients are not given any access. */
  get signer(): S3Signer | undefined {
    return this.#options.signer;
  }

  /**
   * What `loadTable` and its like tell the client.
   *
   * @throws {RequestFailure} 503 when keys cannot be had.
   */
  async offer(
    files: TableFiles,
    wanted: { readonly delegation: Delegation; readonly address: TableAddress },
  ): Promise<StorageOffer> {
    const { delegation, address } = wanted;
    const { mode } = this.#options;
    const base = this.#storeConfig();
    if (delegation === "nothing" || mode === "none" || files.locations.length === 0) {
      return { config: base, tag: "" };
    }
    if (delegation === "signing" || (mode === "sign" && delegation === "either")) {
      return { config: { ...base, ...signingConfig(address) }, tag: "-sign" };
    }
    if (mode === "sign") return { config: base, tag: "" };
    const keys = await this.#options.keysFor(files.locations);
    const given = keyConfig(keys);
    return {
      config: { ...base, ...given },
      credentials: [{
        prefix: files.prefix,
        config: {
          ...base,
          ...given,
          ...expiryConfig(keys),
          "client.refresh-credentials-endpoint": `${address.base}/${address.path}/credentials`,
        },
      }],
      tag: `-${keys.expiresAtMs ?? mode}`,
    };
  }

  /**
   * The credentials of `loadCredentials` (REST spec, `LoadCredentialsResponse`); none where clients
   * are given none.
   *
   * @throws {RequestFailure} 503 when keys cannot be had.
   */
  async credentials(
    files: TableFiles,
    address: TableAddress,
  ): Promise<readonly StorageCredential[]> {
    const offer = await this.offer(files, { delegation: "credentials", address });
    return offer.credentials ?? [];
  }

  #storeConfig(): Record<string, string> {
    const { properties } = this.#options;
    const region = properties["s3.region"]!;
    const endpoint = properties["s3.endpoint"];
    return {
      ...(endpoint === undefined ? {} : { "s3.endpoint": endpoint }),
      "s3.region": region,
      "client.region": region,
      "s3.path-style-access": properties["s3.path-style-access"] ?? "false",
    };
  }
}

/** What {@link StorageAccess} works with. */
export interface StorageAccessOptions {
  /** What clients are given when they ask for nothing in particular. */
  readonly mode: CredentialMode;
  /** Endpoint, region and path style of the store. */
  readonly properties: StoreProperties;
  /** The keys that clients are given. */
  readonly keysFor: GetKeysFor;
  /** Given when the mode is any but `none`. */
  readonly signer?: S3Signer;
}

/**
 * Where the files of a table lie. What lies outside of what the warehouse allows is left out,
 * whatever the table's properties say.
 */
export function tableFiles(
  metadata: Pick<TableMetadata, "location" | "properties">,
  place: Place,
): TableFiles {
  const properties = metadata.properties ?? {};
  const named = LOCATION_PROPERTIES.map((name) =>
    Object.hasOwn(properties, name) ? properties[name] : undefined
  );
  const locations = [metadata.location, ...named].flatMap((location) => {
    if (typeof location !== "string") return [];
    try {
      return [place.check(location)];
    } catch {
      return [];
    }
  });
  const [own] = locations;
  const others = locations.filter((other) => !other.startsWith(`${own}/`));
  return {
    prefix: metadata.location.replace(/\/+$/, ""),
    locations: [...new Set(others)],
  };
}

const LOCATION_PROPERTIES = [
  "write.data.path",
  "write.metadata.path",
  "write.object-storage.path",
  "write.folder-storage.path",
] as const;

function keyConfig(keys: Keys): Record<string, string> {
  return {
    "s3.access-key-id": keys.accessKeyId,
    "s3.secret-access-key": keys.secretAccessKey,
    ...(keys.sessionToken === undefined ? {} : { "s3.session-token": keys.sessionToken }),
  };
}

function expiryConfig(keys: Keys): Record<string, string> {
  return keys.expiresAtMs === undefined
    ? {}
    : { "s3.session-token-expires-at-ms": String(keys.expiresAtMs) };
}

/** Clients in Python look for the names that begin with `s3.`, and their default cannot sign so. */
function signingConfig(address: TableAddress): Record<string, string> {
  const endpoint = `${address.path}/sign`;
  return {
    "s3.remote-signing-enabled": "true",
    "signer.uri": address.base,
    "signer.endpoint": endpoint,
    "s3.signer": "S3V4RestSigner",
    "s3.signer.uri": address.base,
    "s3.signer.endpoint": endpoint,
    "py-io-impl": "pyiceberg.io.fsspec.FsspecFileIO",
  };
}
