/** What a report of a client's metrics must hold (REST spec, `ReportMetricsRequest`). */
import {
  asArray,
  asInt,
  asLong,
  asObject,
  asString,
  asStringMap,
  field,
  type JsonObject,
} from "../table/shape.ts";

const COMMIT = "commit-report";
const SCAN = "scan-report";

/**
 * Checks a report. Types of report that are not known are let through: the spec has no closed list.
 *
 * @throws {MetadataError} naming the field that is missing or of another shape.
 */
export function checkMetricsReport(report: JsonObject): void {
  const type = asString(field(report, "report-type"), `"report-type"`);
  if (type !== COMMIT && type !== SCAN) return;
  asString(field(report, "table-name"), `"table-name"`);
  asLong(field(report, "snapshot-id"), `"snapshot-id"`);
  asObject(field(report, "metrics"), `"metrics"`);
  asStringMap(field(report, "metadata") ?? {}, `"metadata"`);
  if (type === COMMIT) {
    asLong(field(report, "sequence-number"), `"sequence-number"`);
    asString(field(report, "operation"), `"operation"`);
    return;
  }
  // Java writes the filter that lets everything through as a plain true.
  const filter = field(report, "filter");
  if (typeof filter !== "boolean") asObject(filter, `"filter"`);
  asInt(field(report, "schema-id"), `"schema-id"`);
  for (const id of asArray(field(report, "projected-field-ids"), `"projected-field-ids"`)) {
    asInt(id, "a projected field id");
  }
  for (const name of asArray(field(report, "projected-field-names"), `"projected-field-names"`)) {
    asString(name, "the name of a projected field");
  }
}
