/** How clients are told the way to the files of tables on S3, and the requests about it. */
import { bodyOf, type Call, type Route, route, tableOf } from "./call.ts";
import { type LoadedTable, loadTable, lockKey } from "../catalog.ts";
import { badRequest, RequestFailure, type TableName } from "../failure.ts";
import { jsonResponse } from "./http.ts";
import { readSignRequest, type SignRequest } from "../storage/sign_request.ts";
import type { S3Signer, SignedRequest } from "../storage/signing.ts";
import {
  readDelegation,
  type StorageOffer,
  type TableAddress,
  type TableFiles,
  tableFiles,
} from "../storage/vending.ts";

/** Routes below `/v1/{prefix}/`. */
export const STORAGE_ROUTES: readonly Route[] = [
  route("GET", "namespaces/{namespace}/tables/{table}/credentials", getCredentials),
  route("POST", "namespaces/{namespace}/tables/{table}/sign", postSign),
];

/** Nothing is said of local files: they are reached as they stand. */
const NO_OFFER: StorageOffer = { config: {}, tag: "" };

/** What a client that asked as this one is told of a table's store. @throws {RequestFailure} 503 */
export async function storageOffer(
  call: Call,
  of: { readonly table: TableName; readonly metadata: LoadedTable["file"]["metadata"] },
): Promise<StorageOffer> {
  const { storage, place } = call.catalog;
  if (storage === undefined) return NO_OFFER;
  const delegation = readDelegation(call.request.headers.get("x-iceberg-access-delegation"));
  const address = addressOf(call, of.table);
  return await storage.offer(tableFiles(of.metadata, place), { delegation, address });
}

/** The end of a `LoadTableResult`: `"config":…` and, where there are some, `"storage-credentials"`. */
export function offerText({ config, credentials }: StorageOffer): string {
  const text = `"config":${JSON.stringify(config)}`;
  return credentials === undefined
    ? text
    : `${text},"storage-credentials":${JSON.stringify(credentials)}`;
}

/** Remembers where a table will lie that a client makes by its first commit, and may write to now. */
export function rememberStaged(
  call: Call,
  of: { readonly table: TableName; readonly metadata: LoadedTable["file"]["metadata"] },
): void {
  const { storage, place, staged, now } = call.catalog;
  if (storage?.signer === undefined) return;
  staged.add(lockKey(of.table), tableFiles(of.metadata, place), now());
}

async function getCredentials(call: Call): Promise<Response> {
  const table = tableOf(call);
  const { storage, place } = call.catalog;
  const { file } = await loadTable(call.catalog, table);
  const credentials = storage === undefined
    ? []
    : await storage.credentials(tableFiles(file.metadata, place), addressOf(call, table));
  return jsonResponse({ "storage-credentials": credentials });
}

async function postSign(call: Call): Promise<Response> {
  const table = tableOf(call);
  const request = readSignRequest(await bodyOf(call));
  const files = await signableFiles(call, table);
  const signer = call.catalog.storage?.signer;
  if (signer === undefined) {
    throw badRequest("Cannot sign the request: the warehouse does not sign for its clients");
  }
  return jsonResponse(await signForOne(signer, request, files));
}

/** Signs for the first place that the request fits: the keys may reach that one only. */
async function signForOne(
  signer: S3Signer,
  request: SignRequest,
  files: readonly TableFiles[],
): Promise<SignedRequest> {
  for (const [index, { locations }] of files.entries()) {
    try {
      return await signer.sign(request, locations);
    } catch (error) {
      const isRefused = error instanceof RequestFailure && error.status === 403;
      if (!isRefused || index === files.length - 1) throw error;
    }
  }
  throw new Error("a table without a place");
}

/** Where the client may read and write: the table's directories, or those that it will have. */
async function signableFiles(call: Call, table: TableName): Promise<TableFiles[]> {
  const { staged, place, now } = call.catalog;
  const files = staged.get(lockKey(table), now());
  const { namespace, name } = table;
  if (files.length > 0 && call.catalog.database.findTable(namespace, name) === undefined) {
    return files;
  }
  const { file } = await loadTable(call.catalog, table);
  return [...files, tableFiles(file.metadata, place)];
}

/**
 * Where the client has found the catalog: under its own name for it, which a proxy between the two
 * passes on.
 */
function addressOf(call: Call, table: TableName): TableAddress {
  const { request } = call;
  const url = new URL(request.url);
  const at = url.pathname.indexOf(`/${call.base}/`);
  const namespace = table.namespace.map(encodeURIComponent).join("%1F");
  const scheme = forwarded(request, "x-forwarded-proto", /^https?$/) ?? url.protocol.slice(0, -1);
  const host = forwarded(request, "x-forwarded-host", /^[A-Za-z0-9.-]+(?::\d{1,5})?$/) ?? url.host;
  return {
    base: `${scheme}://${host}${url.pathname.slice(0, Math.max(0, at))}`,
    path: `${call.base}/namespaces/${namespace}/tables/${encodeURIComponent(table.name)}`,
  };
}

function forwarded(request: Request, name: string, form: RegExp): string | undefined {
  const [first = ""] = (request.headers.get(name) ?? "").split(",");
  const value = first.trim();
  return form.test(value) ? value : undefined;
}
