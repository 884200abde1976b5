/** The checks of `doctor` on a catalog and its store, from the first request to the last removal. */
import { AuthError, CatalogError, EXIT_CODE, ToolError } from "../../errors.ts";
import type { CatalogTarget } from "../../load/options.ts";
import { CatalogClient, connectCatalog, type LoadedTable } from "../../rest/catalog.ts";
import { describeAnswer } from "../../rest/error_body.ts";
import { headerProperties } from "../../rest/header_properties.ts";
import type { HttpAnswer, HttpRequest, HttpSend } from "../../rest/http.ts";
import { tableStoreAccess } from "../../rest/store_access.ts";
import type { StoreProperties } from "../../store/credentials.ts";
import { openStore } from "../../store/open_store.ts";
import type { StoreLimits } from "../../store/s3_limits.ts";
import type { OnStoreRequest, Store } from "../../store/store.ts";
import { dataDirectory } from "../../table/locations.ts";
import { formatDuration } from "../values.ts";
import { CheckList, failed, type Finding, ok, warning } from "./check.ts";
import { type DateSeen, judgeClock } from "./clock.ts";
import { judgeCredentials } from "./credentials.ts";
import { judgeEndpoints } from "./endpoints.ts";
import { Scratch } from "./scratch.ts";

/** What is examined. */
export interface ExamineOptions {
  /** The catalog, as the settings name it. */
  readonly catalog: CatalogTarget;
  /** Where a table may be made when a namespace may not. */
  readonly namespace: readonly string[];
  /** Sends requests to the catalog. */
  readonly http: HttpSend;
  /** Is told of every request to the store. */
  readonly onStoreRequest: OnStoreRequest;
  /** The value of a variable that is set. */
  readonly environment: (name: string) => string | undefined;
  /** Aborted when the checks are to end; what was made is removed all the same. */
  readonly stop: AbortSignal;
}

/** Who asks a doctor does not want to wait for a minute. */
const REQUEST_MS_MAX = 15_000;

const STORE_LIMITS: Partial<StoreLimits> = {
  budgetMs: 5000,
  connectBudgetMs: 5000,
  stallMs: 10_000,
};

const OBJECT_BYTES = 4096;

/** Makes the checks, and removes what they made. */
export async function examine(list: CheckList, options: ExamineOptions): Promise<void> {
  const examination = new Examination(list, options);
  try {
    await examination.run();
  } finally {
    await examination.tidy();
  }
}

class Examination {
  readonly #list: CheckList;
  readonly #options: ExamineOptions;
  readonly #dates: DateSeen[] = [];
  readonly #scratch = new Scratch();
  #client: CatalogClient | undefined;

  constructor(list: CheckList, options: ExamineOptions) {
    this.#list = list;
    this.#options = options;
  }

  async run(): Promise<void> {
    const list = this.#list;
    await this.#connect();
    const needs = ["warehouse"];
    await list.run("clock", () => Promise.resolve(judgeClock(this.#dates)), {
      needs: ["catalog"],
    });
    await list.run("endpoints", () => {
      return Promise.resolve(judgeEndpoints(this.#client!.config.endpoints));
    }, { needs });
    await list.run("idempotency", () => Promise.resolve(this.#judgeIdempotency()), { needs });
    await list.run("namespace", () => this.#makeNamespace(), { needs });
    await list.run("table", () => this.#makeTable(), { needs: ["namespace"] });
    const properties = await list.run(
      "credentials",
      () => Promise.resolve(this.#judgeCredentials()),
      { needs: ["table"] },
    );
    await list.run("store", () => this.#tryStore(properties!), { needs: ["credentials"] });
    await list.run("commit", () => this.#commit(), { needs: ["table"] });
  }

  /** Removes what was made, also when the checks were ended early. */
  async tidy(): Promise<void> {
    const scratch = this.#scratch;
    const client = this.#client;
    if (client === undefined || scratch.isEmpty) return;
    try {
      await this.#list.run("cleanup", async () => {
        // A session of its own: the other one ends with the user's interruption.
        const session = new CatalogClient(this.#session({}), client.config);
        await this.#findTable(session);
        const { left, unseen } = await scratch.remove(session);
        if (left.length > 0) {
          return failed(`left behind: ${left.join("; ")}`, { hint: "Remove it by hand" });
        }
        return unseen.length === 0
          ? ok("everything that was made for these checks has been removed")
          : warning(`dropped, but could not be looked for in the store: ${unseen.join("; ")}`);
      }, { always: true });
    } finally {
      scratch.store?.close();
    }
  }

  /** A table whose making was cut off may be there, and files of it. */
  async #findTable(session: CatalogClient): Promise<void> {
    const scratch = this.#scratch;
    if (scratch.tableIn === undefined || scratch.store !== undefined) return;
    const table = { namespace: scratch.tableIn, name: scratch.tableName };
    try {
      const loaded = scratch.table ?? await session.loadTable(table);
      if (loaded === undefined) return;
      scratch.table = loaded;
      const { properties } = tableStoreAccess(session, { table, loaded });
      scratch.store = await this.#openStore(loaded, properties);
    } catch (error) {
      // What cannot be seen is tried to be dropped all the same.
      if (!(error instanceof ToolError)) throw error;
    }
  }

  #openStore(table: LoadedTable, properties: StoreProperties): Promise<Store> {
    return openStore(dataDirectory(table.metadata), properties, {
      onRequest: this.#options.onStoreRequest,
      limits: STORE_LIMITS,
    });
  }

  #session(of: { readonly signal?: AbortSignal }) {
    return {
      ...this.#options.catalog,
      http: (request: HttpRequest) => this.#send(request),
      requestTimeoutMs: REQUEST_MS_MAX,
      ...of,
    };
  }

  /** Sends a request and notes what time the catalog tells. */
  async #send(request: HttpRequest): Promise<HttpAnswer> {
    const sentMs = Date.now();
    const answer = await this.#options.http(request);
    if (answer.kind === "response") {
      this.#dates.push({ date: answer.headers.get("date"), sentMs, answeredMs: Date.now() });
    }
    return answer;
  }

  /** A request that no method of the client makes. */
  #ask(request: HttpRequest): Promise<HttpAnswer> {
    const { token, properties } = this.#options.catalog;
    return this.#send({
      timeoutMs: REQUEST_MS_MAX,
      signal: this.#options.stop,
      ...request,
      headers: { authorization: `Bearer ${token}`, ...headerProperties(properties) },
    });
  }

  /** Two checks of one request: whether a catalog answers, and whether it knows the warehouse. */
  async #connect(): Promise<void> {
    const { uri, warehouse } = this.#options.catalog;
    let unknownWarehouse: CatalogError | undefined;
    await this.#list.run("catalog", async () => {
      const startMs = performance.now();
      try {
        this.#client = await connectCatalog(this.#session({ signal: this.#options.stop }));
      } catch (error) {
        if (!(error instanceof CatalogError)) throw error;
        unknownWarehouse = error.exitCode === EXIT_CODE.usage ? error : warehouseFailure(error);
        if (unknownWarehouse === undefined) throw error;
      }
      const elapsedMs = performance.now() - startMs;
      return ok(`${uri} answered after ${formatDuration(elapsedMs)}`);
    });
    await this.#list.run("warehouse", () => {
      if (unknownWarehouse !== undefined) throw unknownWarehouse;
      const prefix = this.#client!.config.properties["prefix"];
      return Promise.resolve(
        ok(`"${warehouse}" is known${prefix === undefined ? "" : `, prefix ${prefix}`}`),
      );
    }, { needs: ["catalog"] });
  }

  #judgeIdempotency(): Finding {
    const lifetime = this.#client!.config.idempotencyKeyLifetime;
    return ok(
      lifetime === undefined
        ? "Idempotency-Keys are not offered: an open outcome is settled by the table's history"
        : `Idempotency-Keys are offered, kept for ${lifetime}`,
    );
  }

  async #makeNamespace(): Promise<Finding> {
    const scratch = this.#scratch;
    const name = scratch.namespace.join(".");
    try {
      scratch.mayHaveNamespace = true;
      await this.#client!.ensureNamespace(scratch.namespace);
      scratch.tableIn = undefined;
      return ok(`namespace ${name} was made`);
    } catch (error) {
      if (!(error instanceof AuthError)) throw error;
      scratch.mayHaveNamespace = false;
      return await this.#findNamespace(error);
    }
  }

  /** Whether the configured namespace can take the table, when none may be made. */
  async #findNamespace(refusal: AuthError): Promise<Finding> {
    const { namespace } = this.#options;
    const url = this.#client!.paths.namespace(namespace);
    const found = await this.#ask({ method: "GET", url });
    if (found.kind === "response" && found.status === 200) {
      this.#ownNamespace = namespace;
      return warning(
        `namespaces may not be made; "${namespace.join(".")}" is there, and is used`,
        "Tables can be loaded into namespaces that others have made",
      );
    }
    return failed(
      `${refusal.message}; and namespace "${namespace.join(".")}" cannot be seen: ` +
        describeAnswer(found),
      {
        exitCode: EXIT_CODE.auth,
        hint: "Have the right to make namespaces given to you, or name one that is there with " +
          "--namespace",
      },
    );
  }

  /** A namespace that was there, in the place of one made for this. */
  #ownNamespace: readonly string[] | undefined;

  async #makeTable(): Promise<Finding> {
    const scratch = this.#scratch;
    const namespace = this.#ownNamespace ?? scratch.namespace;
    scratch.tableIn = namespace;
    const name = { namespace, name: scratch.tableName };
    const loaded = await this.#client!.createTable(name, {
      schema: {
        type: "struct",
        "schema-id": 0,
        fields: [{ id: 1, name: "id", type: "long", required: false }],
      },
      properties: { "format-version": "2" },
    }) ?? await this.#client!.loadTable(name);
    if (loaded === undefined) {
      return failed("the catalog says that the table is there, and does not find it");
    }
    scratch.table = loaded;
    return ok(`a table was made at ${loaded.metadata.location}`);
  }

  #judgeCredentials(): Finding & { readonly result: StoreProperties } {
    const table = this.#scratch.table!;
    const { properties } = tableStoreAccess(this.#client!, {
      table: { namespace: this.#scratch.tableIn!, name: this.#scratch.tableName },
      loaded: table,
    });
    const { environment } = this.#options;
    const finding = judgeCredentials(table, { properties, environment, nowMs: Date.now() });
    return { ...finding, result: properties };
  }

  async #tryStore(properties: StoreProperties): Promise<Finding> {
    const scratch = this.#scratch;
    const location = dataDirectory(scratch.table!.metadata);
    const store = await this.#openStore(scratch.table!, properties);
    scratch.store = store;
    const object = `${location}/doctor-${crypto.randomUUID()}.bin`;
    const bytes = crypto.getRandomValues(new Uint8Array(OBJECT_BYTES));
    const writeMs = await timed(async () => {
      scratch.object = object;
      await store.write(object, bytes, {
        contentType: "application/octet-stream",
        signal: this.#options.stop,
      });
      scratch.hasWritten = true;
    });
    let read = new Uint8Array();
    const readMs = await timed(async () => {
      read = new Uint8Array(await store.read(object));
    });
    if (read.length !== bytes.length || read.some((byte, at) => byte !== bytes[at])) {
      return failed(`the object at ${object} was read otherwise than it was written`);
    }
    const removeMs = await timed(() => store.remove(object));
    if (await store.sizeOf(object) !== undefined) {
      return failed(`the object at ${object} is there after it was removed`);
    }
    scratch.object = undefined;
    return ok(
      `an object was written (${formatDuration(writeMs)}), read (${formatDuration(readMs)}) and ` +
        `removed (${formatDuration(removeMs)})`,
    );
  }

  /** A commit that changes nothing that anybody reads. */
  async #commit(): Promise<Finding> {
    const { table, tableIn, tableName } = this.#scratch;
    const name = { namespace: tableIn!, name: tableName };
    const answer = await this.#ask({
      method: "POST",
      url: this.#client!.paths.table(name),
      body: {
        identifier: name,
        requirements: [{ type: "assert-table-uuid", uuid: table!.metadata["table-uuid"] }],
        updates: [{ action: "set-properties", updates: { "lakekeeper-ingest.doctor": "1" } }],
      },
    });
    if (answer.kind === "response" && answer.status === 200) {
      return ok("a commit to the table was carried out");
    }
    const isRefused = answer.kind === "response" && [401, 403, 419].includes(answer.status);
    const isAnswered = answer.kind === "response" && answer.status < 500;
    return failed(`cannot commit to the table: ${describeAnswer(answer)}`, {
      exitCode: isRefused ? EXIT_CODE.auth : isAnswered ? EXIT_CODE.failed : EXIT_CODE.unreachable,
    });
  }
}

/** Some catalogs fail (HTTP 500) for a warehouse that they do not know; their text says so. */
function warehouseFailure(error: CatalogError): CatalogError | undefined {
  if (error.status !== 500 || !/\bwarehouse\b/i.test(error.message)) return undefined;
  return new CatalogError(error.message, {
    cause: error,
    status: error.status,
    exitCode: EXIT_CODE.usage,
    hint: "Name a warehouse of that catalog with --warehouse (WAREHOUSE)",
  });
}

async function timed(run: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await run();
  return performance.now() - startMs;
}
