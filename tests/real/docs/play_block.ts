/** Runs a block of the documentation, and says where it does not do what its page shows. */
import { installPython } from "../parts/python.ts";
import { lastLines } from "../parts/child.ts";
import { PROJECT_ROOT } from "../parts/cache.ts";
import { commandsOf, type DocBlock, readCommands, type ShownCommand } from "../../docs/page.ts";
import { shapeFault } from "../../docs/shape.ts";
import { type Ended, preparationOf, Scene } from "./scene.ts";

/**
 * Runs a block in a directory of its own.
 *
 * @throws {Error} with the command and what it printed, when it ends otherwise than the page says or
 *   does not print what the page shows.
 */
export async function playBlock(block: DocBlock): Promise<void> {
  const scene = await Scene.open(block);
  try {
    for (const command of preparationOf(block)) {
      checkEnd(command, await scene.run(command), { code: 0 });
    }
    if (block.language === "python" || block.language === "sql") {
      await playProgram(block, scene);
      return;
    }
    const { runAs, exitCode = 0 } = block.directives;
    const commands: readonly ShownCommand[] = runAs === undefined
      ? commandsOf(block)
      : readCommands(runAs).map((command) => ({ command }));
    for (const [index, { command, output }] of commands.entries()) {
      const code = index === commands.length - 1 ? exitCode : 0;
      checkEnd(command, await scene.run(command), { code, output });
    }
  } finally {
    await scene.close();
  }
}

/** Python and DuckDB's SQL: the readers' own environment runs them. */
async function playProgram(block: DocBlock, scene: Scene): Promise<void> {
  const python = await installPython();
  const script = block.language === "sql"
    ? `${PROJECT_ROOT}tests/real/readers/duckdb_script.py`
    : "-";
  const code = block.directives.exitCode ?? 0;
  checkEnd(block.text, await scene.runProgram([python, script], block.text), { code });
}

function checkEnd(
  command: string,
  ended: Ended,
  wanted: { readonly code: number; readonly output?: string | undefined },
): void {
  const printed = lastLines(ended.output, 60);
  if (ended.code !== wanted.code) {
    throw new Error(
      `"${command}" ended with exit code ${ended.code}, not ${wanted.code}:\n${printed}`,
    );
  }
  const fault = wanted.output === undefined ? undefined : shapeFault(wanted.output, ended.output);
  if (fault !== undefined) {
    throw new Error(`"${command}" does not print "${fault}" where the page shows it:\n${printed}`);
  }
}
