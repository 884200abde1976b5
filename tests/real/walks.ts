/** Walks of real clients through `serve`: scripts that do what users do and compare each step. */
import assert from "node:assert/strict";
import { installClickhouse } from "./parts/clickhouse.ts";
import { runReader } from "./parts/python.ts";
import type { ServeRun } from "./tool.ts";

/** A row by column name, its values as JSON. */
export type WalkRow = Readonly<Record<string, unknown>>;

/** What a script says of one of its areas; see `readers/steps.py`. */
export interface AreaResult {
  /** The traceback of the step that failed. */
  readonly error: string | null;
  readonly steps: number;
  /** `namespace.table` to the rows that it must hold in the end. */
  readonly left: Readonly<Record<string, readonly WalkRow[]>>;
}

/** What another reader found in the tables that a walk left. */
interface TablesRead {
  readonly rows: number;
  readonly problems: readonly string[];
}

/** A client's walk. */
export interface Walk {
  /** Stands before the names of its namespaces. */
  readonly prefix: string;
  readonly script: string;
  /** The areas of the script, each with what it shows. Each is a test. */
  readonly areas: Readonly<Record<string, string>>;
  /** The Python of another part than the readers'. */
  readonly python?: string;
  /** Added to the request. */
  readonly request?: Readonly<Record<string, unknown>>;
}

/** Runs all areas of a walk. */
export async function runWalk(
  walk: Walk,
  serve: ServeRun,
): Promise<Readonly<Record<string, AreaResult>>> {
  const folder = await Deno.makeTempDir({ prefix: "lakekeeper-ingest-walk-" });
  try {
    return await runReader(walk.script, {
      catalog: { type: "rest", uri: serve.uri, warehouse: serve.warehouse },
      prefix: walk.prefix,
      folder,
      ...walk.request,
    }, walk.python === undefined ? {} : { python: walk.python }) as Record<string, AreaResult>;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Asserts that an area went to its end. */
export function assertWalked(result: AreaResult | undefined): void {
  assert.equal(result?.error ?? null, null, result?.error ?? "");
  assert.ok(result !== undefined && result.steps > 0, "the area has no steps");
}

/** Asserts that another reader finds, in every table that is left, the rows that must be there. */
export async function assertLeft(
  reader: "pyiceberg" | "duckdb" | "clickhouse",
  results: Readonly<Record<string, AreaResult>>,
  serve: ServeRun,
): Promise<void> {
  const tables = Object.assign({}, ...Object.values(results).map((result) => result.left));
  const access = reader === "duckdb"
    ? { attach: { endpoint: serve.uri, warehouse: serve.warehouse, delegation: "none" } }
    : {
      catalog: { type: "rest", uri: serve.uri, warehouse: serve.warehouse },
      directory: serve.directory,
    };
  const options = reader === "clickhouse" ? { python: await installClickhouse() } : {};
  const read = await runReader(
    `${reader}_tables.py`,
    { tables, ...access },
    options,
  ) as TablesRead;
  assert.deepEqual(read.problems, [], read.problems.join("\n"));
  assert.ok(read.rows > 0, "nothing was read");
}
