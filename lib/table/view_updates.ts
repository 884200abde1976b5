/**
 * The changes of a view (REST spec, `ViewUpdate`), applied to its metadata, and the metadata of a new
 * one. Pure: the same metadata and updates give the same result, and the input is left as it is.
 */
import { MetadataError } from "./metadata_error.ts";
import {
  asArray,
  asInt,
  asObject,
  asString,
  asStringMap,
  field,
  type JsonObject,
  sameJson,
} from "./shape.ts";
import { sameSchema } from "./update_schemas.ts";
import { finishView } from "./view_history.ts";
import {
  LAST_ADDED,
  readViewFormatVersion,
  readViewSchema,
  readViewVersion,
  requireVersion,
  requireViewSchema,
  VIEW_FORMAT_VERSION,
  type ViewMetadata,
  type ViewVersionJson,
} from "./view_metadata.ts";

/** What the server decides for a new view. */
export interface NewViewOptions {
  /** The view's own id. */
  readonly uuid: string;
  /** Where the view's files go, without a slash at the end. */
  readonly location: string;
  /** The time that the view is made. */
  readonly nowMs: number;
}

/** A change under way; handlers replace fields of `metadata` and change nothing within them. */
interface Draft {
  readonly metadata: ViewMetadata;
  /** Ids of the versions that this change adds, not of those that were there already. */
  readonly addedVersionIds: Set<number>;
  /** What -1 stands for. */
  addedSchemaId: number | undefined;
  addedVersionId: number | undefined;
}

const INT32_MAX = 2 ** 31 - 1;

const HANDLERS: ReadonlyMap<string, (draft: Draft, update: JsonObject) => void> = new Map([
  ["assign-uuid", assignUuid],
  ["upgrade-format-version", upgradeFormatVersion],
  ["add-schema", (draft, update) => addSchema(draft, field(update, "schema"))],
  ["set-location", setLocation],
  ["set-properties", setProperties],
  ["remove-properties", removeProperties],
  ["add-view-version", (draft, update) => addVersion(draft, field(update, "view-version"))],
  ["set-current-view-version", setCurrentVersion],
]);

/**
 * The metadata of a new view. Its schema gets the id 0 and its version the id 1, whatever they came
 * with; field ids stay.
 *
 * @param request the body of a create request: `schema`, `view-version`, `properties`.
 * @throws {MetadataError} of kind `invalid`, naming what is wrong with the request.
 */
export function newViewMetadata(request: JsonObject, options: NewViewOptions): ViewMetadata {
  const draft = startDraft({
    "view-uuid": options.uuid,
    "format-version": VIEW_FORMAT_VERSION,
    location: options.location,
    properties: asStringMap(field(request, "properties") ?? {}, `"properties"`),
    schemas: [],
    "current-version-id": 0,
    versions: [],
    "version-log": [],
  });
  addSchema(draft, field(request, "schema"));
  const version = asObject(field(request, "view-version"), `"view-version"`);
  // Its ids must be right, too, although others take their place.
  readViewVersion(version);
  addVersion(draft, { ...version, "version-id": 1, "schema-id": LAST_ADDED });
  draft.metadata["current-version-id"] = 1;
  return finishView(draft.metadata, { ...draft, base: undefined, nowMs: options.nowMs });
}

/**
 * Applies updates in the order given. The version log follows the current version, and the oldest
 * versions beyond `version.history.num-entries` go.
 *
 * @param updates the array of a commit request; its shape is checked here.
 * @returns new metadata that shares unchanged parts with the old.
 * @throws {MetadataError} `invalid` for an unknown, malformed or impossible update, and for a current
 * version that lacks a dialect of the one before unless `replace.drop-dialect.allowed` is set.
 */
export function applyViewUpdates(
  metadata: ViewMetadata,
  updates: unknown,
  options: { readonly nowMs: number },
): ViewMetadata {
  const draft = startDraft(metadata);
  for (const item of asArray(updates, `"updates"`)) {
    const update = asObject(item, "an update");
    const action = asString(field(update, "action"), `"action" of an update`);
    const handle = HANDLERS.get(action);
    if (handle === undefined) {
      throw new MetadataError(`Cannot apply update "${action}" to a view: it is not known`);
    }
    handle(draft, update);
  }
  return finishView(draft.metadata, { ...draft, base: metadata, nowMs: options.nowMs });
}

function startDraft(metadata: ViewMetadata): Draft {
  return {
    metadata: { ...metadata },
    addedVersionIds: new Set(),
    addedSchemaId: undefined,
    addedVersionId: undefined,
  };
}

function assignUuid({ metadata }: Draft, update: JsonObject): void {
  const uuid = asString(field(update, "uuid"), `"uuid"`);
  const found = metadata["view-uuid"];
  if (found.toLowerCase() !== uuid.toLowerCase()) {
    throw new MetadataError(`Cannot change the uuid of the view from "${found}" to "${uuid}"`);
  }
}

function upgradeFormatVersion({ metadata }: Draft, update: JsonObject): void {
  metadata["format-version"] = readViewFormatVersion(field(update, "format-version"));
}

function setLocation({ metadata }: Draft, update: JsonObject): void {
  const location = asString(field(update, "location"), `"location"`).replace(/(?<=[^/])\/+$/, "");
  if (location === "") throw new MetadataError("Cannot use an empty location");
  metadata.location = location;
}

function setProperties({ metadata }: Draft, update: JsonObject): void {
  const added = asStringMap(field(update, "updates"), `"updates" of set-properties`);
  metadata.properties = { ...metadata.properties, ...added };
}

function removeProperties({ metadata }: Draft, update: JsonObject): void {
  const removals = new Set(
    asArray(field(update, "removals"), `"removals"`).map((key) => asString(key, "a property name")),
  );
  metadata.properties = Object.fromEntries(
    Object.entries(metadata.properties).filter(([key]) => !removals.has(key)),
  );
}

/** A schema that the view has already keeps its id; any other gets the next one. */
function addSchema(draft: Draft, json: unknown): void {
  const { metadata } = draft;
  const schema = readViewSchema(json);
  const same = metadata.schemas.find((known) => sameSchema(known, schema));
  if (same !== undefined) {
    draft.addedSchemaId = same["schema-id"] ?? 0;
    return;
  }
  const id = 1 + metadata.schemas.reduce(
    (highest, known) => Math.max(highest, known["schema-id"] ?? 0),
    -1,
  );
  metadata.schemas = [...metadata.schemas, { ...schema, "schema-id": checkId(id, "schema") }];
  draft.addedSchemaId = id;
}

/**
 * A version that the view has already, but for its id and its time, keeps its id. Any other keeps
 * the id that it came with when that is higher than all, else it gets the next one.
 */
function addVersion(draft: Draft, json: unknown): void {
  const { metadata } = draft;
  const version = readViewVersion(json);
  if (version["schema-id"] === LAST_ADDED) {
    if (draft.addedSchemaId === undefined) {
      throw new MetadataError("Cannot set last added schema: no schema has been added");
    }
    version["schema-id"] = draft.addedSchemaId;
  }
  requireViewSchema(metadata, version);
  const same = metadata.versions.find((known) => sameVersion(known, version));
  if (same !== undefined) {
    draft.addedVersionId = same["version-id"];
    return;
  }
  const id = metadata.versions.reduce(
    (free, known) => Math.max(free, known["version-id"] + 1),
    version["version-id"],
  );
  metadata.versions = [...metadata.versions, { ...version, "version-id": checkId(id, "version") }];
  draft.addedVersionIds.add(id);
  draft.addedVersionId = id;
}

function setCurrentVersion(draft: Draft, update: JsonObject): void {
  let id = asInt(field(update, "view-version-id"), `"view-version-id"`, LAST_ADDED);
  if (id === LAST_ADDED) {
    if (draft.addedVersionId === undefined) {
      throw new MetadataError("Cannot set last added version: no version has been added");
    }
    id = draft.addedVersionId;
  }
  draft.metadata["current-version-id"] = requireVersion(draft.metadata, id)["version-id"];
}

function sameVersion(left: ViewVersionJson, right: ViewVersionJson): boolean {
  return left["schema-id"] === right["schema-id"] &&
    left["default-catalog"] === right["default-catalog"] &&
    sameJson(left["default-namespace"], right["default-namespace"]) &&
    sameJson(left.summary, right.summary) &&
    sameJson(left.representations, right.representations);
}

function checkId(id: number, what: string): number {
  if (id > INT32_MAX) throw new MetadataError(`Cannot add the ${what}: its id would be too high`);
  return id;
}
