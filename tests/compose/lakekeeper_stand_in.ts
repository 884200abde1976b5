// A server on loopback that records every request and answers as Lakekeeper and its store would.
//
// The answers for the catalog's configuration are those recorded from Lakekeeper 0.13.1, with the list
// of endpoints cut short. The answers of
// the management interface and their error types were not recorded: they follow its published OpenAPI
// description and source (204 and 201 for success, 400 `CatalogAlreadyBootstrapped`, 400
// `CreateWarehouseStorageProfileOverlap`). The store's answers are those of MinIO.

/** One request as it came in. */
export interface RecordedRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: Headers;
  readonly body: string;
}

/** What the stand-in does differently; each is read at every request, so a test can change it. */
export interface StandInFaults {
  /** Error type with which every attempt to make the warehouse is refused. */
  warehouseRefusal?: string;
  /** Another client makes the warehouse while this one asks for it. */
  warehouseRace?: boolean;
  /** Error type with which every bootstrap is refused. */
  bootstrapRefusal?: string;
}

/** Lakekeeper's management interface, its configuration route and a bucket, on one port. */
export class LakekeeperStandIn implements AsyncDisposable {
  readonly requests: RecordedRequest[] = [];
  readonly faults: StandInFaults = {};
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #warehouses = new Set<string>();
  readonly #buckets = new Set<string>();
  #bootstrapped = false;

  constructor() {
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      async (request) => {
        const { pathname, search } = new URL(request.url);
        const body = await request.text();
        const { method, headers } = request;
        this.requests.push({ method, path: pathname + search, headers, body });
        return this.#answer(`${method} ${pathname}`, { search, body });
      },
    );
  }

  /** Port on 127.0.0.1. */
  get port(): number {
    return this.#server.addr.port;
  }

  /** Methods and paths in the order in which they came. */
  get lines(): string[] {
    return this.requests.map(({ method, path }) => `${method} ${path}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }

  #answer(route: string, request: { search: string; body: string }): Response {
    switch (route) {
      case "GET /catalog/v1/config":
        return this.#config(new URLSearchParams(request.search).get("warehouse") ?? "");
      case "POST /management/v1/bootstrap":
        return this.#bootstrap();
      case "POST /management/v1/warehouse":
        return this.#warehouse(JSON.parse(request.body)["warehouse-name"]);
      case "PUT /lakehouse":
        return this.#bucket("lakehouse");
      default:
        return errorAnswer(404, "NotFound", `No route ${route}`);
    }
  }

  #config(warehouse: string): Response {
    if (!this.#warehouses.has(warehouse)) {
      const message = `A warehouse '${warehouse}' does not exist`;
      return errorAnswer(404, "NoSuchWarehouseException", message);
    }
    return Response.json({
      overrides: { uri: `http://127.0.0.1:${this.port}/catalog` },
      defaults: { prefix: "1e2890a4-e6cd-11f1-8ade-f32e596f16b4", "rest-page-size": "100" },
      endpoints: ["GET /v1/config", "GET /v1/{prefix}/namespaces"],
      "idempotency-key-lifetime": "PT30M",
    });
  }

  #bootstrap(): Response {
    const refusal = this.faults.bootstrapRefusal ??
      (this.#bootstrapped ? "CatalogAlreadyBootstrapped" : undefined);
    if (refusal !== undefined) {
      return errorAnswer(400, refusal, "Catalog is not open for bootstrap");
    }
    this.#bootstrapped = true;
    return new Response(null, { status: 204 });
  }

  #warehouse(name: string): Response {
    if (this.faults.warehouseRace) this.#warehouses.add(name);
    const refusal = this.faults.warehouseRefusal ??
      (this.#warehouses.has(name) ? "CreateWarehouseStorageProfileOverlap" : undefined);
    if (refusal !== undefined) return errorAnswer(400, refusal, "The warehouse was not made");
    if (!this.#bootstrapped) return errorAnswer(403, "NotBootstrapped", "Bootstrap comes first");
    this.#warehouses.add(name);
    return Response.json({ "warehouse-id": crypto.randomUUID() }, { status: 201 });
  }

  #bucket(name: string): Response {
    if (this.#buckets.has(name)) {
      const xml = "<Error><Code>BucketAlreadyOwnedByYou</Code></Error>";
      return new Response(xml, { status: 409 });
    }
    this.#buckets.add(name);
    return new Response(null, { status: 200 });
  }
}

function errorAnswer(code: number, type: string, message: string): Response {
  return Response.json({ error: { message, type, code, stack: [] } }, { status: code });
}
