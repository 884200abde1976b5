/** What the tests of malformed requests share: a request with something else in one place. */
import fc from "fast-check";
import type { Json } from "../../lib/table/json.ts";

/** Every place in a value, as the keys that lead there. */
export function placesIn(value: unknown, path: readonly string[] = []): string[][] {
  if (typeof value !== "object" || value === null) return [[...path]];
  return [
    [...path],
    ...Object.entries(value).flatMap(([key, item]) => placesIn(item, [...path, key])),
  ];
}

/** A copy of the value with something else in one place; undefined takes it out. */
export function withPlace(value: unknown, path: readonly string[], instead: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return instead;
  const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as Record<
    string,
    unknown
  >;
  copy[key] = withPlace(copy[key], rest, instead);
  return copy;
}

/** What may stand in a place where it does not belong. */
export const ANYTHING = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json>,
  fc.constantFrom<unknown>(undefined, null, -1, 1.5, 2n ** 63n, "", "constructor", [], {}, [null]),
);
