/** Headers that a catalog's properties ask for, as other Iceberg clients send them (`header.*`). */

const PREFIX = "header.";

/** `header.x-tenant: a` is the header `x-tenant: a`. Names come in small letters. */
export function headerProperties(
  properties: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(properties)
      .map(([name, value]) => [name.toLowerCase(), value] as const)
      .filter(([name]) => name.startsWith(PREFIX) && name.length > PREFIX.length)
      .map(([name, value]) => [name.slice(PREFIX.length), value]),
  );
}
