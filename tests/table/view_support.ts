/** What the tests of views share: a small view, and the pieces that requests are made of. */
import assert from "node:assert/strict";
import type { JsonObject } from "../../lib/table/shape.ts";
import type { ViewMetadata } from "../../lib/table/view_metadata.ts";
import { applyViewUpdates, newViewMetadata } from "../../lib/table/view_updates.ts";

export const VIEW_UUID = "11111111-2222-3333-4444-555555555555";
export const NOW_MS = 1_700_000_000_000;

/** A schema of one column of that name. */
export function schemaOf(name = "id"): JsonObject {
  return {
    type: "struct",
    "schema-id": 7,
    fields: [{ id: 1, name, type: "long", required: true }],
  };
}

/** A version with one query for each dialect. */
export function versionOf(sql: string, overrides: JsonObject = {}): JsonObject {
  const { dialects = ["spark"], ...others } = overrides;
  return {
    "version-id": 1,
    "schema-id": 0,
    "timestamp-ms": 1000,
    summary: { "engine-name": "test" },
    "default-namespace": ["ns"],
    representations: (dialects as string[]).map((dialect) => ({ type: "sql", sql, dialect })),
    ...others,
  };
}

/** A view of `select 1`. */
export function view(properties: Record<string, string> = {}): ViewMetadata {
  return newViewMetadata({
    name: "v",
    schema: schemaOf(),
    "view-version": versionOf("select 1"),
    properties,
  }, { uuid: VIEW_UUID, location: "file:///w/v", nowMs: NOW_MS });
}

/** Applies updates five milliseconds later, and checks that the input was left alone. */
export function apply(metadata: ViewMetadata, ...updates: unknown[]): ViewMetadata {
  const before = structuredClone(metadata);
  const after = applyViewUpdates(metadata, updates, { nowMs: NOW_MS + 5 });
  assert.deepEqual(metadata, before);
  return after;
}

/** The update that adds a version. */
export function addVersion(sql: string, overrides: JsonObject = {}) {
  return { action: "add-view-version", "view-version": versionOf(sql, overrides) };
}

/** The update that makes a version the current one; by default the one that was added last. */
export function setCurrent(id = -1) {
  return { action: "set-current-view-version", "view-version-id": id };
}

/** What an error about a request that is wrong looks like. */
export function invalid(pattern: RegExp) {
  return { name: "MetadataError", kind: "invalid", message: pattern };
}

/** The ids of the versions that are kept, and those in the log. */
export function idsOf(metadata: ViewMetadata): { versions: number[]; log: number[] } {
  return {
    versions: metadata.versions.map((version) => version["version-id"]),
    log: metadata["version-log"].map((entry) => entry["version-id"]),
  };
}
