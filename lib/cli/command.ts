/** Decides the verb by the first word, runs it, and turns what it throws into an exit code. */
import { EXIT_CODE, ToolError } from "../errors.ts";
import { jsonLine } from "./json_view.ts";
import { openTerminal, OutputClosedError, type Terminal } from "./terminal.ts";
import { errorText } from "./text_view.ts";
import type { RunVerb, VerbCall } from "./verb.ts";
import { VERB_NAMES, type VerbName } from "./verbs.ts";

/**
 * What runs each verb; it is loaded only when it is called, so that `version` starts at once.
 */
const VERBS: Readonly<Record<VerbName, () => Promise<RunVerb>>> = {
  ingest: async () => (await import("./ingest.ts")).runIngest,
  generate: async () => leaving((await import("./generate.ts")).runGenerate),
  serve: async () => (await import("./serve.ts")).runServe,
  probe: async () => (await import("./probe.ts")).runProbeVerb,
  verify: async () => leaving((await import("./verify.ts")).runVerifyVerb),
  clean: async () => leaving((await import("./clean.ts")).runCleanVerb),
  doctor: async () => (await import("./doctor/doctor.ts")).runDoctor,
  config: async () => (await import("./config/config.ts")).runConfig,
  completions: async () => (await import("./completions/completions.ts")).runCompletions,
  man: async () => (await import("./man/man.ts")).runMan,
  version: async () => (await import("./version.ts")).runVersion,
  help: async () => (await import("./help.ts")).runHelp,
};

/** The verb as one that leaves at once when a signal asks it to. */
function leaving(run: RunVerb): RunVerb {
  return async (call) => {
    const { leaveOnSignals } = await import("./signals.ts");
    const signals = leaveOnSignals(call.exitNow);
    try {
      return await run(call);
    } finally {
      signals.close();
    }
  };
}

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
  const verb = VERB_NAMES.find((name) => name === first);
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
