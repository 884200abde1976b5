/** An Iceberg REST catalog as a client sees it (REST spec: config, namespaces, tables, commits). */
import { AuthError, CatalogError, EXIT_CODE } from "../errors.ts";
import { type Json } from "../table/json.ts";
import type { CommitRequest, SchemaJson, TableMetadata } from "../table/metadata.ts";
import { describeAnswer, member, readErrorBody } from "./error_body.ts";
import { headerProperties } from "./header_properties.ts";
import type { HttpAnswer, HttpRequest, HttpResponse, HttpSend } from "./http.ts";
import { CatalogPaths } from "./paths.ts";
import { sendPatiently } from "./patience.ts";
import { classifyCommit, type CommitIdentity, type Outcome } from "./outcome.ts";
import { readTableAnswer, type SnapshotChoice } from "./table_answer.ts";

/** How a catalog is reached. */
export interface CatalogOptions {
  /** Base URI, to which `/v1/…` is added. */
  readonly uri: string;
  /**
   * Name or location that the catalog knows it by; sent as `warehouse` when the session is opened.
   */
  readonly warehouse: string;
  /** Bearer token. */
  readonly token: string;
  /** Given by the user: they win over the catalog's defaults, its overrides over them. */
  readonly properties?: Readonly<Record<string, string>>;
  /** Sends the requests. The token is put on each of them here. */
  readonly http: HttpSend;
  /** Time for one request. @default {60000} */
  readonly requestTimeoutMs?: number;
  /** Aborts requests and waits. A request that it ends counts as not answered. */
  readonly signal?: AbortSignal;
}

/** A table's name within its namespace. */
export interface TableName {
  /** Levels, outermost first; one at least. */
  readonly namespace: readonly string[];
  /** Without its namespace; may hold any character, dots too. */
  readonly name: string;
}

/** Credentials for locations that begin with `prefix` (REST spec, `StorageCredential`). */
export interface StorageCredential {
  /** Beginning of a location, such as `s3://bucket/path`. Where several fit, the longest counts. */
  readonly prefix: string;
  /** Such as `s3.access-key-id` and `s3.session-token`. Secret: never shown. */
  readonly config: Readonly<Record<string, string>>;
}

/** A table as loaded or created. */
export interface LoadedTable {
  /** Without `snapshot-log` and `metadata-log` unless they were asked for. */
  readonly metadata: TableMetadata;
  /**
   * Location of the metadata file; undefined when the catalog names none (REST spec,
   * `metadata-location`).
   */
  readonly metadataLocation: string | undefined;
  /**
   * Settings of this table, credentials among them (REST spec, `LoadTableResult`, `config`); never
   * shown.
   */
  readonly config: Readonly<Record<string, string>>;
  /** Credentials by location; they win over `config`. None when the catalog gives none. */
  readonly storageCredentials: readonly StorageCredential[];
}

/** Properties and abilities that a catalog told of itself (REST spec, `CatalogConfig`). */
export interface CatalogConfig {
  /** Defaults and overrides merged, overrides last. */
  readonly properties: Readonly<Record<string, string>>;
  /** `METHOD /path` templates, or undefined when the catalog lists none. */
  readonly endpoints: ReadonlySet<string> | undefined;
  /** ISO 8601 duration; undefined means that Idempotency-Keys are not known there. */
  readonly idempotencyKeyLifetime: string | undefined;
}

/** Text of a table name for messages, parted by dots; not made to be read back. */
export function formatTableName(table: TableName): string {
  return [...table.namespace, table.name].join(".");
}

/**
 * A session with a catalog; made by {@linkcode connectCatalog}. Its methods, but for `commit`, throw
 * AuthError for an answer of 401, 403 or 419, and CatalogError for any other failure: with exit code 7
 * when there was no answer, a 5xx, or a success without table metadata, else 1. A GET is tried up to
 * five times while what stands in its way may pass.
 */
export class CatalogClient {
  /** What the catalog told of itself when the session was opened. */
  readonly config: CatalogConfig;
  /** Where its resources lie. */
  readonly paths: CatalogPaths;
  readonly #options: CatalogOptions;
  /** The token that the catalog gave for the table in use, in place of the configured one. */
  #tableToken: string | undefined;

  /** Takes a configuration that is known already; sends nothing. */
  constructor(options: CatalogOptions, config: CatalogConfig) {
    this.#options = options;
    this.config = config;
    this.paths = new CatalogPaths({ uri: options.uri, properties: config.properties });
  }

  /**
   * Creates a namespace unless it is there. It is asked for only when the answer does not tell: who
   * may not make namespaces may well use one.
   *
   * @returns whether it was surely made now.
   * @throws {CatalogError | AuthError}
   */
  async ensureNamespace(namespace: readonly string[]): Promise<boolean> {
    const made = await this.#send({
      method: "POST",
      url: this.paths.namespaces(),
      body: { namespace, properties: {} },
    });
    if (made.kind === "response" && made.status === 409) return false;
    const isMade = made.kind === "response" && made.status < 300;
    if (!isMade && made.kind !== "refused" && await this.#hasNamespace(namespace)) return false;
    expectSuccess(made, `create namespace "${namespace.join(".")}"`);
    return true;
  }

  async #hasNamespace(namespace: readonly string[]): Promise<boolean> {
    const found = await this.#send({ method: "GET", url: this.paths.namespace(namespace) });
    return found.kind === "response" && found.status === 200;
  }

  /**
   * Loads a table.
   *
   * @param choice of its snapshots, the heads of branches and tags always being there: `"heads"` asks
   * the catalog for no others, which is enough to append to a table, but not to look for a commit in
   * it; `"history"` is for all of them and the logs. @default all snapshots, no logs
   * @returns undefined when there is no such table.
   * @throws {CatalogError | AuthError}
   */
  async loadTable(
    table: TableName,
    choice?: SnapshotChoice | "heads" | "history",
  ): Promise<LoadedTable | undefined> {
    const answer = await this.#send({
      method: "GET",
      url: `${this.paths.table(table)}?snapshots=${choice === "heads" ? "refs" : "all"}`,
      headers: DELEGATION,
    });
    if (isMissing(answer)) return undefined;
    return this.#readTable(answer, { action: `load table "${formatTableName(table)}"`, choice });
  }

  /**
   * Creates an unpartitioned table.
   *
   * @returns undefined when a table of that name is there already.
   * @throws {CatalogError | AuthError}
   */
  async createTable(
    table: TableName,
    definition: {
      readonly schema: SchemaJson;
      readonly properties: Readonly<Record<string, string>>;
    },
  ): Promise<LoadedTable | undefined> {
    const answer = await this.#send({
      method: "POST",
      url: this.paths.tables(table.namespace),
      headers: DELEGATION,
      body: {
        name: table.name,
        schema: definition.schema,
        properties: definition.properties,
        // The default, but Nessie 0.99 does not know it.
        "stage-create": false,
      },
    });
    if (answer.kind === "response" && answer.status === 409) return undefined;
    // Whether it was made is open: the caller finds out by loading it.
    if (leavesOpen(answer) && await this.loadTable(table) !== undefined) return undefined;
    return this.#readTable(answer, { action: `create table "${formatTableName(table)}"` });
  }

  /**
   * Posts a commit once; every answer is an outcome, none is thrown.
   *
   * @param options.idempotencyKey a UUID, the same for the same request and never for another; sent
   * only to catalogs that offer it (REST spec, "Idempotency-Key").
   */
  async commit(
    table: TableName,
    request: CommitRequest,
    options: { readonly identity: CommitIdentity; readonly idempotencyKey: string },
  ): Promise<{ readonly outcome: Outcome; readonly answer: HttpAnswer }> {
    const answer = await this.#send({
      method: "POST",
      url: this.paths.table(table),
      body: { identifier: table, ...request },
      ...(this.config.idempotencyKeyLifetime === undefined
        ? {}
        : { headers: { "idempotency-key": options.idempotencyKey } }),
    });
    return { outcome: classifyCommit(answer, options.identity), answer };
  }

  /**
   * Drops a table, and asks for its files to be removed.
   *
   * @returns whether it was there.
   * @throws {CatalogError | AuthError}
   */
  async dropTable(table: TableName): Promise<boolean> {
    const answer = await this.#send({
      method: "DELETE",
      url: `${this.paths.table(table)}?purgeRequested=true`,
    });
    if (isMissing(answer)) return false;
    expectSuccess(answer, `drop table "${formatTableName(table)}"`);
    return true;
  }

  /**
   * Drops a namespace that is empty.
   *
   * @returns false when it is not empty, or was not there.
   * @throws {CatalogError | AuthError}
   */
  async dropNamespace(namespace: readonly string[]): Promise<boolean> {
    const answer = await this.#send({ method: "DELETE", url: this.paths.namespace(namespace) });
    if (answer.kind === "response" && (answer.status === 409 || answer.status === 404)) {
      return false;
    }
    expectSuccess(answer, `drop namespace "${namespace.join(".")}"`);
    return true;
  }

  #send(request: HttpRequest): Promise<HttpAnswer> {
    return sendAuthorized(request, {
      ...this.#options,
      token: this.#tableToken ?? this.#options.token,
    });
  }

  #readTable(
    answer: HttpAnswer,
    of: {
      readonly action: string;
      readonly choice?: SnapshotChoice | "heads" | "history" | undefined;
    },
  ): LoadedTable {
    const { action, choice } = of;
    const read = readTableAnswer(expectSuccess(answer, action).text);
    // There are catalogs that give all of them, whatever they are asked for.
    const part = choice === "heads" ? {} : choice;
    const metadata = typeof part === "object"
      ? read?.part(part)
      : read?.whole({ withLogs: choice === "history" });
    if (read === undefined || metadata?.["table-uuid"] === undefined) {
      throw new CatalogError(`Cannot ${action}: the catalog answered without table metadata`);
    }
    const { rest } = read;
    const config = readStrings(member(rest, "config"));
    if (config.token !== undefined) this.#tableToken = config.token;
    const location = member(rest, "metadata-location");
    return {
      metadata,
      metadataLocation: typeof location === "string" ? location : undefined,
      config,
      storageCredentials: readStorageCredentials(member(rest, "storage-credentials")),
    };
  }
}

/** Asks for credentials of the store rather than for signatures, which this client has no use for. */
const DELEGATION = { "x-iceberg-access-delegation": "vended-credentials" };

/**
 * Opens a session: asks the catalog for its configuration (REST spec, `getConfig`).
 *
 * @throws {CatalogError} when nothing answers, or something that is no Iceberg catalog (exit 7), or
 * when the catalog does not know the warehouse (exit 2).
 * @throws {AuthError} when it refuses the token.
 */
export async function connectCatalog(options: CatalogOptions): Promise<CatalogClient> {
  const uri = options.uri.replace(/\/+$/, "");
  const url = `${uri}/v1/config?warehouse=${encodeURIComponent(options.warehouse)}`;
  const answer = await sendAuthorized({ method: "GET", url }, options);
  const action = `open the catalog at "${options.uri}"`;
  if (answer.kind !== "response") {
    throw new CatalogError(`Cannot ${action}: ${describeAnswer(answer)}`, {
      hint: "Check that the catalog runs and that --uri (CATALOG_URL) names it, or give " +
        "--uri embedded:DIR for a catalog of its own",
    });
  }
  const defaults = member(answer.json, "defaults");
  const overrides = member(answer.json, "overrides");
  if (answer.status === 200 && (defaults !== undefined || overrides !== undefined)) {
    const endpoints = member(answer.json, "endpoints");
    const lifetime = member(answer.json, "idempotency-key-lifetime");
    return new CatalogClient(options, {
      properties: { ...readStrings(defaults), ...options.properties, ...readStrings(overrides) },
      endpoints: Array.isArray(endpoints) ? new Set(endpoints.map(String)) : undefined,
      idempotencyKeyLifetime: typeof lifetime === "string" ? lifetime : undefined,
    });
  }
  const error = readErrorBody(answer.json);
  if (AUTH_STATUSES.has(answer.status)) throw authError(answer, action);
  if (error.type !== undefined && (answer.status === 400 || answer.status === 404)) {
    throw new CatalogError(
      `Cannot ${action} with warehouse "${options.warehouse}": ${describeAnswer(answer)}`,
      {
        status: answer.status,
        type: error.type,
        exitCode: EXIT_CODE.usage,
        hint: "Name a warehouse of that catalog with --warehouse (WAREHOUSE)",
      },
    );
  }
  const fails = error.type !== undefined || answer.status >= 500 || answer.status === 429;
  const what = fails ? "it fails" : "what answers there is no Iceberg REST catalog";
  throw new CatalogError(`Cannot ${action}: ${what}: ${describeAnswer(answer)}`, {
    status: answer.status,
    hint: "The URI is the part before /v1/config, such as http://localhost:8181/catalog",
  });
}

function sendAuthorized(
  request: HttpRequest,
  options: Pick<CatalogOptions, "http" | "token" | "requestTimeoutMs" | "signal" | "properties">,
): Promise<HttpAnswer> {
  const signal = options.signal === undefined ? {} : { signal: options.signal };
  const send = () =>
    options.http({
      ...request,
      headers: {
        authorization: `Bearer ${options.token}`,
        ...headerProperties(options.properties),
        ...request.headers,
      },
      ...(options.requestTimeoutMs === undefined ? {} : { timeoutMs: options.requestTimeoutMs }),
      ...signal,
    });
  return request.method === "GET" ? sendPatiently(send, signal) : send();
}

/** Whether a request that changes something may have been carried out. */
function leavesOpen(answer: HttpAnswer): boolean {
  return answer.kind === "response" ? answer.status >= 500 : answer.kind !== "refused";
}

function expectSuccess(answer: HttpAnswer, action: string): HttpResponse {
  if (answer.kind !== "response") {
    throw new CatalogError(`Cannot ${action}: ${describeAnswer(answer)}`);
  }
  if (answer.status >= 200 && answer.status < 300) return answer;
  if (AUTH_STATUSES.has(answer.status)) throw authError(answer, action);
  const type = readErrorBody(answer.json).type;
  throw new CatalogError(`Cannot ${action}: ${describeAnswer(answer)}`, {
    status: answer.status,
    ...(type === undefined ? {} : { type }),
    exitCode: answer.status >= 500 ? EXIT_CODE.unreachable : EXIT_CODE.failed,
  });
}

/** 419 is the REST spec's own: the authentication has timed out. */
const AUTH_STATUSES: ReadonlySet<number> = new Set([401, 403, 419]);

/**
 * Whether the answer says that a table is not there, and not that its warehouse is not. A 404
 * without an error object is a proxy's or another server's, and says nothing of the table.
 */
function isMissing(answer: HttpAnswer): boolean {
  if (answer.kind !== "response" || answer.status !== 404) return false;
  const { type } = readErrorBody(answer.json);
  return type !== undefined && type !== "NoSuchWarehouseException";
}

function authError(answer: HttpResponse, action: string): AuthError {
  return new AuthError(`Cannot ${action}: ${describeAnswer(answer)}`, {
    hint: answer.status !== 403
      ? "Give a valid token with --token-file or CATALOG_TOKEN"
      : "The token lacks the right; some catalogs answer 403 for what does not exist, too",
  });
}

function readStrings(value: Json | undefined): Record<string, string> {
  const strings: Record<string, string> = {};
  if (typeof value !== "object" || value === null || Array.isArray(value)) return strings;
  for (const [key, item] of Object.entries(value)) {
    if (item !== null && typeof item !== "object") strings[key] = String(item);
  }
  return strings;
}

function readStorageCredentials(value: Json | undefined): StorageCredential[] {
  if (!Array.isArray(value)) return [];
  return value.map((item) => ({
    prefix: String(member(item, "prefix") ?? ""),
    config: readStrings(member(item, "config")),
  }));
}
