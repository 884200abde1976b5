/**
 * What a request to S3 would do, read so strictly that the store cannot understand it otherwise: it
 * is signed with the server's keys, which may reach more than the client may.
 */
import type { StoreProperties } from "../../store/credentials.ts";
import { isAwsEndpoint } from "./aws_settings.ts";
import { badRequest, RequestFailure } from "../failure.ts";
import { isPlainKey } from "../places/locations.ts";
import { isBucketName } from "../places/s3_location.ts";

/** A request that may be signed once its keys have been looked at. */
export interface SignTarget {
  /** HTTP method, in upper case. */
  readonly method: string;
  /** `http:` or `https:`. */
  readonly protocol: string;
  /** In lower case, with the bucket where it stands in the host. */
  readonly hostname: string;
  /** Undefined for the protocol's own port. */
  readonly port: number | undefined;
  /** The path as it is signed. */
  readonly path: string;
  /** Decoded; every name stands once. */
  readonly query: Readonly<Record<string, string>>;
  /** Of the path or of the host, whichever the store reads. */
  readonly bucket: string;
  /** The object, or the prefix of a listing; undefined for the removal of several objects. */
  readonly key: string | undefined;
  /** One object, the names below a prefix, or the removal of the objects that a body names. */
  readonly kind: "object" | "list" | "deleteObjects";
}

/** What queries a request on an object may have, by method. */
const OBJECT_QUERIES: Readonly<Record<string, readonly (readonly string[])[]>> = {
  GET: [[], ["partNumber"]],
  HEAD: [[], ["partNumber"]],
  PUT: [[], ["partNumber", "uploadId"]],
  POST: [["uploads"], ["uploadId"]],
  DELETE: [[], ["uploadId"]],
};

const LIST_QUERIES: ReadonlySet<string> = new Set([
  "list-type",
  "prefix",
  "delimiter",
  "max-keys",
  "continuation-token",
  "start-after",
  "fetch-owner",
  "encoding-type",
]);

/** Names the operation and changes nothing; some clients send it with every request. */
const OPERATION_NAME = "x-id";

const URI_LENGTH_MAX = 8192;

/**
 * Reads a request to S3.
 *
 * @param properties endpoint and region of the store.
 * @throws {RequestFailure} 400 for what is no such request, 403 for one that nobody may make.
 */
export function readSignTarget(
  request: { readonly method: string; readonly uri: string },
  properties: StoreProperties,
): SignTarget {
  const { uri } = request;
  const method = request.method.toUpperCase();
  // ASCII without spaces, quotes and backslashes; no user, no fragment.
  const match =
    /^(https?):\/\/([A-Za-z0-9.-]+|\[[0-9a-fA-F:.]+\])(?::(\d{1,5}))?(\/[^?#]*)?(?:\?([^#]*))?$/
      .exec(uri);
  if (match === null || uri.length > URI_LENGTH_MAX || /[^\x21-\x7e]|["<>\\^`{|}+]/.test(uri)) {
    throw badRequest("Cannot sign the request: its URI is no plain URI");
  }
  const [, scheme, hostText, portText, pathText = "/", queryText] = match;
  const hostname = hostText!.toLowerCase();
  const protocol = `${scheme}:`;
  const port = portText === undefined ? undefined : Number(portText);
  const isDefaultPort = port === (protocol === "https:" ? 443 : 80);
  const address = {
    protocol,
    hostname,
    port: isDefaultPort ? undefined : port,
  };
  const { bucket, keyText, pathPrefix } = splitHost(address, pathText, properties);
  const query = readQuery(queryText);
  const key = keyText === "" ? "" : decode(keyText, "path");
  if (key !== "" && !isPlainKey(key)) {
    throw badRequest("Cannot sign the request: its path is not plain");
  }
  const path = `${pathPrefix}${key.split("/").map(encodePart).join("/")}`;
  const common = { method, ...address, path, query, bucket };
  if (key !== "") {
    checkObjectQuery(method, query);
    return { ...common, key, kind: "object" };
  }
  const names = namesOf(query);
  if (method === "POST" && names.length === 1 && query["delete"] === "") {
    return { ...common, key: undefined, kind: "deleteObjects" };
  }
  if (method === "GET" && query["list-type"] === "2" && names.every((n) => LIST_QUERIES.has(n))) {
    const prefix = query["prefix"] ?? "";
    // A store on a disk may follow the prefix as a path.
    if (!isPlainKey(prefix.replace(/\/$/, ""))) throw refuse("it lists no plain prefix");
    return { ...common, key: prefix, kind: "list" };
  }
  throw refuse("it is about a whole bucket");
}

/** 403 for a request that is not signed. */
export function refuse(why: string): RequestFailure {
  return new RequestFailure(403, "ForbiddenException", `Cannot sign the request: ${why}`);
}

interface Address {
  readonly protocol: string;
  readonly hostname: string;
  readonly port: number | undefined;
}

/** Where the path holds the bucket, and where the host does. Any other host is refused. */
function splitHost(
  address: Address,
  path: string,
  properties: StoreProperties,
): { readonly bucket: string; readonly keyText: string; readonly pathPrefix: string } {
  const store = storeAddress(address, properties);
  if (store === undefined) throw refuse("it does not go to the store of the warehouse");
  const { hostname, basePath } = store;
  if (!path.startsWith(`${basePath}/`)) {
    throw refuse("it does not go to the store of the warehouse");
  }
  const rest = path.slice(basePath.length + 1);
  if (address.hostname !== hostname) {
    // A store that does not read the host takes the first part of the path for the bucket.
    if (!readsHost(properties)) {
      throw refuse("its host names a bucket, which this store does not read");
    }
    const bucket = address.hostname.slice(0, -hostname.length - 1);
    return checkBucket({ bucket, keyText: rest, pathPrefix: `${basePath}/` });
  }
  const slash = rest.indexOf("/");
  const bucket = slash < 0 ? rest : rest.slice(0, slash);
  return checkBucket({
    bucket,
    keyText: slash < 0 ? "" : rest.slice(slash + 1),
    pathPrefix: slash < 0 ? `${basePath}/${bucket}` : `${basePath}/${bucket}/`,
  });
}

function checkBucket<T extends { readonly bucket: string }>(found: T): T {
  if (!isBucketName(found.bucket)) throw refuse("it names no bucket");
  return found;
}

/** The store's own host, without a bucket, when the address is one of its. */
function storeAddress(
  address: Address,
  properties: StoreProperties,
): { readonly hostname: string; readonly basePath: string } | undefined {
  const endpoint = properties["s3.endpoint"];
  if (endpoint === undefined || isAwsEndpoint(endpoint)) {
    if (address.protocol !== "https:" || address.port !== undefined) return undefined;
    const hostname = awsHosts(properties["s3.region"]!).find((host) => isAt(address, host));
    return hostname === undefined ? undefined : { hostname, basePath: "" };
  }
  const url = new URL(endpoint);
  const isSame = url.protocol === address.protocol && isAt(address, url.hostname) &&
    url.port === (address.port === undefined ? "" : String(address.port));
  return isSame
    ? { hostname: url.hostname, basePath: url.pathname.replace(/\/+$/, "") }
    : undefined;
}

/** Whether the store takes what its host begins with for the bucket. */
function readsHost(properties: StoreProperties): boolean {
  return properties["s3.path-style-access"] !== "true";
}

function isAt(address: Address, host: string): boolean {
  return address.hostname === host || address.hostname.endsWith(`.${host}`);
}

/** The names of S3 in a region; the longer ones first, as the shorter are ends of none of them. */
function awsHosts(region: string): string[] {
  const top = region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
  return [
    `s3.dualstack.${region}.${top}`,
    `s3-fips.${region}.${top}`,
    `s3.${region}.${top}`,
    `s3-${region}.${top}`,
    ...(region === "us-east-1" ? [`s3.${top}`] : []),
  ];
}

function readQuery(text: string | undefined): Record<string, string> {
  const query: Record<string, string> = Object.create(null);
  if (text === undefined || text === "") return query;
  for (const part of text.split("&")) {
    const at = part.indexOf("=");
    const name = decode(at < 0 ? part : part.slice(0, at), "query");
    if (name === "" || Object.hasOwn(query, name)) {
      throw badRequest("Cannot sign the request: a part of its query stands twice or has no name");
    }
    query[name] = at < 0 ? "" : decode(part.slice(at + 1), "query");
  }
  return query;
}

/** Names that decide what the request does. */
function namesOf(query: Readonly<Record<string, string>>): string[] {
  return Object.keys(query).filter((name) => name !== OPERATION_NAME);
}

function checkObjectQuery(method: string, query: Readonly<Record<string, string>>): void {
  const forms = Object.hasOwn(OBJECT_QUERIES, method) ? OBJECT_QUERIES[method] : undefined;
  if (forms === undefined) {
    throw refuse(
      `its method "${method.slice(0, 20)}" is none of ${Object.keys(OBJECT_QUERIES).join(", ")}`,
    );
  }
  const names = namesOf(query);
  const fits = forms.some((form) =>
    form.length === names.length && form.every((name) => names.includes(name))
  );
  // An empty upload id would name no upload, and so make the request another one.
  const isWhole = names.every((name) => (query[name] === "") === (name === "uploads"));
  if (!fits || !isWhole) throw refuse(`${method} with such a query does more than read or write`);
}

function decode(text: string, what: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw badRequest(`Cannot sign the request: its ${what} is not percent-encoded`);
  }
}

/** Encodes as signatures want it: all but letters, digits and `-._~`. */
function encodePart(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
