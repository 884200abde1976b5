/**
 * View metadata as its files and the REST protocol carry it (view spec, "View Metadata"): plain data
 * with the field names of the wire, and its reader for JSON whose sender is not trusted.
 */
import type { SchemaJson } from "./metadata.ts";
import { MetadataError } from "./metadata_error.ts";
import { checkSchema, FORMAT_VERSION_MAX } from "./schema_rules.ts";
import {
  asArray,
  asInt,
  asObject,
  asString,
  asStringMap,
  asTimeMs,
  field,
  type JsonObject,
} from "./shape.ts";

/** The only format version of views that there is. */
export const VIEW_FORMAT_VERSION = 1;

/** In the updates and versions that name a schema or a version: the one that was added last. */
export const LAST_ADDED: number = -1;

/** One way to express a view (view spec, "SQL representation"); others are not known. */
export interface ViewRepresentationJson {
  /** The only type that the spec has. */
  type: "sql";
  /** The query. */
  sql: string;
  /** Such as `spark` or `trino`; a version has each once, upper and lower case being the same. */
  dialect: string;
}

/** What a view was from some time on (view spec, "Versions"). */
export interface ViewVersionJson {
  /** Unique in the view; a new view begins with 1. */
  "version-id": number;
  /** When the version was made, ms since the epoch. */
  "timestamp-ms": number;
  /** A schema of the view, or {@link LAST_ADDED} in an update. */
  "schema-id": number;
  /** Free facts on the change, such as `engine-name` and `engine-version`. */
  summary: Record<string, string>;
  /** For names in the query that have no catalog; absent: the catalog of the view. */
  "default-catalog"?: string;
  /** For names in the query that have no namespace; its levels, outermost first. */
  "default-namespace": string[];
  /** One or more. */
  representations: ViewRepresentationJson[];
}

/** When which version became the current one (view spec, "Version log"). */
export interface ViewLogEntryJson {
  /** Milliseconds since the epoch. */
  "timestamp-ms": number;
  /** May be that of a version which has expired since. */
  "version-id": number;
}

/** Metadata of a view. */
export interface ViewMetadata {
  /** Never changes. */
  "view-uuid": string;
  /** {@linkcode VIEW_FORMAT_VERSION}. */
  "format-version": number;
  /** Where the view's metadata files go. */
  location: string;
  /** Settings such as `version.history.num-entries`. */
  properties: Record<string, string>;
  /** All that a version names, by `schema-id`. */
  schemas: SchemaJson[];
  /** One of {@linkcode versions}. */
  "current-version-id": number;
  /** Those that have not expired. */
  versions: ViewVersionJson[];
  /** Oldest first. */
  "version-log": ViewLogEntryJson[];
}

/**
 * Reads the metadata of a view that some writer has made. What the spec does not name is left out.
 *
 * @param json a parsed metadata file.
 * @throws {MetadataError} of kind `invalid`, naming what is wrong: a field of another shape, a later
 * format version, a version whose schema is missing, or a current version that is.
 */
export function readViewMetadata(json: unknown): ViewMetadata {
  const object = asObject(json, "the view metadata");
  const metadata: ViewMetadata = {
    "view-uuid": asString(field(object, "view-uuid"), `"view-uuid"`),
    "format-version": readViewFormatVersion(field(object, "format-version")),
    location: asString(field(object, "location"), `"location"`),
    properties: asStringMap(field(object, "properties") ?? {}, `"properties"`),
    schemas: asArray(field(object, "schemas"), `"schemas"`).map(readViewSchema),
    "current-version-id": asInt(field(object, "current-version-id"), `"current-version-id"`),
    versions: asArray(field(object, "versions"), `"versions"`).map(readViewVersion),
    "version-log": asArray(field(object, "version-log"), `"version-log"`).map(readLogEntry),
  };
  const ids = new Set<number>();
  for (const version of metadata.versions) {
    const id = version["version-id"];
    if (ids.has(id)) throw new MetadataError(`Cannot read the view metadata: two versions "${id}"`);
    ids.add(id);
    requireViewSchema(metadata, version);
  }
  requireVersion(metadata, metadata["current-version-id"]);
  return metadata;
}

/** A format version of views that is known. @throws {MetadataError} for any other. */
export function readViewFormatVersion(value: unknown): number {
  const version = asInt(value, `"format-version"`);
  if (version !== VIEW_FORMAT_VERSION) {
    throw new MetadataError(
      `Unsupported format version of a view: ${version} (supported: ${VIEW_FORMAT_VERSION})`,
    );
  }
  return version;
}

/** A schema of a view: any type that tables of some format version have. @throws {MetadataError} */
export function readViewSchema(value: unknown): SchemaJson {
  checkSchema(value, FORMAT_VERSION_MAX);
  const schema = value as JsonObject;
  asInt(field(schema, "schema-id") ?? 0, `"schema-id"`);
  return schema as unknown as SchemaJson;
}

/**
 * A version of a view.
 *
 * @throws {MetadataError} for another shape, no representation at all or one that is not SQL, and
 * for two of one dialect, in which upper and lower case do not differ.
 */
export function readViewVersion(value: unknown): ViewVersionJson {
  const object = asObject(value, "a view version");
  const catalog = field(object, "default-catalog");
  const namespace = asArray(field(object, "default-namespace"), `"default-namespace"`);
  return {
    "version-id": asInt(field(object, "version-id"), `"version-id"`),
    "timestamp-ms": asTimeMs(field(object, "timestamp-ms"), `"timestamp-ms" of a view version`),
    "schema-id": asInt(field(object, "schema-id"), `"schema-id" of a view version`, LAST_ADDED),
    summary: asStringMap(field(object, "summary"), `"summary" of a view version`),
    ...(catalog === undefined ? {} : { "default-catalog": asString(catalog, `"default-catalog"`) }),
    "default-namespace": namespace.map((level) => asString(level, "a level of a namespace")),
    representations: readRepresentations(field(object, "representations")),
  };
}

function readRepresentations(value: unknown): ViewRepresentationJson[] {
  const items = asArray(value, `"representations"`);
  if (items.length === 0) {
    throw new MetadataError("Invalid view version: it has no representation");
  }
  const dialects = new Set<string>();
  return items.map((item) => {
    const object = asObject(item, "a representation of a view");
    const type = asString(field(object, "type"), `"type" of a representation`);
    if (type.toLowerCase() !== "sql") {
      throw new MetadataError(
        `Invalid view version: a representation of type "${type.slice(0, 100)}" is not known`,
      );
    }
    const sql = asString(field(object, "sql"), `"sql" of a representation`);
    const dialect = asString(field(object, "dialect"), `"dialect" of a representation`);
    if (dialect === "") throw new MetadataError("Invalid view version: an empty dialect");
    const key = dialect.toLowerCase();
    if (dialects.has(key)) {
      throw new MetadataError(
        `Invalid view version: Cannot add multiple queries for dialect ${key}`,
      );
    }
    dialects.add(key);
    return { type: "sql", sql, dialect };
  });
}

function readLogEntry(value: unknown): ViewLogEntryJson {
  const object = asObject(value, "an entry of the version log");
  return {
    "timestamp-ms": asTimeMs(field(object, "timestamp-ms"), `"timestamp-ms" of the version log`),
    "version-id": asInt(field(object, "version-id"), `"version-id" of the version log`),
  };
}

/** The version of that id. @throws {MetadataError} when the view has none. */
export function requireVersion(metadata: ViewMetadata, id: number): ViewVersionJson {
  const version = metadata.versions.find((known) => known["version-id"] === id);
  if (version === undefined) {
    throw new MetadataError(`Cannot set current version to unknown version: ${id}`);
  }
  return version;
}

/** Makes sure that a version's schema is there. @throws {MetadataError} */
export function requireViewSchema(metadata: ViewMetadata, version: ViewVersionJson): void {
  const id = version["schema-id"];
  if (metadata.schemas.some((schema) => (schema["schema-id"] ?? 0) === id)) return;
  throw new MetadataError(`Cannot add version with unknown schema: ${id}`);
}

/** The SQL dialects of a version, in lower case. */
export function dialectsOf(version: ViewVersionJson): string[] {
  return version.representations.map((item) => item.dialect.toLowerCase());
}
