/** A table that is committed to by bare requests: empty snapshots, answers not parsed. */
import { parseJson, stringifyJson } from "../lib/table/json.ts";
import type { TableMetadata } from "../lib/table/metadata.ts";

const NAMESPACE = "bench";
const FILL_PER_COMMIT = 500;
const HEADERS = { "content-type": "application/json" };

/** Where a table is made. */
export interface CatalogAddress {
  readonly uri: string;
  readonly warehouse: string;
}

let count = 0;

/** Java compiles what runs often; nobody measures a server in its first second. */
const WARM_UP_COMMITS = 300;

/** Lets a catalog take commits that do not count. */
export async function warmUp(address: CatalogAddress): Promise<void> {
  const table = await RawTable.create(address);
  for (let commit = 0; commit < WARM_UP_COMMITS; commit++) await table.commit();
  await table.drop();
}

/** One table with a writer that has it for itself. */
export class RawTable {
  readonly #url: string;
  readonly #metadata: TableMetadata;
  #head: bigint | undefined;
  #sequenceNumber = 0;

  private constructor(url: string, metadata: TableMetadata) {
    this.#url = url;
    this.#metadata = metadata;
  }

  /** Makes a new table of one column. */
  static async create({ uri, warehouse }: CatalogAddress): Promise<RawTable> {
    const config = await send(`${uri}/v1/config?warehouse=${encodeURIComponent(warehouse)}`, {});
    const { defaults, overrides } = config as {
      defaults: Record<string, string>;
      overrides: Record<string, string>;
    };
    const prefix = overrides["prefix"] ?? defaults["prefix"];
    const base = `${uri}/v1${prefix === undefined ? "" : `/${prefix}`}`;
    await fetch(`${base}/namespaces`, {
      method: "POST",
      headers: HEADERS,
      body: JSON.stringify({ namespace: [NAMESPACE] }),
    }).then((response) => response.arrayBuffer());
    const name = `t_${Date.now()}_${count++}`;
    const made = await send(`${base}/namespaces/${NAMESPACE}/tables`, {
      name,
      schema: {
        type: "struct",
        fields: [{ id: 1, name: "id", type: "long", required: false }],
      },
      // The default, but Nessie 0.99 does not know it.
      "stage-create": false,
    });
    const url = `${base}/namespaces/${NAMESPACE}/tables/${name}`;
    return new RawTable(url, made["metadata"] as unknown as TableMetadata);
  }

  /** Gives the table a history, some hundred snapshots with each commit. */
  async fill(snapshots: number): Promise<void> {
    for (let left = snapshots; left > 0; left -= FILL_PER_COMMIT) {
      const updates = [];
      for (let i = 0; i < Math.min(left, FILL_PER_COMMIT); i += 1) updates.push(...this.#append());
      await this.#post([], updates);
    }
  }

  /**
   * One commit of an empty snapshot on top of the last.
   *
   * @returns how long it took, in ms.
   */
  async commit(): Promise<number> {
    const head = this.#head ?? null;
    const updates = this.#append();
    const startMs = performance.now();
    await this.#post([
      { type: "assert-table-uuid", uuid: this.#metadata["table-uuid"] },
      { type: "assert-ref-snapshot-id", ref: "main", "snapshot-id": head },
    ], updates);
    return performance.now() - startMs;
  }

  /** Drops the table; its files stay. */
  async drop(): Promise<void> {
    const response = await fetch(this.#url, { method: "DELETE" });
    await response.arrayBuffer();
  }

  #append(): unknown[] {
    const [word] = crypto.getRandomValues(new BigUint64Array(1));
    const id = word! & 0x7fff_ffff_ffff_ffffn;
    const parent = this.#head;
    this.#head = id;
    this.#sequenceNumber += 1;
    return [
      {
        action: "add-snapshot",
        snapshot: {
          "snapshot-id": id,
          ...(parent === undefined ? {} : { "parent-snapshot-id": parent }),
          "sequence-number": this.#sequenceNumber,
          "timestamp-ms": Date.now(),
          "manifest-list": `${this.#metadata.location}/metadata/snap-${id}-1-none.avro`,
          summary: { operation: "append", "total-records": "0" },
          "schema-id": 0,
        },
      },
      { action: "set-snapshot-ref", "ref-name": "main", type: "branch", "snapshot-id": id },
    ];
  }

  async #post(requirements: readonly unknown[], updates: readonly unknown[]): Promise<void> {
    const response = await fetch(this.#url, {
      method: "POST",
      headers: HEADERS,
      body: stringifyJson({ requirements, updates }),
    });
    const bytes = await response.arrayBuffer();
    if (response.status === 200) return;
    throw new Error(`Cannot commit: ${response.status} ${new TextDecoder().decode(bytes)}`);
  }
}

async function send(url: string, body: unknown): Promise<Record<string, unknown>> {
  const isRead = url.includes("/v1/config");
  const response = await fetch(
    url,
    isRead ? {} : { method: "POST", headers: HEADERS, body: JSON.stringify(body) },
  );
  const text = await response.text();
  if (!response.ok) throw new Error(`Cannot use ${url}: ${response.status} ${text}`);
  return parseJson(text) as Record<string, unknown>;
}
