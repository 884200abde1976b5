/** Spark with Iceberg's runtime, in a Python environment of its own. It runs on the Java on PATH. */
import { installOnce } from "./cache.ts";
import { mustRun } from "./child.ts";

const PACKAGES = ["pyspark==3.5.7", "py4j==0.10.9.7"];
const RUNTIME = { name: "iceberg-spark-runtime-3.5_2.12", version: "1.11.0" };
const ARTIFACT = `org.apache.iceberg:${RUNTIME.name}:${RUNTIME.version}:jar`;
const COPY_GOAL = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy";

/** Where Spark is. */
export interface Spark {
  /** Path of the Python that has pyspark. */
  readonly python: string;
  /** Path of Iceberg's runtime for Spark. */
  readonly jar: string;
}

/** Makes the Python environment and fetches Iceberg's runtime by Maven. */
export async function installSpark(): Promise<Spark> {
  const directory = await installOnce({
    name: "spark-3.5.7",
    key: [...PACKAGES, ARTIFACT].join("\n"),
    install: async (target) => {
      await mustRun("python3", ["-m", "venv", target]);
      const args = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"];
      const copy = [`-Dartifact=${ARTIFACT}`, `-DoutputDirectory=${target}/jars`];
      await Promise.all([
        mustRun(`${target}/bin/python`, [...args, ...PACKAGES]),
        mustRun("mvn", ["-q", "-B", COPY_GOAL, ...copy], { cwd: target }),
      ]);
    },
  });
  return {
    python: `${directory}/bin/python`,
    jar: `${directory}/jars/${RUNTIME.name}-${RUNTIME.version}.jar`,
  };
}
