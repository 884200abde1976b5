/** Iceberg types of the columns that `lakekeeper-ingest generate` makes, in their order. */
export const GENERATED_TYPES: Readonly<Record<string, string>> = {
  id: "long",
  name: "string",
  age: "long",
  salary: "double",
  department: "string",
  "is_active": "boolean",
  "created_at": "timestamp",
};
