/** Opens what a warehouse consists of: its place, its database, and its clients' way to the files. */
import { resolve } from "node:path";
import { AuthError, StorageError, UsageError } from "../errors.ts";
import type { StoreProperties } from "../store/credentials.ts";
import {
  isStsNamed,
  type ReadVariable,
  s3PropertiesFrom,
  type StsSettings,
  stsSettingsFrom,
} from "./storage/aws_settings.ts";
import { CatalogDatabase, DATABASE_FILE } from "./database.ts";
import { openStorageAccess } from "./storage/open_storage.ts";
import type { Place } from "./places/place.ts";
import { openLocalPlace } from "./places/place_local.ts";
import { isS3Location } from "./places/s3_location.ts";
import type { CredentialMode, StorageAccess } from "./storage/vending.ts";

/** A warehouse to be served. */
export interface WarehouseOptions {
  /** Name that clients give as warehouse. */
  readonly name: string;
  /** Directory, made when missing, or `s3://bucket/prefix`. */
  readonly root: string;
  /**
   * Where the database of a warehouse on S3 lies, in a directory of the warehouse's name; that of a
   * local one lies in the warehouse itself. @default {"./warehouse"}
   */
  readonly stateDirectory?: string;
  /** Locations below which tables may lie beside the warehouse. @default {none} */
  readonly allowLocations?: readonly string[];
  /** What clients of a warehouse on S3 are given. @default {"none"} */
  readonly credentials?: CredentialMode;
  /** How STS is reached when clients are given its credentials. */
  readonly sts?: StsSettings;
  /** How S3 is reached, with the server's own keys. @default {from the AWS_* variables} */
  readonly storeProperties?: StoreProperties;
}

/** A warehouse that is open. */
export interface Warehouse {
  /** Where the files of its tables and views lie. */
  readonly place: Place;
  /** Its namespaces, and the pointers to the metadata files. */
  readonly database: CatalogDatabase;
  /** Undefined for a local warehouse: whoever may read the files there needs nothing else. */
  readonly storage: StorageAccess | undefined;
}

const STATE_DIRECTORY_DEFAULT = "./warehouse";
const ROOT_SETTING = "root";
/** What can be a directory everywhere. */
const STATE_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}$/;

/**
 * Opens a warehouse, and makes what is missing.
 *
 * @throws {UsageError} for options that cannot be used.
 * @throws {AuthError | StorageError} when the directory, the bucket or the database cannot be used.
 */
export async function openWarehouse(options: WarehouseOptions): Promise<Warehouse> {
  return await (isS3Location(options.root) ? openOnS3(options) : openOnDisk(options));
}

async function openOnDisk(options: WarehouseOptions): Promise<Warehouse> {
  const { name, root: directory, allowLocations = [], credentials = "none" } = options;
  const scheme = /^([a-z][a-z0-9+.-]+):\/\//i.exec(directory)?.[1];
  if (scheme !== undefined) {
    throw new UsageError(`Cannot serve warehouse "${name}" at "${directory}": unknown scheme`, {
      hint: "It takes a directory, or s3://BUCKET/PREFIX",
    });
  }
  if (credentials !== "none") {
    throw new UsageError(
      `Cannot give credentials for warehouse "${name}": it lies on the local disk`,
    );
  }
  const root = resolve(directory).replaceAll("\\", "/");
  const place = await openLocalPlace(root, { allowLocations });
  return {
    place,
    database: new CatalogDatabase(`${root}/${DATABASE_FILE}`),
    storage: undefined,
  };
}

async function openOnS3(options: WarehouseOptions): Promise<Warehouse> {
  const { name, root, allowLocations = [], credentials: mode = "none" } = options;
  const readVariable: ReadVariable = (variable) => Deno.env.get(variable);
  const properties = options.storeProperties ?? s3PropertiesFrom(readVariable);
  const { openS3Place } = await import("./places/place_s3.ts");
  const place = await openS3Place(root, { properties, allowLocations });
  let database: CatalogDatabase | undefined;
  try {
    const storage = await openStorageAccess({
      name,
      root: place.root,
      mode,
      properties,
      sts: stsSettingsFrom(options.sts ?? {}, { s3: properties, readVariable }),
      namesSts: isStsNamed(options.sts ?? {}, readVariable),
    });
    database = new CatalogDatabase(`${await stateDirectory(options)}/${DATABASE_FILE}`);
    claimDatabase(database, { name, root: place.root });
    return { place, database, storage };
  } catch (error) {
    database?.close();
    place.store.close();
    throw error;
  }
}

async function stateDirectory(options: WarehouseOptions): Promise<string> {
  const { name, stateDirectory: parent = STATE_DIRECTORY_DEFAULT } = options;
  if (!STATE_NAME.test(name)) {
    throw new UsageError(`Cannot keep the database of warehouse "${name}": it names no directory`, {
      hint: "Name the warehouse with letters, digits, dots, hyphens and underscores",
    });
  }
  const directory = `${resolve(parent).replaceAll("\\", "/")}/${name}`;
  try {
    await Deno.mkdir(directory, { recursive: true });
  } catch (cause) {
    const isRefused = cause instanceof Deno.errors.PermissionDenied ||
      cause instanceof Deno.errors.NotCapable;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new (isRefused ? AuthError : StorageError)(
      `Cannot make the state directory "${directory}": ${reason}`,
      { cause, hint: "Choose another one by --state-dir" },
    );
  }
  return directory;
}

/** The tables of one warehouse must never be looked for in another one. */
function claimDatabase(
  database: CatalogDatabase,
  warehouse: { readonly name: string; readonly root: string },
): void {
  const { name, root } = warehouse;
  const known = database.setting(ROOT_SETTING);
  if (known === undefined) {
    database.setSetting(ROOT_SETTING, root);
  } else if (known !== root) {
    throw new UsageError(
      `Cannot serve warehouse "${name}" at "${root}": its database belongs to "${known}"`,
      { hint: "Give it another name, or another --state-dir" },
    );
  }
}
