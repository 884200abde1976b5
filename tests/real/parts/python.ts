/** A Python environment with the readers that are not ours, and the Java that Nessie needs. */
import { installOnce, PROJECT_ROOT } from "./cache.ts";
import { mustRun, runCommand } from "./child.ts";

const READERS = `${PROJECT_ROOT}tests/real/readers`;

/** Makes the virtual environment. @returns the path of its Python. */
export async function installPython(): Promise<string> {
  return await makeEnvironment("python", "requirements.txt");
}

/** The same with s3fs, for requests that a catalog signs. @returns the path of its Python. */
export async function installPythonS3fs(): Promise<string> {
  return await makeEnvironment("python-s3fs", "requirements_s3fs.txt");
}

async function makeEnvironment(name: string, requirementsFile: string): Promise<string> {
  const requirements = `${READERS}/${requirementsFile}`;
  const directory = await installOnce({
    name,
    key: await Deno.readTextFile(requirements),
    install: async (target) => {
      await mustRun("python3", ["-m", "venv", target]);
      const args = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
      await mustRun(`${target}/bin/python`, [...args, "--no-deps", "-r", requirements]);
      await mustRun(`${target}/bin/python`, ["-m", "pip", "check"]);
    },
  });
  return `${directory}/bin/python`;
}

/**
 * Runs a script of `tests/real/readers` with a JSON request.
 *
 * @param options `python`: another Python than the readers' own.
 * @returns the JSON object that it prints.
 * @throws {Error} with the end of its output when it fails.
 */
export async function runReader(
  script: string,
  request: unknown,
  options: { readonly python?: string } = {},
): Promise<unknown> {
  const python = options.python ?? await installPython();
  const result = await runCommand(python, [`${READERS}/${script}`], {
    stdin: JSON.stringify(request),
    // No settings of the person who runs the tests, and no folder of compiled code in the tree.
    env: { PYICEBERG_HOME: READERS, PYTHONDONTWRITEBYTECODE: "1", PYTHONIOENCODING: "utf-8" },
    runMsMax: 240_000,
  });
  if (result.code !== 0) {
    throw new Error(`Cannot read back by "${script}": exit code ${result.code}\n${result.stderr}`);
  }
  return JSON.parse(result.stdout);
}
