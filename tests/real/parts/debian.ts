/** Programs that Debian packages bring: found on PATH, else installed by apt-get, which is told. */
import { hasCommand, mustRun, runCommand } from "./child.ts";

/** A program and the package that has it. */
interface Program {
  readonly command: string;
  readonly package: string;
}

/**
 * Installs what is missing.
 *
 * @throws {Error} when it cannot be had.
 */
async function installPrograms(
  programs: readonly Program[],
  files: Readonly<Record<string, string>> = {},
): Promise<void> {
  const missing = new Set<string>();
  for (const program of programs) {
    if (!await hasCommand(program.command)) missing.add(program.package);
  }
  for (const [path, name] of Object.entries(files)) {
    if (!await Deno.stat(path).then(() => true, () => false)) missing.add(name);
  }
  if (missing.size === 0) return;
  const names = [...missing];
  if (!await hasCommand("apt-get")) {
    throw new Error(
      `Cannot install "${names.join(" ")}": there is no apt-get; install them by hand`,
    );
  }
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  const install = ["install", "-y", "-qq", "--no-install-recommends", ...names];
  // The lists of packages may be old, or not there at all.
  if ((await runCommand("apt-get", install, { env })).code !== 0) {
    await mustRun("apt-get", ["update", "-qq"], { env });
    await mustRun("apt-get", install, { env });
  }
  console.log(`installed ${names.join(", ")} by apt-get`);
}

/** Where bash-completion is, which interactive shells of Debian read. */
export const BASH_COMPLETION = "/usr/share/bash-completion/bash_completion";

/** bash with bash-completion, zsh, fish, man, and tmux to type into them. */
export async function installShells(): Promise<void> {
  await installPrograms([
    { command: "bash", package: "bash" },
    { command: "zsh", package: "zsh" },
    { command: "fish", package: "fish" },
    { command: "man", package: "man-db" },
    { command: "groff", package: "groff-base" },
    { command: "tmux", package: "tmux" },
  ], { [BASH_COMPLETION]: "bash-completion" });
}

/** tmux, for sessions as a person sees them. */
export async function installTmux(): Promise<void> {
  await installPrograms([{ command: "tmux", package: "tmux" }]);
}

/** BusyBox, the smallest shell in use; it brings commands of its own, too. */
export async function installBusybox(): Promise<void> {
  await installPrograms([{ command: "busybox", package: "busybox" }]);
}
