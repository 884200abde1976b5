/** The requests on namespaces. */
import { stringifyJson } from "../../table/json.ts";
import { asArray, asString, asStringMap, field } from "../../table/shape.ts";
import { bodyOf, type Call, namespaceOf, type Route, route } from "./call.ts";
import { emptyResponse, jsonResponse, nextPageToken, readPage, textResponse } from "./http.ts";
import { readNamespace, splitParent } from "../names.ts";
import {
  createNamespace,
  dropNamespace,
  listNamespaces,
  requireNamespace,
  updateNamespace,
} from "../namespaces.ts";

/** Routes below `/v1/{prefix}/`. */
export const NAMESPACE_ROUTES: readonly Route[] = [
  route("GET", "namespaces", getNamespaces),
  route("POST", "namespaces", postNamespace),
  route("GET", "namespaces/{namespace}", getNamespace),
  route("HEAD", "namespaces/{namespace}", headNamespace),
  route("DELETE", "namespaces/{namespace}", deleteNamespace),
  route("POST", "namespaces/{namespace}/properties", postProperties),
];

function getNamespaces({ catalog, query }: Call): Response {
  const parentText = query.get("parent") ?? "";
  const readings = parentText === "" ? [[]] : splitParent(parentText);
  const parent =
    readings.find((levels) =>
      levels.length > 0 && catalog.database.namespaceProperties(levels) !== undefined
    ) ?? readings[0]!;
  const page = readPage(query);
  const namespaces = listNamespaces(catalog, parent, page);
  const token = nextPageToken(page, namespaces.map((namespace) => namespace.at(-1)!));
  return jsonResponse({ namespaces, "next-page-token": token });
}

async function postNamespace(call: Call): Promise<Response> {
  const body = await bodyOf(call);
  const namespace = readNamespace(field(body, "namespace"));
  const properties = asStringMap(field(body, "properties") ?? {}, `"properties"`);
  const text = stringifyJson({ namespace, properties });
  createNamespace(call.catalog, namespace, properties, {
    onApplied: () => call.record({ form: "json", text }),
  });
  return textResponse(text);
}

function getNamespace(call: Call): Response {
  const namespace = namespaceOf(call);
  return jsonResponse({ namespace, properties: requireNamespace(call.catalog, namespace) });
}

function headNamespace(call: Call): Response {
  requireNamespace(call.catalog, namespaceOf(call));
  return emptyResponse();
}

function deleteNamespace(call: Call): Response {
  dropNamespace(call.catalog, namespaceOf(call), {
    onApplied: () => call.record({ form: "empty" }),
  });
  return emptyResponse();
}

async function postProperties(call: Call): Promise<Response> {
  const body = await bodyOf(call);
  const removals = asArray(field(body, "removals") ?? [], `"removals"`)
    .map((key) => asString(key, "a property name"));
  const updates = asStringMap(field(body, "updates") ?? {}, `"updates"`);
  const changes = updateNamespace(call.catalog, namespaceOf(call), { removals, updates }, {
    onApplied: (made) => call.record({ form: "json", text: stringifyJson(made) }),
  });
  return jsonResponse(changes);
}
