/** The conditions of a change to a view (REST spec, `ViewRequirement`), checked against its metadata. */
import { MetadataError } from "./metadata_error.ts";
import { asArray, asObject, asString, field } from "./shape.ts";
import type { ViewMetadata } from "./view_metadata.ts";

/**
 * Checks every requirement in the order given.
 *
 * @param requirements the array of a commit request; its shape is checked here.
 * @returns the first requirement that fails, in words, or undefined when all hold.
 * @throws {MetadataError} of kind `invalid` for an unknown or malformed requirement, whether or not
 * others fail.
 */
export function checkViewRequirements(
  metadata: ViewMetadata,
  requirements: unknown,
): string | undefined {
  const found = metadata["view-uuid"];
  let failure: string | undefined;
  for (const item of asArray(requirements, `"requirements"`)) {
    const requirement = asObject(item, "a requirement");
    const type = asString(field(requirement, "type"), `"type" of a requirement`);
    if (type !== "assert-view-uuid") {
      throw new MetadataError(`Cannot check requirement "${type}" of a view: it is not known`);
    }
    const uuid = asString(field(requirement, "uuid"), `"uuid" of a requirement`);
    if (found.toLowerCase() !== uuid.toLowerCase()) {
      failure ??= `view UUID does not match: expected ${uuid} != ${found}`;
    }
  }
  return failure === undefined ? undefined : `Requirement failed: ${failure}`;
}
