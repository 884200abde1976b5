/** ShellCheck, hadolint and SPDX's own tools, from Python packages that carry them. */
import { installOnce, PROJECT_ROOT } from "./cache.ts";
import { mustRun } from "./child.ts";

const REQUIREMENTS = `${PROJECT_ROOT}tests/real/linters/requirements.txt`;

/** Paths of the executables. */
export interface Linters {
  readonly shellcheck: string;
  readonly hadolint: string;
  /** SPDX's `pyspdxtools`. */
  readonly spdx: string;
}

/** Makes the Python environment that holds them. */
export async function installLinters(): Promise<Linters> {
  const directory = await installOnce({
    name: "linters",
    key: await Deno.readTextFile(REQUIREMENTS),
    install: async (target) => {
      await mustRun("python3", ["-m", "venv", target]);
      const python = `${target}/bin/python`;
      const args = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
      await mustRun(python, [...args, "--no-deps", "-r", REQUIREMENTS]);
      await mustRun(python, ["-m", "pip", "check"]);
    },
  });
  const bin = `${directory}/bin`;
  return {
    shellcheck: `${bin}/shellcheck`,
    hadolint: `${bin}/hadolint`,
    spdx: `${bin}/pyspdxtools`,
  };
}
