/** Requests that must be refused: right ones with one or two faults. */
import fc from "fast-check";
import { stringifyJson } from "../../../lib/table/json.ts";
import type { WireRequest } from "../raw_client.ts";
import { bodyShapes, type Site } from "./bodies.ts";

/** A request that must be refused. */
export interface BadRequest extends WireRequest {
  /** The route and the faults, for people. */
  readonly label: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** A route, and requests to it that are right in everything. */
interface Route {
  readonly method: string;
  /** Path below `/v1/`, with placeholders. */
  readonly path: string;
  /** All methods that this path takes. */
  readonly methods: readonly string[];
}

const BASE = "/catalog/v1";
/** What the placeholders stand for; all of it is there. */
const VALUES: Readonly<Record<string, string>> = { namespace: "ns", table: "t", view: "v" };
const encoder = new TextEncoder();

/**
 * Requests that must be refused, over every route.
 *
 * @param endpoints what `GET /v1/config` lists.
 * @throws {Error} for an endpoint with a body that there is no shape for.
 */
export function badRequests(endpoints: readonly string[], site: Site): fc.Arbitrary<BadRequest> {
  const shapes = bodyShapes(site);
  const routes = routesOf(endpoints);
  const one = routes.flatMap((route) => {
    const shape = shapes.get(`${route.method} ${route.path}`);
    if (shape === undefined && route.method === "POST") {
      throw new Error(`there is no shape for the body of POST ${route.path}`);
    }
    const right = shape === undefined
      ? fc.constant(new Uint8Array(0))
      : shape.right.map((value) => encoder.encode(stringifyJson(value)));
    const target = pathOf(route.path);
    const base = (body: Uint8Array, headers = {}): BadRequest => ({
      label: `${route.method} ${route.path}`,
      method: route.method,
      target,
      headers: {
        ...(body.length > 0 ? { "content-type": "application/json" } : {}),
        ...headers,
      },
      body,
    });
    const elsewhere = right.map((body) => base(body));
    const faults = [
      { weight: 2, arbitrary: withFault(elsewhere, wrongPath(route), "path") },
      { weight: 1, arbitrary: withFault(elsewhere, wrongMethod(route), "method") },
      ...wrongQueries(route).map((queries) => ({
        weight: 2,
        arbitrary: withFault(elsewhere, queries, "query"),
      })),
      { weight: 1, arbitrary: withFault(elsewhere, wrongHeaders(route), "headers") },
    ];
    if (shape === undefined) return faults;
    const wrongJson = shape.wrong.map((value) => base(encoder.encode(stringifyJson(value))));
    const wrongText = right.chain((body) => wrongBytes(body)).map((body) => base(body));
    const wrongType = fc.tuple(right, fc.constantFrom(...WRONG_TYPES)).map(([body, type]) =>
      base(body, { "content-type": type })
    );
    return [
      ...faults,
      { weight: 12, arbitrary: wrongJson.map((request) => named(request, "body")) },
      { weight: 2, arbitrary: wrongText.map((request) => named(request, "bytes")) },
      { weight: 1, arbitrary: wrongType.map((request) => named(request, "content type")) },
      { weight: 1, arbitrary: withFault(wrongJson, wrongPath(route), "body, path") },
      { weight: 1, arbitrary: withFault(wrongJson, KEYED, "body under a key") },
    ];
  });
  return fc.oneof({ weight: 1, arbitrary: NOWHERE }, { weight: 24, arbitrary: fc.oneof(...one) });
}

/** Something that makes a request wrong, or more so. */
type Fault = fc.Arbitrary<Partial<Pick<BadRequest, "method" | "target" | "headers">>>;

function withFault(base: fc.Arbitrary<BadRequest>, fault: Fault, name: string) {
  return fc.tuple(base, fault).map(([request, change]) =>
    named({ ...request, ...change, headers: { ...request.headers, ...change.headers } }, name)
  );
}

function named(request: BadRequest, fault: string): BadRequest {
  return { ...request, label: `${request.label}: ${fault}` };
}

function routesOf(endpoints: readonly string[]): Route[] {
  const routes = endpoints.map((endpoint) => {
    const [method = "", path = ""] = endpoint.split(" ");
    return { method, path: path.replace(/^\/v1\/(?:\{prefix\}\/)?/, "") };
  });
  return routes.map((route) => ({
    ...route,
    methods: routes.filter(({ path }) => pathOf(path) === pathOf(route.path)).map((other) =>
      other.method
    ),
  }));
}

/** A route with what is there in the place of its placeholders. */
export function pathOf(path: string): string {
  return `${BASE}/${path.replaceAll(/\{(\w+)\}/g, (_, name: string) => VALUES[name] ?? "x")}`;
}

/** Segments that name nothing that is there, or are no right encoding of anything. */
const WRONG_SEGMENTS: readonly string[] = [
  ...["..", ".", "%2e%2e", "%2E.", "%2f", "%5c", "..%2f..%2fcatalog.db", "%00", "a%00b", "", "+"],
  ...["%", "%zz", "%f", "%ff", "%e0%a4%a", "%ed%a0%80", "%c0%ae%c0%ae", "%u0041", "%25%32%65"],
  ...["%0a", "%0d%0aX-Y:%20z", "%7f", "%1f", "ns%1f", "%1fns", "ns%1f%1fa", "%1F".repeat(40)],
  ...["n".repeat(300), "%c3%bc".repeat(300), "constructor", "__proto__", "toString", "null"],
  ...["'%20OR%201=1--", "%27%3B%20DROP%20TABLE%20tables%3B--", "%22", "x%27)%3B--", "*", "~"],
  ...["catalog.db", "t.metadata.json", "%7Btable%7D", "none", "-1", "%F0%9F%98%80"],
];

/** Paths on which there is nothing. */
const NOWHERE: fc.Arbitrary<BadRequest> = fc.tuple(
  fc.constantFrom("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"),
  fc.oneof(
    fc.constantFrom(
      ...["/", "//", "/catalog", "/catalog/", "/catalog/v1", "/catalog/v1/", "/catalog/v2/config"],
      ...["/catalog//v1/config", "//catalog/v1/config", "/catalog/v1//config", "/v1/config"],
      ...["/catalog/v1/config/", "/catalog/v1/Config", "/catalog/v1/%63onfig", "/favicon.ico"],
      ...["/catalog/../catalog/v1/config", "/catalog/v1/./config", "/catalog/v1/x/../config"],
      ...["/catalog/v1/%2e%2e/v1/config", "/catalog/v1/config%00", "/catalog.db", "/.env"],
      ...["/catalog/v1/config?warehouse=none", "/catalog/v1/config?warehouse=..%2f..%2fetc"],
      ...["/catalog/v1/config?warehouse=%00", "/catalog/v1/none/namespaces"],
    ),
    fc.array(fc.constantFrom(...WRONG_SEGMENTS), { minLength: 3, maxLength: 6 })
      .map((segments) => `${BASE}/x/${segments.join("/")}`),
  ),
).map(([method, target]) => ({
  label: "nowhere",
  method,
  target,
  headers: {},
  body: new Uint8Array(0),
}));

/** One segment of the path is another, or one too many. */
function wrongPath(route: Route): Fault {
  const segments = route.path.split("/");
  const holes = segments.flatMap((segment, index) => segment.startsWith("{") ? [index] : []);
  const changed = (index: number, instead: readonly string[]) => ({
    target: pathOf([
      ...segments.slice(0, index),
      ...instead,
      ...segments.slice(index + (instead.length > 1 ? 0 : 1)),
    ].join("/")),
  });
  const word = fc.constantFrom(...WRONG_SEGMENTS);
  const inserted = fc.tuple(fc.nat(segments.length), word).map(([index, segment]) => ({
    // With a word that no route has, so that it is not another route by chance.
    target: changed(index, [segment, "nowhere"]).target,
  }));
  if (holes.length === 0) return inserted;
  const replaced = fc.tuple(fc.constantFrom(...holes), word).map(([index, segment]) =>
    changed(index, [segment])
  );
  return fc.oneof({ weight: 3, arbitrary: replaced }, { weight: 1, arbitrary: inserted });
}

function wrongMethod(route: Route): Fault {
  const methods = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"];
  return fc.constantFrom(...methods.filter((method) => !route.methods.includes(method)))
    .map((method) => ({ method }));
}

const WRONG_SIZES = ["0", "-1", "1.5", "x", "", "NaN", "1e3", "99999999999999999999", "%31%00"];
const WRONG_TOKENS = ["x", "..", "%25", "%00", "%ff", "'%20OR%201=1--", "a".repeat(5000), "%22"];

function wrongQueries(route: Route): Fault[] {
  const target = pathOf(route.path);
  const queries = (...texts: readonly string[]) => [
    fc.constantFrom(...texts.map((text) => ({ target: `${target}?${text}` }))),
  ];
  if (route.method === "GET" && /(?:namespaces|tables|views)$/.test(route.path)) {
    return queries(
      ...WRONG_SIZES.map((size) => `pageToken=&pageSize=${size}`),
      ...WRONG_SIZES.map((size) => `pageSize=${size}`),
      ...WRONG_TOKENS.map((token) => `pageToken=${token}`),
      ...WRONG_TOKENS.map((token) => `pageSize=1&pageToken=${token}`),
      ...(route.path === "namespaces"
        ? ["none", "%00", "ns%1F", "%1F", "..", "'--"].map((name) => `parent=${name}`)
        : []),
    );
  }
  if (route.path.endsWith("/{table}") && route.method === "GET") {
    return queries(...["x", "ALL", "all,refs", "%00"].map((form) => `snapshots=${form}`));
  }
  if (route.path.endsWith("/{table}") && route.method === "DELETE") {
    return queries(...["1", "yes", "truefalse", "%00"].map((flag) => `purgeRequested=${flag}`));
  }
  return [];
}

const WRONG_KEYS = [
  ...["", "x", "1", "'; DROP TABLE replies;--", "00000000000000000000000000000000", "a".repeat(36)],
  ...[`${crypto.randomUUID()}0`, `{${crypto.randomUUID().slice(2)}}`, "k".repeat(4000)],
];

/** A page of some web site, or a key that is none. A read takes no notice of keys. */
function wrongHeaders(route: Route): Fault {
  const origins = fc.constantFrom("null", "http://127.0.0.1", "https://evil.example")
    .map((origin) => ({ headers: { origin } }));
  if (route.method === "GET" || route.method === "HEAD") return origins;
  const keys = fc.constantFrom(...WRONG_KEYS).map((key) => ({
    headers: { "idempotency-key": key },
  }));
  return fc.oneof(origins, { weight: 3, arbitrary: keys });
}

/** A right key: what is refused is refused under it, too. */
const KEYED: Fault = fc.uuid({ version: 7 }).map((key) => ({
  headers: { "idempotency-key": key, "if-none-match": '*, W/"x", "' },
}));

const WRONG_TYPES = [
  ...["text/plain", "text/html; charset=utf-8", "application/xml", "application/octet-stream"],
  ...["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "json", "*/*", "/"],
  ...["application/jsonx", "application/json-patch"],
];

/** Bytes that are no JSON object, made of some that are. */
function wrongBytes(right: Uint8Array): fc.Arbitrary<Uint8Array> {
  const inserted = (bytes: readonly number[]) =>
    fc.nat(right.length).map((at) =>
      Uint8Array.from([...right.subarray(0, at), ...bytes, ...right.subarray(at)])
    );
  const text = (value: string) => encoder.encode(value);
  const depth = 600;
  return fc.oneof(
    fc.integer({ min: 0, max: right.length - 1 }).map((length) => right.slice(0, length)),
    // Never a part of UTF-8: a lone byte of continuation, an overlong slash, a half of a pair.
    fc.constantFrom([0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf8, 0x88, 0x80]).chain(inserted),
    fc.constantFrom(
      ...[",", "}", "]", " x", "{}", "\u0000", "//", '"'].map((tail) =>
        Uint8Array.from([...right, ...text(tail)])
      ),
      Uint8Array.from([...right].flatMap((byte) => [byte, 0])),
      Uint8Array.from([0xff, 0xfe, ...[...right].flatMap((byte) => [byte, 0])]),
      ...["null", "[]", "42", '"x"', "true", " ", "{", "{a:1}", "{'a':1}", '{"a":NaN}'].map(text),
      ...['{"a":01}', '{"a":+1}', '{"a":.5}', '{"a":0x1}', '{"a":"\n"}', '{"a":"\\x41"}'].map(text),
      ...['{"a":"\\ud800"}', '{"a":1e400}', "<xml/>", "a=b", "%7B%7D", "\u001f\u008b"].map(text),
      text("[".repeat(100_000)),
      text(`${"[".repeat(depth)}${"]".repeat(depth)}`),
      text(`${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`),
    ),
    fc.uint8Array({ minLength: 1, maxLength: 64 }).filter((bytes) => bytes[0] !== 0x7b),
  );
}
