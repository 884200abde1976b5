/** Plays one case: a catalog of its kind, and a probe of it, both as a user runs them. */
import { runTool, startServe } from "../real/tool.ts";
import type { Case } from "./kinds.ts";
import {
  type Observed,
  type PrintedVerdict,
  readBranch,
  readFigures,
  readLog,
  readOperations,
} from "./observed.ts";

/** More lines than any log has. */
const ALL_LINES = Number.MAX_SAFE_INTEGER;

/** Plays a case. @throws {Error} when the catalog does not start, or the probe gives no verdict. */
export async function playCase(of: Case): Promise<Observed> {
  const cwd = await Deno.makeTempDir({ prefix: "lakekeeper-ingest-judge-" });
  const keepsTables = of.truth.is === "loses-updates";
  const server = await startServe(["--json", ...of.serveFlags]);
  try {
    const { code, stdout, stderr } = await runTool(
      [
        ...["probe", "--uri", server.uri, "--warehouse", server.warehouse, "--json"],
        ...of.probeFlags,
        ...(keepsTables ? ["--keep"] : []),
      ],
      { cwd },
    );
    const verdict = lastLine(stdout);
    if (verdict === undefined) throw new Error(`No verdict, exit code ${code}: ${stderr}`);
    const figures = await (await fetch(new URL("/metrics", server.uri))).text();
    const history = await Deno.readTextFile(`${cwd}/history.jsonl`);
    const log = readLog(server.log(ALL_LINES));
    const blamed = keepsTables ? new Set(verdict.violations.map(({ table }) => table)) : [];
    return {
      exitCode: code,
      verdict,
      operations: readOperations(history),
      log,
      figures: readFigures(figures),
      branches: await readBranches(server.uri, blamed),
    };
  } finally {
    await server.stop();
    await Deno.remove(cwd, { recursive: true });
  }
}

function lastLine(stdout: string): PrintedVerdict | undefined {
  const line = stdout.trimEnd().split("\n").at(-1)!;
  if (!line.startsWith("{")) return undefined;
  const { type, ...rest } = JSON.parse(line);
  return type === "verdict" ? rest as PrintedVerdict : undefined;
}

async function readBranches(
  uri: string,
  tables: Iterable<string>,
): Promise<Map<string, Set<string>>> {
  const branches = new Map<string, Set<string>>();
  for (const table of tables) {
    const [namespace, name] = table.split(".");
    const answer = await fetch(`${uri}/v1/namespaces/${namespace}/tables/${name}`);
    branches.set(table, readBranch(await answer.text()));
  }
  return branches;
}
