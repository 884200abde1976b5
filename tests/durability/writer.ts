/** A client of the catalog that changes tables of its own and tables of all, one request at a time. */
import { parseJson, stringifyJson } from "../../lib/table/json.ts";
import type { TableMetadata } from "../../lib/table/metadata.ts";
import type { Draw } from "../chaos/draw.ts";
import {
  ConnectionCut,
  RawClient,
  type WireAnswer,
  type WireRequest,
} from "../server/raw_client.ts";
import { appendRequest, newSnapshotId, SCHEMA } from "../server/support.ts";
import { OWN, SHARED } from "./found.ts";
import { describe, type Effect, type Model, type Operation, type OwnedThings } from "./model.ts";

/** Where the catalog answers. */
const BASE = "/catalog/v1";
/** Things that one writer has at most. */
const OWNED_MAX = 6;
const KEYED_SHARE = 0.5;
/**
 * In so many requests the writer does not wait for the answer, and for the kill instead: between
 * "it is done" and "it is said" there is so little time that a kill hardly ever falls into it.
 */
const HANG_UP_SHARE = 0.03;
const HANG_UP_MS_MAX = 12;

/** What all writers of a run share. */
export interface WriterOptions {
  readonly name: string;
  readonly draw: Draw;
  readonly model: Model;
  /** Names of the tables that all writers share. */
  readonly shared: readonly string[];
}

/** How a request ended: `cut` says that nobody knows. */
type Ending = "done" | "refused" | "cut";

/** A writer; it goes on where it was when the servers come back. */
export class Writer {
  readonly name: string;
  /** Answers so far; 409 of a lost race is one. */
  answers = 0;
  readonly #of: WriterOptions;
  readonly #bases = new Map<string, TableMetadata>();
  #count = 0;

  constructor(of: WriterOptions) {
    this.name = of.name;
    this.#of = of;
  }

  /** Sends one request after the other until the connection is cut. */
  async run(uri: string): Promise<void> {
    this.#bases.clear();
    // No client that resends by itself: what it makes of a cut would hide what the server does.
    const client = new RawClient(uri);
    try {
      for (;;) {
        let operation: Operation;
        try {
          operation = await this.#draw(client);
        } catch (error) {
          // A read: nothing is unsure.
          if (isCut(error)) return;
          throw error;
        }
        this.#of.model.begin(this.name, operation);
        if (await this.#send(client, operation) === "cut") return;
      }
    } finally {
      client.close();
    }
  }

  /** Sends the request that was cut off once more. @returns the answer's status */
  async resend(uri: string, operation: Operation): Promise<number> {
    const client = new RawClient(uri);
    try {
      return (await client.send(requestOf(operation))).status;
    } finally {
      client.close();
    }
  }

  async #send(client: RawClient, operation: Operation): Promise<Ending> {
    const { model, draw } = this.#of;
    const hangUpMs = draw.chance(HANG_UP_SHARE) ? draw.between(1, HANG_UP_MS_MAX) : undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let answer: WireAnswer;
    try {
      const finish = await client.begin(requestOf(operation));
      if (hangUpMs !== undefined) timer = setTimeout(() => client.close(), hangUpMs);
      answer = await finish();
    } catch (error) {
      if (isCut(error)) return "cut";
      throw error;
    } finally {
      clearTimeout(timer);
    }
    this.answers += 1;
    for (const { table } of operation.effects) this.#bases.delete(table);
    const { status, text } = answer;
    if (status < 300) {
      model.done(this.name);
      const [effect] = operation.effects;
      if (effect !== undefined && operation.effects.every(({ table }) => table === effect.table)) {
        const body = parseJson(text) as unknown as { metadata: TableMetadata };
        this.#bases.set(effect.table, body.metadata);
      }
      return "done";
    }
    model.refused(this.name);
    if (status !== 409 || !operation.mayLose) {
      model.note("torn", `${status} for ${describe(operation)}: ${text.slice(0, 300)}`);
    }
    return "refused";
  }

  async #draw(client: RawClient): Promise<Operation> {
    const { draw, model } = this.#of;
    this.#count += 1;
    const id = `${this.name}-${this.#count}`;
    const key = draw.chance(KEYED_SHARE) ? crypto.randomUUID() : undefined;
    const owned = model.owned(this.name);
    const mayGrow = owned.size < OWNED_MAX ? 1 : 0;
    const movable = [...owned].filter(([, { kind }]) => kind !== "namespace");
    const make = draw.weighted<() => Operation | Promise<Operation>>([
      [2 * mayGrow, () => this.#create(id, key)],
      [mayGrow, () => this.#createByCommit(id, key)],
      [mayGrow, () => this.#createView(id, key)],
      [mayGrow, () => this.#createNamespace(id, key)],
      [owned.size > 0 ? 4 : 0, () => this.#change(id, key, draw.pick([...owned.keys()]))],
      [owned.size > 0 ? 2 : 0, () => this.#drop(id, key, draw.pick([...owned.keys()]))],
      [movable.length > 0 ? 2 : 0, () => this.#rename(id, key, draw.pick(movable)[0])],
      [8, () => this.#append(client, id, key)],
      [3, () => this.#transaction(client, id, key)],
    ]);
    return await make();
  }

  #create(id: string, key: string | undefined): Operation {
    const name = this.#newName();
    const properties = { born: id, mark: id };
    return this.#ownOperation({ id, key, label: "create table" }, {
      path: `namespaces/${OWN}/tables`,
      body: { name, schema: SCHEMA, properties },
      own: (before) => new Map([...before, [name, { kind: "table", born: id, mark: id }]]),
    });
  }

  /** The end of a staged create: a commit that asserts that the table is not there. */
  #createByCommit(id: string, key: string | undefined): Operation {
    const name = this.#newName();
    return this.#ownOperation({ id, key, label: "create table by commit" }, {
      path: `namespaces/${OWN}/tables/${name}`,
      body: {
        requirements: [{ type: "assert-create" }],
        updates: [
          { action: "add-schema", schema: SCHEMA },
          { action: "set-current-schema", "schema-id": -1 },
          { action: "set-properties", updates: { born: id, mark: id } },
        ],
      },
      own: (before) => new Map([...before, [name, { kind: "table", born: id, mark: id }]]),
    });
  }

  #createView(id: string, key: string | undefined): Operation {
    const name = this.#newName();
    return this.#ownOperation({ id, key, label: "create view" }, {
      path: `namespaces/${OWN}/views`,
      body: {
        name,
        schema: SCHEMA,
        "view-version": {
          "version-id": 1,
          "timestamp-ms": Date.now(),
          "schema-id": 0,
          summary: {},
          "default-namespace": [OWN],
          representations: [{ type: "sql", sql: "SELECT 1 AS id", dialect: "spark" }],
        },
        properties: { born: id, mark: id },
      },
      own: (before) => new Map([...before, [name, { kind: "view", born: id, mark: id }]]),
    });
  }

  #createNamespace(id: string, key: string | undefined): Operation {
    const name = this.#newName();
    return this.#ownOperation({ id, key, label: "create namespace" }, {
      path: "namespaces",
      body: { namespace: [name], properties: { born: id, mark: id } },
      own: (before) => new Map([...before, [name, { kind: "namespace", born: id, mark: id }]]),
    });
  }

  #change(id: string, key: string | undefined, name: string): Operation {
    const thing = this.#of.model.owned(this.name).get(name)!;
    const path = thing.kind === "namespace"
      ? `namespaces/${name}/properties`
      : `namespaces/${OWN}/${thing.kind}s/${name}`;
    const body = thing.kind === "namespace" ? { updates: { mark: id }, removals: [] } : {
      requirements: [],
      updates: [{ action: "set-properties", updates: { mark: id } }],
    };
    return this.#ownOperation({ id, key, label: `change ${thing.kind}` }, {
      path,
      body,
      own: (before) => new Map([...before, [name, { ...thing, mark: id }]]),
    });
  }

  #drop(id: string, key: string | undefined, name: string): Operation {
    const { kind } = this.#of.model.owned(this.name).get(name)!;
    const purge = kind === "table" && this.#of.draw.chance(0.5) ? "?purgeRequested=true" : "";
    const path = kind === "namespace"
      ? `namespaces/${name}`
      : `namespaces/${OWN}/${kind}s/${name}${purge}`;
    return this.#ownOperation({ id, key, label: `drop ${kind}` }, {
      path,
      own: (before) => new Map([...before].filter(([other]) => other !== name)),
    });
  }

  #rename(id: string, key: string | undefined, name: string): Operation {
    const thing = this.#of.model.owned(this.name).get(name)!;
    const newName = this.#newName();
    return this.#ownOperation({ id, key, label: `rename ${thing.kind}` }, {
      path: `${thing.kind}s/rename`,
      body: {
        source: { namespace: [OWN], name },
        destination: { namespace: [OWN], name: newName },
      },
      own: (before) =>
        new Map([...before].map(([other, item]) => [other === name ? newName : other, item])),
    });
  }

  /** An append, and perhaps a property with it, to a table that others append to, too. */
  async #append(client: RawClient, id: string, key: string | undefined): Promise<Operation> {
    const { draw, shared } = this.#of;
    const { effect, change } = await this.#sharedChange(client, id, {
      table: draw.pick(shared),
      setsProperty: draw.chance(0.3),
    });
    return {
      ...this.#sharedOperation({ id, key, label: "append" }, [effect]),
      path: `namespaces/${SHARED}/tables/${effect.table}`,
      body: stringifyJson(change),
    };
  }

  async #transaction(client: RawClient, id: string, key: string | undefined): Promise<Operation> {
    const { draw, shared } = this.#of;
    const first = draw.pick(shared);
    const second = draw.pick(shared.filter((table) => table !== first));
    const parts = [
      await this.#sharedChange(client, id, { table: first, setsProperty: true }),
      await this.#sharedChange(client, id, { table: second, setsProperty: true }),
    ];
    const changes = parts.map(({ effect: { table }, change }) => ({
      identifier: { namespace: [SHARED], name: table },
      ...change,
    }));
    return {
      ...this.#sharedOperation(
        { id, key, label: "transaction" },
        parts.map(({ effect }) => effect),
      ),
      path: "transactions/commit",
      body: stringifyJson({ "table-changes": changes }),
    };
  }

  async #sharedChange(
    client: RawClient,
    id: string,
    of: { readonly table: string; readonly setsProperty: boolean },
  ): Promise<{ effect: Effect; change: Record<string, unknown> }> {
    const { table, setsProperty } = of;
    const base = await this.#base(client, table);
    const snapshotId = newSnapshotId();
    const change = appendRequest(base, snapshotId);
    if (!setsProperty) return { effect: { table, snapshotId }, change };
    const updates = [
      ...change["updates"] as unknown[],
      { action: "set-properties", updates: { [this.name]: id } },
    ];
    return {
      effect: { table, snapshotId, property: [this.name, id] },
      change: { ...change, updates },
    };
  }

  /** What the writer knows of a table: what its last commit has shown, else a look. */
  async #base(client: RawClient, table: string): Promise<TableMetadata> {
    const known = this.#bases.get(table);
    if (known !== undefined) return known;
    const { status, text } = await client.send({
      method: "GET",
      target: `${BASE}/namespaces/${SHARED}/tables/${table}?snapshots=refs`,
    });
    if (status !== 200) throw new Error(`Cannot load "${table}": ${status} ${text}`);
    const body = parseJson(text) as unknown as { metadata: TableMetadata };
    this.#bases.set(table, body.metadata);
    return body.metadata;
  }

  #newName(): string {
    return `${this.name}_${this.#count}`;
  }

  #ownOperation(
    what: Pick<Operation, "id" | "key" | "label">,
    of: {
      readonly path: string;
      readonly body?: unknown;
      readonly own: (before: OwnedThings) => OwnedThings;
    },
  ): Operation {
    const { path, body, own } = of;
    return {
      ...what,
      method: body === undefined ? "DELETE" : "POST",
      path,
      body: body === undefined ? undefined : stringifyJson(body),
      mayLose: false,
      own,
      effects: [],
    };
  }

  #sharedOperation(
    what: Pick<Operation, "id" | "key" | "label">,
    effects: readonly Effect[],
  ): Omit<Operation, "path" | "body"> {
    return { ...what, method: "POST", mayLose: true, own: (before) => before, effects };
  }
}

function requestOf(operation: Operation): WireRequest {
  const { method, path, body, key } = operation;
  return {
    method,
    target: `${BASE}/${path}`,
    headers: {
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...(key === undefined ? {} : { "idempotency-key": key }),
    },
    ...(body === undefined ? {} : { body }),
  };
}

/** Whether the connection ended under a request; a server that is silent is something else. */
function isCut(error: unknown): boolean {
  return error instanceof ConnectionCut || error instanceof Deno.errors.ConnectionRefused ||
    error instanceof Deno.errors.ConnectionReset;
}
