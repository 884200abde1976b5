/** The requests on tables. */
import type { EntryChangeOptions } from "../entries.ts";
import { asBoolean, asString, field } from "../../table/shape.ts";
import { bodyOf, type Call, namespaceOf, type Route, route, tableOf } from "./call.ts";
import { type LoadedTable, loadTable, requireMetadataFile } from "../catalog.ts";
import { commitTable, commitTransaction } from "../commits.ts";
import { badRequest, noSuchTable, type TableName } from "../failure.ts";
import {
  emptyResponse,
  entityTag,
  jsonResponse,
  matchesTag,
  nextPageToken,
  readPage,
  textResponse,
} from "./http.ts";
import { runCommit } from "../faults/lost_race.ts";
import { metadataBytes } from "../metadata_bytes.ts";
import { readMetadataText } from "../metadata_file.ts";
import { checkMetricsReport } from "../metrics_report.ts";
import { checkName, readTableName } from "../names.ts";
import { offerText, rememberStaged, storageOffer } from "./storage_routes.ts";
import {
  createTable,
  dropTable,
  listTables,
  referencedOnly,
  registerTable,
  renameTable,
  stageTable,
} from "../tables.ts";

/** Routes below `/v1/{prefix}/`. */
export const TABLE_ROUTES: readonly Route[] = [
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

/** Longer reports are refused, so that those kept stay within bounds. */
const REPORT_LENGTH_MAX = 256 * 1024;

function getTables(call: Call): Response {
  const page = readPage(call.query);
  const identifiers = listTables(call.catalog, namespaceOf(call), page);
  const token = nextPageToken(page, identifiers.map((table) => table.name));
  return jsonResponse({ identifiers, "next-page-token": token });
}

async function postTable(call: Call): Promise<Response> {
  const namespace = namespaceOf(call);
  const body = await bodyOf(call);
  const name = checkName(asString(field(body, "name"), `"name"`), "table name");
  const table = { namespace, name };
  if (asBoolean(field(body, "stage-create") ?? false, `"stage-create"`)) {
    const text = new TextDecoder().decode((await stageTable(call.catalog, table, body)).bytes);
    call.record({ form: "staged", table, metadata: text });
    return await stagedResponse(call, { table, text });
  }
  const created = await createTable(call.catalog, table, body, recording(call, table));
  return await tableResponse(call, { ...created, table });
}

async function postRegister(call: Call): Promise<Response> {
  const namespace = namespaceOf(call);
  const body = await bodyOf(call);
  const name = checkName(asString(field(body, "name"), `"name"`), "table name");
  const table = { namespace, name };
  const registered = await registerTable(call.catalog, table, body, recording(call, table));
  return await tableResponse(call, { ...registered, table });
}

async function getTable(call: Call): Promise<Response> {
  const form = call.query.get("snapshots") ?? "all";
  if (form !== "all" && form !== "refs") {
    throw badRequest(`Cannot load snapshots "${form.slice(0, 100)}": neither all nor refs`);
  }
  const table = tableOf(call);
  const loaded = await loadTable(call.catalog, table);
  await requireMetadataFile(call.catalog, loaded.row.metadataLocation);
  return await tableResponse(call, { ...loaded, table }, { form });
}

function headTable(call: Call): Response {
  const { namespace, name } = tableOf(call);
  const found = call.catalog.database.findTable(namespace, name);
  return emptyResponse(found === undefined ? 404 : 204);
}

async function postCommit(call: Call): Promise<Response> {
  const table = tableOf(call);
  const body = await bodyOf(call);
  const onApplied = (metadataLocation: string) =>
    call.record({ form: "commit", table, metadataLocation });
  return commitResponse(
    await runCommit(
      call.request,
      (options) => commitTable(call.catalog, table, body, { ...options, onApplied }),
    ),
  );
}

async function deleteTable(call: Call): Promise<Response> {
  const purgeText = call.query.get("purgeRequested") ?? "false";
  if (!/^(?:true|false)$/i.test(purgeText)) {
    throw badRequest(`Cannot read purgeRequested "${purgeText.slice(0, 100)}"`);
  }
  await dropTable(call.catalog, tableOf(call), {
    purge: purgeText.toLowerCase() === "true",
    onApplied: () => call.record({ form: "empty" }),
  });
  return emptyResponse();
}

async function postMetrics(call: Call): Promise<Response> {
  const table = tableOf(call);
  const { database, now } = call.catalog;
  checkMetricsReport(await bodyOf(call));
  if (database.findTable(table.namespace, table.name) === undefined) throw noSuchTable(table);
  const report = await call.text();
  if (report.length > REPORT_LENGTH_MAX) {
    throw badRequest(`Cannot keep a report of more than ${REPORT_LENGTH_MAX} characters`);
  }
  database.storeReport(table, report, now());
  call.record({ form: "empty" });
  return emptyResponse();
}

async function postRename(call: Call): Promise<Response> {
  const body = await bodyOf(call);
  const source = readTableName(field(body, "source"), `"source"`);
  const destination = readTableName(field(body, "destination"), `"destination"`);
  renameTable(call.catalog, { from: source, to: destination }, {
    onApplied: () => call.record({ form: "empty" }),
  });
  return emptyResponse();
}

async function postTransaction(call: Call): Promise<Response> {
  const body = await bodyOf(call);
  const onApplied = () => call.record({ form: "empty" });
  await runCommit(
    call.request,
    (options) => commitTransaction(call.catalog, body, { ...options, onApplied }),
  );
  return emptyResponse();
}

function recording(call: Call, table: TableName): EntryChangeOptions {
  return {
    onApplied: (metadataLocation) => call.record({ form: "table", table, metadataLocation }),
  };
}

/** The answer of a commit (REST spec, `CommitTableResponse`). */
export function commitResponse({ row, file }: LoadedTable): Response {
  return textResponse(
    [`{"metadata-location":${JSON.stringify(row.metadataLocation)},"metadata":`, file.bytes, "}"],
    { headers: { etag: entityTag(row.metadataLocation, "all") } },
  );
}

/**
 * The answer that gives a table (REST spec, `LoadTableResult`), or 304 when the client has it
 * already, access to its files included.
 */
export async function tableResponse(
  call: Call,
  loaded: LoadedTable & { readonly table: TableName },
  options: { readonly form?: "all" | "refs" } = {},
): Promise<Response> {
  const { row, file, table } = loaded;
  const { form = "all" } = options;
  const offer = await storageOffer(call, { table, metadata: file.metadata });
  const tag = entityTag(row.metadataLocation, `${form}${offer.tag}`);
  if (call.request.method === "GET" && matchesTag(call.request, tag)) {
    return emptyResponse(304, { etag: tag });
  }
  const bytes = form === "all" ? file.bytes : metadataBytes(referencedOnly(file.metadata));
  const location = JSON.stringify(row.metadataLocation);
  return textResponse(
    [`{"metadata-location":${location},"metadata":`, bytes, `,${offerText(offer)}}`],
    { headers: { etag: tag } },
  );
}

/** The answer that gives a table which is to be made by the client's first commit. */
export async function stagedResponse(
  call: Call,
  staged: { readonly table: TableName; readonly text: string },
): Promise<Response> {
  const { table, text } = staged;
  const of = { table, metadata: readMetadataText(text) };
  rememberStaged(call, of);
  const offer = offerText(await storageOffer(call, of));
  return textResponse(`{"metadata-location":null,"metadata":${text},${offer}}`);
}
