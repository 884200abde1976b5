/** `doctor`: checks one after the other what a load needs. */
import { EXIT_CODE, ToolError, UsageError } from "../../errors.ts";
import { Stop } from "../../load/stop.ts";
import { createHttp, type HttpEvent } from "../../rest/http.ts";
import { buildInfo } from "../build_info.ts";
import {
  type CatalogDecision,
  type ChosenCatalog,
  decideCatalog,
  openCatalog,
  processEnvironment,
} from "../catalog_choice.ts";
import { embeddedExists } from "../embedded_place.ts";
import { describeOrigin } from "../config/origin.ts";
import type { FlagValues } from "../flags.ts";
import { jsonLine } from "../json_view.ts";
import { listenForSignals } from "../signals.ts";
import { readTableName } from "../table_flags.ts";
import { inAscii, paint, type Terminal, withoutReaders } from "../terminal.ts";
import { formatDuration } from "../values.ts";
import { readVerbFlags, type VerbCall } from "../verb.ts";
import { type Check, CheckList, type CheckStatus, ok } from "./check.ts";
import { DOCTOR } from "./doctor_flags.ts";
import { examine } from "./examine.ts";

/**
 * Runs `doctor`.
 *
 * @throws {UsageError} when the command line or the configuration is wrong.
 */
export async function runDoctor(call: VerbCall): Promise<number> {
  const terminal = withoutReaders(call.terminal);
  const values = await readVerbFlags(call, DOCTOR);
  if (values === undefined) return EXIT_CODE.ok;
  if (values.operands.length > 0) {
    throw new UsageError(`Cannot use "${values.operands[0]}": doctor takes flags only`);
  }
  const { namespace } = readTableName(values);
  const decision = await decideCatalog(values, processEnvironment);
  const stop = new Stop();
  const signals = listenForSignals(stop, call.exitNow);
  const view = createView(values, terminal);
  if (decision.notice !== undefined) terminal.err.write(`${decision.notice}\n`);
  const list = new CheckList({ onCheck: view.check, stop: stop.signal });
  await list.run("version", () => Promise.resolve(ok(versionText())));
  await list.run("settings", () => Promise.resolve(ok(settingsText(decision))));
  let opened: OpenedCatalog | undefined;
  try {
    opened = await openForChecks(decision);
    await examine(list, {
      catalog: opened.catalog.target,
      namespace,
      http: createHttp({
        userAgent: `lakekeeper-ingest/${buildInfo().version}`,
        onEvent: view.http,
      }),
      onStoreRequest: (request) => view.http({ ...request, type: "http" }),
      environment: (name) => Deno.env.get(name),
      stop: stop.signal,
    });
  } catch (error) {
    // The embedded catalog cannot be opened: that is a finding, too.
    if (opened !== undefined || !(error instanceof ToolError)) throw error;
    await list.run("catalog", () => Promise.reject(error));
  } finally {
    signals.close();
    stop.close();
    await opened?.close();
  }
  const exitCode = stop.isRequested ? stop.exitCode : list.exitCode;
  view.end(list.checks, exitCode);
  return exitCode;
}

interface OpenedCatalog {
  readonly catalog: ChosenCatalog;
  close(): Promise<void>;
}

/** An embedded catalog that is not there yet is tried beside its place, so that none is made by this. */
async function openForChecks(decision: CatalogDecision): Promise<OpenedCatalog> {
  if (decision.kind === "rest" || await embeddedExists(decision.directory)) {
    const catalog = await openCatalog(decision);
    return { catalog, close: () => catalog.close() };
  }
  const directory = `${decision.directory.replace(/\/+$/, "")}.doctor-${
    crypto.randomUUID().slice(0, 8)
  }`;
  const remove = () => Deno.remove(directory, { recursive: true }).catch(() => {});
  try {
    const catalog = await openCatalog({ ...decision, directory });
    return {
      catalog,
      close: async () => {
        await catalog.close();
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

function versionText(): string {
  const { version, deno, v8, target } = buildInfo();
  return `lakekeeper-ingest ${version}, Deno ${deno}, V8 ${v8}, ${target}`;
}

function settingsText({ settings, ...decision }: CatalogDecision): string {
  const { uri, warehouse } = settings;
  const where = decision.kind === "embedded"
    ? `the embedded catalog in ${decision.directory}`
    : uri.value;
  return `${where} (${describeOrigin(uri.origin)}), warehouse "${warehouse.value}" ` +
    `(${describeOrigin(warehouse.origin)})`;
}

interface View {
  readonly check: (check: Check) => void;
  readonly http: (event: HttpEvent) => void;
  readonly end: (checks: readonly Check[], exitCode: number) => void;
}

const MARKS: Readonly<Record<CheckStatus, string>> = {
  ok: "✓",
  warning: "!",
  failed: "✗",
  skipped: "-",
};
const COLORS = { ok: "green", warning: "yellow", failed: "red", skipped: "dim" } as const;
const NAME_WIDTH = 12;

function createView(values: FlagValues, terminal: Terminal): View {
  const { out, err } = terminal;
  const plain = (text: string) => terminal.usesUnicode ? text : inAscii(text);
  const json = (line: { readonly type: string }) => out.write(`${jsonLine(line, new Date())}\n`);
  const trace = values.isOn("trace");
  if (values.isOn("json")) {
    return {
      check: json,
      http: (event) => {
        if (trace) json(event);
      },
      end: (checks, exitCode) => json(endLine(checks, exitCode)),
    };
  }
  return {
    check: ({ status, name, detail, hint }) => {
      const mark = plain(MARKS[status]).padEnd(terminal.usesUnicode ? 1 : "FAILED".length);
      out.write(`${paint(out, COLORS[status], mark)} ${name.padEnd(NAME_WIDTH)} ${detail}\n`);
      if (hint !== undefined) out.write(plain(`  ${" ".repeat(NAME_WIDTH)} → ${hint}\n`));
    },
    http: (event) => {
      if (!trace) return;
      const { method, url, status, error, elapsedMs } = event;
      const line = `${method} ${url} ${status ?? error} ${formatDuration(elapsedMs)}`;
      err.write(`${paint(err, "dim", line)}\n`);
    },
    end: (checks, exitCode) => out.write(`${endText(checks, exitCode)}\n`),
  };
}

function countOf(checks: readonly Check[], status: CheckStatus): number {
  return checks.filter((check) => check.status === status).length;
}

function endLine(checks: readonly Check[], exitCode: number) {
  return {
    type: "doctor",
    ok: countOf(checks, "ok"),
    warnings: countOf(checks, "warning"),
    failed: countOf(checks, "failed"),
    skipped: countOf(checks, "skipped"),
    exitCode,
  };
}

function endText(checks: readonly Check[], exitCode: number): string {
  const failures = checks.filter(({ status }) => status === "failed").map(({ name }) => name);
  if (failures.length > 0) return `Failed: ${failures.join(", ")}`;
  if (exitCode !== EXIT_CODE.ok) return "Interrupted";
  const warnings = countOf(checks, "warning");
  const counted = `${warnings} ${warnings === 1 ? "warning" : "warnings"}`;
  return warnings === 0 ? "A load can work: every check passed" : `A load can work: ${counted}`;
}
