/** ClickHouse's engine as a Python package, in an environment of its own. It brings all it needs. */
import { installOnce } from "./cache.ts";
import { mustRun } from "./child.ts";

const PACKAGE = "chdb-core==26.9.0";

/** Makes the Python environment. @returns the path of its Python. */
export async function installClickhouse(): Promise<string> {
  const directory = await installOnce({
    name: "clickhouse-26.9.0",
    key: PACKAGE,
    install: async (target) => {
      await mustRun("python3", ["-m", "venv", target]);
      const args = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"];
      await mustRun(`${target}/bin/python`, [...args, PACKAGE]);
    },
  });
  return `${directory}/bin/python`;
}
