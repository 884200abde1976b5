// `deno task compile [--output FILE] [--target TRIPLE]`: makes ./lakekeeper-ingest and tells how.

import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { CompileError, compileTool } from "./compile_tool.ts";

const USAGE = "Usage: deno task compile [--output FILE] [--target TRIPLE]";

async function main(args: string[]): Promise<number> {
  let values: { output?: string; target?: string; help?: boolean };
  try {
    values = parseArgs({
      args,
      options: {
        output: { type: "string", short: "o" },
        target: { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    }).values;
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n${USAGE}`);
    return 2;
  }
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const root = fileURLToPath(new URL("..", import.meta.url));
  const { target } = values;
  const suffix = (target ?? Deno.build.target).includes("windows") ? ".exe" : "";
  const output = resolve(values.output ?? `${root}/lakekeeper-ingest${suffix}`);
  const startMs = performance.now();
  try {
    const made = await compileTool(root, { output, ...(target === undefined ? {} : { target }) });
    const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
    if (made.fallbackReason !== undefined) {
      console.error(
        `Deno's own base runtime cannot be had (${made.fallbackReason}); ` +
          `used the one of Deno ${made.denoVersion} from package registries`,
      );
    }
    const megabytes = (made.sizeBytes / 1e6).toFixed(1);
    console.log(`Compiled ${made.path} (${megabytes} MB, Deno ${made.denoVersion}, ${seconds} s)`);
    return 0;
  } catch (error) {
    if (!(error instanceof CompileError)) throw error;
    console.error(error.message);
    return 1;
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
