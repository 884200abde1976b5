/** Decides the verb by the first word, runs it, and turns what it throws into an exit code. */
import { EXIT_CODE, ToolError, UsageError } from "../errors.ts";
import { jsonLine } from "./json_view.ts";
import { openTerminal, OutputClosedError, type Terminal } from "./terminal.ts";
import { errorText } from "./text_view.ts";
import type { RunVerb, VerbCall } from "./verb.ts";
import { VERBS_BUILT, VERBS_TO_COME } from "./verbs.ts";

/**
 * Verbs that are built; each is loaded only when it is called, so that `version` starts at once.
 */
const VERBS: Readonly<Record<typeof VERBS_BUILT[number], () => Promise<RunVerb>>> = {
  ingest: async () => (await import("./ingest.ts")).runIngest,
  generate: async () => (await import("./generate.ts")).runGenerate,
  serve: async () => (await import("./serve.ts")).runServe,
  probe: async () => (await import("./probe.ts")).runProbeVerb,
  verify: async () => (await import("./verify.ts")).runVerifyVerb,
  clean: async () => (await import("./clean.ts")).runCleanVerb,
  version: async () => (await import("./version.ts")).runVersion,
  help: async () => (await import("./help.ts")).runHelp,
};

/** Runs the command line; the only thing left to do with the result is to exit. */
export async function runCommand(
  args: readonly string[],
  exitNow: (code: number) => void,
): Promise<number> {
  const terminal = openTerminal();
  try {
    return await dispatch(args, { terminal, exitNow });
  } catch (error) {
    if (error instanceof OutputClosedError) return EXIT_CODE.ok;
    reportError(error, { asJson: wantsJson(args), terminal });
    return error instanceof ToolError ? error.exitCode : EXIT_CODE.failed;
  }
}

async function dispatch(
  args: readonly string[],
  call: Omit<VerbCall, "args">,
): Promise<number> {
  const [first, ...rest] = args;
  if (first === undefined) return await (await VERBS.help())({ ...call, args: [] });
  if (first === "--version" || first === "-V") {
    return await (await VERBS.version())({ ...call, args: rest });
  }
  if (first === "-h" || first === "--help") {
    return await (await VERBS.help())({ ...call, args: ["ingest"] });
  }
  if (VERBS_TO_COME.includes(first)) {
    throw new UsageError(`Cannot run "${first}": it is not built in this version`, {
      hint: `A file of that name is given as ./${first}`,
    });
  }
  const verb = VERBS_BUILT.find((name) => name === first);
  if (verb === undefined) return await (await VERBS.ingest())({ ...call, args });
  return await (await VERBS[verb]())({ ...call, args: rest });
}

/** By the words alone: what went wrong may have been the parsing of the flags. */
function wantsJson(args: readonly string[]): boolean {
  return args.includes("--json") ||
    /^(1|true|yes|on)$/i.test(Deno.env.get("LAKEKEEPER_INGEST_JSON") ?? "");
}

function reportError(
  error: unknown,
  options: { readonly asJson: boolean; readonly terminal: Terminal },
): void {
  const { err } = options.terminal;
  const hint = error instanceof ToolError ? error.hint : undefined;
  const message = error instanceof Error ? error.message : String(error);
  const shown = { message, ...(hint === undefined ? {} : { hint }) };
  if (options.asJson) {
    const exitCode = error instanceof ToolError ? error.exitCode : EXIT_CODE.failed;
    err.write(`${jsonLine({ type: "error", ...shown, exitCode }, new Date())}\n`);
    return;
  }
  err.write(errorText(shown));
  // A fault of the tool's own: whoever mends it needs the place.
  if (!(error instanceof ToolError) && error instanceof Error) err.write(`${error.stack}\n`);
}
