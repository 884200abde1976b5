/** Names of namespaces and tables: what is allowed, and how requests carry them. */
import { asArray, asObject, asString, field } from "../table/shape.ts";
import { badRequest, type TableName } from "./failure.ts";

const NAME_LENGTH_MAX = 255;
const LEVELS_MAX = 32;
/** What parts the levels of a namespace in a path or a query, once decoded. */
const LEVEL_SEPARATOR = "\x1f";
// deno-lint-ignore no-control-regex -- control characters are what it refuses
const CONTROL = /[\x00-\x1f\x7f]/;

/**
 * Checks the name of a table or of one level of a namespace: anything goes but what no URL or no
 * database can carry.
 *
 * @throws {RequestFailure} 400
 */
export function checkName(name: string, what: string): string {
  if (name === "") throw badRequest(`Cannot use an empty ${what}`);
  if (name.length > NAME_LENGTH_MAX) {
    throw badRequest(`Cannot use a ${what} of more than ${NAME_LENGTH_MAX} characters`);
  }
  if (CONTROL.test(name) || !name.isWellFormed()) {
    throw badRequest(`Cannot use a ${what} with control characters or broken Unicode`);
  }
  // Clients fold these two away when they build a path, and so would reach something else.
  if (name === "." || name === "..") throw badRequest(`Cannot use "${name}" as ${what}`);
  return name;
}

/**
 * A namespace of a JSON body.
 *
 * @throws {RequestFailure | MetadataError} 400
 */
export function readNamespace(value: unknown): string[] {
  return checkLevels(asArray(value, `"namespace"`).map((level) => asString(level, "a namespace")));
}

/**
 * A table identifier of a JSON body, `{namespace, name}`.
 *
 * @throws {RequestFailure | MetadataError} 400
 */
export function readTableName(value: unknown, what: string): TableName {
  const object = asObject(value, what);
  return {
    namespace: readNamespace(field(object, "namespace")),
    name: checkName(asString(field(object, "name"), `"name" of ${what}`), "table name"),
  };
}

/**
 * One segment of a path. Some clients write a space as `+`, and all write a plus as `%2B`.
 *
 * @throws {RequestFailure} 400 when it is no valid percent-encoding.
 */
export function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment.replaceAll("+", " "));
  } catch {
    throw badRequest(`Cannot read the path: "${segment.slice(0, 100)}" is not percent-encoded`);
  }
}

/** A namespace of a path segment or query value, decoded once. @throws {RequestFailure} 400 */
export function splitNamespace(text: string): string[] {
  return checkLevels(text.split(LEVEL_SEPARATOR));
}

/**
 * What the `parent` query value, decoded once, may mean: the namespace as it stands, or, as some
 * clients encode it twice, what comes of decoding it again.
 *
 * @throws {RequestFailure} 400
 */
export function splitParent(text: string): string[][] {
  const plain = splitNamespace(text);
  if (plain.length > 1 || !text.includes("%")) return [plain];
  try {
    return [plain, splitNamespace(decodeURIComponent(text))];
  } catch {
    return [plain];
  }
}

function checkLevels(levels: string[]): string[] {
  if (levels.length === 0) throw badRequest("Cannot use a namespace without levels");
  if (levels.length > LEVELS_MAX) {
    throw badRequest(`Cannot use a namespace of more than ${LEVELS_MAX} levels`);
  }
  for (const level of levels) checkName(level, "namespace");
  return levels;
}
