/** The conditions of a commit (REST spec, `TableRequirement`), checked against table metadata. */
import type { TableMetadata } from "./metadata.ts";
import { MetadataError } from "./metadata_error.ts";
import { asArray, asInt, asLong, asObject, asString, field, type JsonObject } from "./shape.ts";

/** The table as requirements see it. */
type Check = (metadata: TableMetadata, requirement: JsonObject) => string | undefined;

const CHECKS: ReadonlyMap<string, Check> = new Map<string, Check>([
  ["assert-create", () => "table already exists"],
  ["assert-table-uuid", (metadata, requirement) => {
    const uuid = asString(field(requirement, "uuid"), `"uuid" of a requirement`);
    const found = metadata["table-uuid"];
    return found.toLowerCase() === uuid.toLowerCase()
      ? undefined
      : `UUID does not match: expected ${uuid} != ${found}`;
  }],
  ["assert-ref-snapshot-id", checkRef],
  [
    "assert-last-assigned-field-id",
    sameNumber(
      "last-assigned-field-id",
      (metadata) => metadata["last-column-id"],
      "last assigned field id",
    ),
  ],
  [
    "assert-current-schema-id",
    sameNumber(
      "current-schema-id",
      (metadata) => metadata["current-schema-id"],
      "current schema",
    ),
  ],
  [
    "assert-last-assigned-partition-id",
    sameNumber(
      "last-assigned-partition-id",
      (metadata) => metadata["last-partition-id"] ?? 999,
      "last assigned partition id",
    ),
  ],
  [
    "assert-default-spec-id",
    sameNumber(
      "default-spec-id",
      (metadata) => metadata["default-spec-id"],
      "default partition spec",
    ),
  ],
  [
    "assert-default-sort-order-id",
    sameNumber(
      "default-sort-order-id",
      (metadata) => metadata["default-sort-order-id"] ?? 0,
      "default sort order",
    ),
  ],
]);

/**
 * Checks every requirement in the order given.
 *
 * @param metadata the table's, or undefined when there is no such table; then `assert-create` is the
 * only requirement that can hold.
 * @param requirements the array of a commit request; its shape is checked here.
 * @returns the first requirement that fails, in words, or undefined when all hold.
 * @throws {MetadataError} of kind `invalid` for an unknown or malformed requirement, whether or not
 * others fail.
 */
export function checkRequirements(
  metadata: TableMetadata | undefined,
  requirements: unknown,
): string | undefined {
  let failure: string | undefined;
  for (const item of asArray(requirements, `"requirements"`)) {
    const requirement = asObject(item, "a requirement");
    const type = asString(field(requirement, "type"), `"type" of a requirement`);
    const check = CHECKS.get(type);
    if (check === undefined) {
      throw new MetadataError(`Cannot check requirement "${type}": it is not known`);
    }
    const failed = metadata === undefined
      ? (type === "assert-create" ? undefined : "table does not exist")
      : check(metadata, requirement);
    failure ??= failed;
  }
  return failure === undefined ? undefined : `Requirement failed: ${failure}`;
}

function checkRef(metadata: TableMetadata, requirement: JsonObject): string | undefined {
  const name = asString(field(requirement, "ref"), `"ref" of a requirement`);
  const wanted = field(requirement, "snapshot-id");
  const expected = wanted === undefined ? undefined : asLong(wanted, `"snapshot-id"`);
  const ref = field(metadata.refs ?? {}, name);
  const found = ref === undefined ? mainBefore(metadata, name) : BigInt(ref["snapshot-id"]);
  if (expected === found) return undefined;
  const type = ref?.type ?? "branch";
  if (found === undefined) return `branch or tag ${name} is missing, expected ${expected}`;
  if (expected === undefined) {
    return `${type} ${name} was created concurrently: expected none, found id ${found}`;
  }
  return `${type} ${name} has changed: expected id ${expected} != ${found}`;
}

/** Metadata of old writers has no refs; there the current snapshot is the head of main. */
function mainBefore(metadata: TableMetadata, name: string): bigint | undefined {
  const current = metadata["current-snapshot-id"];
  if (name !== "main" || current === undefined || current === null) return undefined;
  return BigInt(current) === -1n ? undefined : BigInt(current);
}

function sameNumber(
  key: string,
  read: (metadata: TableMetadata) => number,
  what: string,
): Check {
  return (metadata, requirement) => {
    const expected = asInt(field(requirement, key), `"${key}" of a requirement`, -1);
    const found = read(metadata);
    return expected === found ? undefined : `${what} changed: expected id ${expected} != ${found}`;
  };
}
