/** The command that finishes a load that has not come to its end. */

/** Texts that a shell takes as they are. */
const PLAIN = /^[A-Za-z0-9_@%+=:,./-]+$/;

/**
 * The same command under the load id that it had.
 *
 * @param args of `ingest`, as they were given.
 */
export function resumeCommand(args: readonly string[], loadId: string): string {
  const kept: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const arg = args[at]!;
    if (arg === "--load-id") at++;
    else if (!arg.startsWith("--load-id=")) kept.push(arg);
  }
  // In front: behind, it might stand after `--`, and a file of a verb's name is none after a flag.
  return ["lakekeeper-ingest", "--load-id", loadId, ...kept].map(quoteForShell).join(" ");
}

/** A text as one word of a shell's command line. */
export function quoteForShell(text: string): string {
  return PLAIN.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
