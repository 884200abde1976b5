/** The catalog's operations on namespaces. */
import type { Catalog } from "./catalog.ts";
import type { ChangeOptions, Page } from "./database.ts";
import { noSuchNamespace, RequestFailure } from "./failure.ts";

/** What a change of properties did (REST spec, `UpdateNamespacePropertiesResponse`). */
export interface PropertyChanges {
  /** Names that were set, whether or not they had a value before. */
  readonly updated: string[];
  /** Names that were there and are gone. */
  readonly removed: string[];
  /** Those to be removed that were not there. */
  readonly missing: string[];
}

/** The namespaces directly below `parent` (`[]`: the top ones). @throws {RequestFailure} 404 */
export function listNamespaces(
  catalog: Catalog,
  parent: readonly string[],
  page: Page = {},
): string[][] {
  if (parent.length > 0) requireNamespace(catalog, parent);
  return catalog.database.listNamespaces(parent, page);
}

/** Makes a namespace, and the parents that are missing. @throws {RequestFailure} 409 */
export function createNamespace(
  catalog: Catalog,
  namespace: readonly string[],
  properties: Record<string, string>,
  options: ChangeOptions = {},
): void {
  if (catalog.database.createNamespace(namespace, properties, options)) return;
  throw new RequestFailure(
    409,
    "AlreadyExistsException",
    `Namespace already exists: ${namespace.join(".")}`,
  );
}

/** The properties of a namespace. @throws {RequestFailure} 404 */
export function requireNamespace(
  catalog: Catalog,
  namespace: readonly string[],
): Record<string, string> {
  const properties = catalog.database.namespaceProperties(namespace);
  if (properties === undefined) throw noSuchNamespace(namespace);
  return properties;
}

/** Removes a namespace. @throws {RequestFailure} 404, or 409 when it is not empty. */
export function dropNamespace(
  catalog: Catalog,
  namespace: readonly string[],
  options: ChangeOptions = {},
): void {
  const refusal = catalog.database.dropNamespace(namespace, options);
  if (refusal === "noSuchNamespace") throw noSuchNamespace(namespace);
  if (refusal === "notEmpty") {
    throw new RequestFailure(
      409,
      "NamespaceNotEmptyException",
      `Namespace is not empty: ${namespace.join(".")}`,
    );
  }
}

/**
 * Sets and removes properties of a namespace in one step.
 *
 * @throws {RequestFailure} 404, or 422 when a property is both set and removed.
 */
export function updateNamespace(
  catalog: Catalog,
  namespace: readonly string[],
  change: { readonly removals: readonly string[]; readonly updates: Record<string, string> },
  options: { readonly onApplied?: (changes: PropertyChanges) => void } = {},
): PropertyChanges {
  const removals = new Set(change.removals);
  const both = Object.keys(change.updates).filter((key) => removals.has(key));
  if (both.length > 0) {
    throw new RequestFailure(
      422,
      "UnprocessableEntityException",
      `Cannot update properties of the namespace: set and removed at once: ${both.join(", ")}`,
    );
  }
  const removed: string[] = [];
  const missing: string[] = [];
  const changes = { updated: Object.keys(change.updates), removed, missing };
  const found = catalog.database.changeProperties(namespace, (properties) => {
    for (const key of removals) (Object.hasOwn(properties, key) ? removed : missing).push(key);
    const kept = Object.entries(properties).filter(([key]) => !removals.has(key));
    return { ...Object.fromEntries(kept), ...change.updates };
  }, { onApplied: () => options.onApplied?.(changes) });
  if (!found) throw noSuchNamespace(namespace);
  return changes;
}
