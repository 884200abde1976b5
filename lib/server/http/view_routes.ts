/** The requests on views. */
import type { EntryChangeOptions } from "../entries.ts";
import { asString, field } from "../../table/shape.ts";
import { bodyOf, type Call, namespaceOf, type Route, route, viewOf } from "./call.ts";
import type { TableName } from "../failure.ts";
import { emptyResponse, jsonResponse, nextPageToken, readPage, textResponse } from "./http.ts";
import { checkName, readTableName } from "../names.ts";
import { commitView } from "../view_commits.ts";
import { type LoadedView, loadView } from "../view_files.ts";
import { createView, dropView, listViews, registerView, renameView } from "../views.ts";

/** Routes below `/v1/{prefix}/`. */
export const VIEW_ROUTES: readonly Route[] = [
  route("GET", "namespaces/{namespace}/views", getViews),
  route("POST", "namespaces/{namespace}/views", postView),
  route("POST", "namespaces/{namespace}/register-view", postRegister),
  route("GET", "namespaces/{namespace}/views/{view}", getView),
  route("HEAD", "namespaces/{namespace}/views/{view}", headView),
  route("POST", "namespaces/{namespace}/views/{view}", postCommit),
  route("DELETE", "namespaces/{namespace}/views/{view}", deleteView),
  route("POST", "views/rename", postRename),
];

function getViews(call: Call): Response {
  const page = readPage(call.query);
  const identifiers = listViews(call.catalog, namespaceOf(call), page);
  const token = nextPageToken(page, identifiers.map((view) => view.name));
  return jsonResponse({ identifiers, "next-page-token": token });
}

async function postView(call: Call): Promise<Response> {
  const namespace = namespaceOf(call);
  const body = await bodyOf(call);
  const name = checkName(asString(field(body, "name"), `"name"`), "view name");
  const view = { namespace, name };
  return viewResponse(await createView(call.catalog, view, body, recording(call, view)));
}

async function postRegister(call: Call): Promise<Response> {
  const namespace = namespaceOf(call);
  const body = await bodyOf(call);
  const name = checkName(asString(field(body, "name"), `"name"`), "view name");
  const view = { namespace, name };
  return viewResponse(await registerView(call.catalog, view, body, recording(call, view)));
}

async function getView(call: Call): Promise<Response> {
  return viewResponse(await loadView(call.catalog, viewOf(call)));
}

function headView(call: Call): Response {
  const { namespace, name } = viewOf(call);
  const found = call.catalog.database.findView(namespace, name);
  return emptyResponse(found === undefined ? 404 : 204);
}

async function postCommit(call: Call): Promise<Response> {
  const view = viewOf(call);
  const body = await bodyOf(call);
  return viewResponse(await commitView(call.catalog, view, body, recording(call, view)));
}

async function deleteView(call: Call): Promise<Response> {
  await dropView(call.catalog, viewOf(call), { onApplied: () => call.record({ form: "empty" }) });
  return emptyResponse();
}

async function postRename(call: Call): Promise<Response> {
  const body = await bodyOf(call);
  const from = readTableName(field(body, "source"), `"source"`);
  const to = readTableName(field(body, "destination"), `"destination"`);
  renameView(call.catalog, { from, to }, { onApplied: () => call.record({ form: "empty" }) });
  return emptyResponse();
}

function recording(call: Call, view: TableName): EntryChangeOptions {
  return {
    onApplied: (metadataLocation) => {
      call.record({ form: "view", table: view, metadataLocation });
    },
  };
}

/** The answer that gives a view (REST spec, `LoadViewResult`). */
export function viewResponse({ row, file }: LoadedView): Response {
  const location = JSON.stringify(row.metadataLocation);
  return textResponse([
    `{"metadata-location":${location},"metadata":`,
    file.bytes,
    `,"config":{}}`,
  ]);
}
