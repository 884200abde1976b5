/** Which request does what: the paths of the REST spec that the embedded catalog serves. */
import { asArray, asBoolean, asObject, asString, asStringMap, field } from "../table/shape.ts";
import { type Catalog, type LoadedTable, loadTable } from "./catalog.ts";
import { commitTable, commitTransaction } from "./commits.ts";
import { badRequest, RequestFailure, type TableName } from "./failure.ts";
import {
  emptyResponse,
  entityTag,
  jsonResponse,
  matchesTag,
  nextPageToken,
  readBody,
  readPage,
  textResponse,
} from "./http.ts";
import { metadataText } from "./metadata_file.ts";
import {
  checkName,
  decodeSegment,
  readNamespace,
  readTableName,
  splitNamespace,
  splitParent,
} from "./names.ts";
import {
  createNamespace,
  dropNamespace,
  listNamespaces,
  requireNamespace,
  updateNamespace,
} from "./namespaces.ts";
import {
  createTable,
  dropTable,
  listTables,
  referencedOnly,
  registerTable,
  renameTable,
  stageTable,
} from "./tables.ts";

/** Where the catalog answers below its address: where Lakekeeper would. */
export const BASE_PATH = "/catalog";

/** A request on its way to its handler. */
interface Call {
  readonly catalog: Catalog;
  readonly request: Request;
  readonly query: URLSearchParams;
  /** Values of the path's placeholders, still percent-encoded. */
  readonly values: Readonly<Record<string, string>>;
}

type Handler = (call: Call) => Response | Promise<Response>;

interface Route {
  readonly method: string;
  readonly path: string;
  readonly segments: readonly string[];
  readonly handle: Handler;
}

const ROUTES: readonly Route[] = [
  route("GET", "namespaces", getNamespaces),
  route("POST", "namespaces", postNamespace),
  route("GET", "namespaces/{namespace}", getNamespace),
  route("HEAD", "namespaces/{namespace}", headNamespace),
  route("DELETE", "namespaces/{namespace}", deleteNamespace),
  route("POST", "namespaces/{namespace}/properties", postProperties),
  route("GET", "namespaces/{namespace}/tables", getTables),
  route("POST", "namespaces/{namespace}/tables", postTable),
  route("POST", "namespaces/{namespace}/register", postRegister),
  route("GET", "namespaces/{namespace}/tables/{table}", getTable),
  route("HEAD", "namespaces/{namespace}/tables/{table}", headTable),
  route("POST", "namespaces/{namespace}/tables/{table}", postCommit),
  route("DELETE", "namespaces/{namespace}/tables/{table}", deleteTable),
  route("POST", "namespaces/{namespace}/tables/{table}/metrics", postMetrics),
  route("POST", "tables/rename", postRename),
  route("POST", "transactions/commit", postTransaction),
];

/** What `GET /v1/config` lists, in the form of the REST spec. */
export const ENDPOINTS: readonly string[] = ROUTES.map(({ method, path }) =>
  `${method} /v1/{prefix}/${path}`
);

/**
 * Answers one request.
 *
 * @throws {RequestFailure | MetadataError} for the answers that have an error body.
 */
export async function answer(catalog: Catalog, request: Request): Promise<Response> {
  const { path, query } = splitUrl(request.url);
  refuseBrowsers(request);
  const prefix = `${BASE_PATH}/v1/`;
  if (!path.startsWith(prefix)) throw unknownPath(request);
  const segments = path.slice(prefix.length).split("/");
  if (segments.length === 1 && segments[0] === "config") {
    if (request.method !== "GET") throw wrongMethod(request, ["GET"]);
    return getConfig(catalog, query);
  }
  const allowed: string[] = [];
  for (const candidate of ROUTES) {
    const values = matchSegments(candidate.segments, segments);
    if (values === undefined) continue;
    if (candidate.method === request.method) {
      return await candidate.handle({ catalog, request, query, values });
    }
    allowed.push(candidate.method);
  }
  throw allowed.length > 0 ? wrongMethod(request, allowed) : unknownPath(request);
}

function route(method: string, path: string, handle: Handler): Route {
  return { method, path, segments: path.split("/"), handle };
}

/**
 * The path as the client sent it. A URL object would fold `%2e%2e` away, and reach something else
 * than was asked for.
 */
function splitUrl(url: string): { path: string; query: URLSearchParams } {
  const [target = ""] = url.replace(/^[a-z]+:\/\/[^/]*/i, "").split("#");
  const at = target.indexOf("?");
  return {
    path: at < 0 ? target : target.slice(0, at),
    query: new URLSearchParams(at < 0 ? "" : target.slice(at)),
  };
}

/** A page of some web site must not reach a catalog on the loopback interface of its visitor. */
function refuseBrowsers(request: Request): void {
  if (request.headers.get("origin") === null) return;
  throw new RequestFailure(
    403,
    "ForbiddenException",
    "Cannot answer a request that comes from a web page",
  );
}

function matchSegments(
  pattern: readonly string[],
  segments: readonly string[],
): Record<string, string> | undefined {
  if (pattern.length !== segments.length) return undefined;
  const values: Record<string, string> = {};
  for (const [index, part] of pattern.entries()) {
    const segment = segments[index]!;
    if (part.startsWith("{")) values[part.slice(1, -1)] = segment;
    else if (part !== segment) return undefined;
  }
  return values;
}

function unknownPath(request: Request): RequestFailure {
  const { path } = splitUrl(request.url);
  return new RequestFailure(
    404,
    "NotFoundException",
    `Cannot answer ${request.method} "${path.slice(0, 200)}": there is no such path`,
  );
}

function wrongMethod(request: Request, allowed: readonly string[]): RequestFailure {
  return new RequestFailure(
    405,
    "MethodNotAllowedException",
    `Cannot answer ${request.method} on this path: it takes ${allowed.join(", ")}`,
  );
}

function namespaceOf(call: Call): string[] {
  return splitNamespace(decodeSegment(call.values["namespace"]!));
}

function tableOf(call: Call): TableName {
  return {
    namespace: namespaceOf(call),
    name: checkName(decodeSegment(call.values["table"]!), "table name"),
  };
}

function getConfig(catalog: Catalog, query: URLSearchParams): Response {
  const warehouse = query.get("warehouse") ?? "";
  if (warehouse !== "" && warehouse !== catalog.warehouseName) {
    throw new RequestFailure(
      404,
      "NoSuchWarehouseException",
      `Warehouse does not exist: ${warehouse.slice(0, 200)}`,
    );
  }
  return jsonResponse({ defaults: {}, overrides: {}, endpoints: ENDPOINTS });
}

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

async function postNamespace({ catalog, request }: Call): Promise<Response> {
  const body = await readBody(request);
  const namespace = readNamespace(field(body, "namespace"));
  const properties = asStringMap(field(body, "properties") ?? {}, `"properties"`);
  createNamespace(catalog, namespace, properties);
  return jsonResponse({ namespace, properties });
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
  dropNamespace(call.catalog, namespaceOf(call));
  return emptyResponse();
}

async function postProperties(call: Call): Promise<Response> {
  const body = await readBody(call.request);
  const removals = asArray(field(body, "removals") ?? [], `"removals"`)
    .map((key) => asString(key, "a property name"));
  const updates = asStringMap(field(body, "updates") ?? {}, `"updates"`);
  return jsonResponse(updateNamespace(call.catalog, namespaceOf(call), { removals, updates }));
}

function getTables(call: Call): Response {
  const page = readPage(call.query);
  const identifiers = listTables(call.catalog, namespaceOf(call), page);
  const token = nextPageToken(page, identifiers.map((table) => table.name));
  return jsonResponse({ identifiers, "next-page-token": token });
}

async function postTable(call: Call): Promise<Response> {
  const namespace = namespaceOf(call);
  const body = await readBody(call.request);
  const name = checkName(asString(field(body, "name"), `"name"`), "table name");
  const table = { namespace, name };
  if (asBoolean(field(body, "stage-create") ?? false, `"stage-create"`)) {
    const { text } = await stageTable(call.catalog, table, body);
    return textResponse(`{"metadata-location":null,"metadata":${text},"config":{}}`);
  }
  return tableResponse(await createTable(call.catalog, table, body));
}

async function postRegister(call: Call): Promise<Response> {
  const namespace = namespaceOf(call);
  const body = await readBody(call.request);
  const name = checkName(asString(field(body, "name"), `"name"`), "table name");
  return tableResponse(await registerTable(call.catalog, { namespace, name }, body));
}

async function getTable(call: Call): Promise<Response> {
  const form = call.query.get("snapshots") ?? "all";
  if (form !== "all" && form !== "refs") {
    throw badRequest(`Cannot load snapshots "${form.slice(0, 100)}": neither all nor refs`);
  }
  const table = await loadTable(call.catalog, tableOf(call));
  const tag = entityTag(table.row.metadataLocation, form);
  if (matchesTag(call.request, tag)) return emptyResponse(304, { etag: tag });
  return tableResponse(table, form);
}

function headTable(call: Call): Response {
  const { namespace, name } = tableOf(call);
  const found = call.catalog.database.findTable(namespace, name);
  return emptyResponse(found === undefined ? 404 : 204);
}

async function postCommit(call: Call): Promise<Response> {
  const table = tableOf(call);
  const body = await readBody(call.request);
  const { row, file } = await commitTable(call.catalog, table, body);
  return textResponse(
    `{"metadata-location":${JSON.stringify(row.metadataLocation)},"metadata":${file.text}}`,
    { headers: { etag: entityTag(row.metadataLocation, "all") } },
  );
}

async function deleteTable(call: Call): Promise<Response> {
  const purgeText = call.query.get("purgeRequested") ?? "false";
  if (!/^(?:true|false)$/i.test(purgeText)) {
    throw badRequest(`Cannot read purgeRequested "${purgeText.slice(0, 100)}"`);
  }
  await dropTable(call.catalog, tableOf(call), { purge: purgeText.toLowerCase() === "true" });
  return emptyResponse();
}

async function postMetrics(call: Call): Promise<Response> {
  const { namespace, name } = tableOf(call);
  asString(field(await readBody(call.request), "report-type"), `"report-type"`);
  const found = call.catalog.database.findTable(namespace, name);
  return found === undefined ? headTable(call) : emptyResponse();
}

async function postRename(call: Call): Promise<Response> {
  const body = await readBody(call.request);
  const source = readTableName(field(body, "source"), `"source"`);
  const destination = readTableName(field(body, "destination"), `"destination"`);
  renameTable(call.catalog, source, destination);
  return emptyResponse();
}

async function postTransaction(call: Call): Promise<Response> {
  await commitTransaction(call.catalog, asObject(await readBody(call.request), "the request body"));
  return emptyResponse();
}

function tableResponse(table: LoadedTable, form: "all" | "refs" = "all"): Response {
  const { row, file } = table;
  const text = form === "all" ? file.text : metadataText(referencedOnly(file.metadata));
  return textResponse(
    `{"metadata-location":${JSON.stringify(row.metadataLocation)},"metadata":${text},"config":{}}`,
    { headers: { etag: entityTag(row.metadataLocation, form) } },
  );
}
