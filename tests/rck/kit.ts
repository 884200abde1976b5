/** Apache Iceberg's REST Compatibility Kit (RCK) as a part that is installed once, and its run. */
import { installOnce } from "../real/parts/cache.ts";
import { mustRun, runCommand } from "../real/parts/child.ts";

const POM = new URL("./rck.pom.xml", import.meta.url);
const SERVED_TESTS = new URL("./ServedCatalogTests.java", import.meta.url);

/** The kit as it ships. */
export const KIT_SELECTION: readonly string[] = [
  "--select-class=org.apache.iceberg.rest.RESTCompatibilityKitSuite",
];
/** Of our subclass, with more capabilities switched on: the tests that they let run. */
export const SERVED_SELECTION: readonly string[] = [
  "testDropNamespaceWithNestedNamespace",
  "testListNestedNamespaces",
  "testNamespaceWithSlash",
  "testTableNameWithSlash",
  "createTableInUniqueLocation",
].map((method) => `--select-method=lakekeeper.ingest.tests.ServedCatalogTests#${method}`);

const RUN_MS_MAX = 10 * 60_000;

/** Fetches the kit by Maven and compiles our subclass. @returns the class path. */
export async function installKit(): Promise<string> {
  const [pom, source] = await Promise.all([POM, SERVED_TESTS].map((url) => Deno.readTextFile(url)));
  const directory = await installOnce({
    name: "rck-1.11.0",
    key: `${pom}\n${source}`,
    install: async (target) => {
      // Maven writes beside the POM, so it gets a copy.
      await Deno.copyFile(POM, `${target}/pom.xml`);
      await mustRun("mvn", ["-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory=lib"], {
        cwd: target,
      });
      await Deno.copyFile(SERVED_TESTS, `${target}/ServedCatalogTests.java`);
      await mustRun("javac", ["-cp", "lib/*", "-d", "classes", "ServedCatalogTests.java"], {
        cwd: target,
      });
    },
  });
  return `${directory}/lib/*:${directory}/classes`;
}

/** The catalog that the kit is run against. */
export interface KitTarget {
  /** Base URI of the catalog, to which clients add `/v1/config`. */
  readonly uri: string;
  /** Name of a warehouse, which must be empty. */
  readonly warehouse: string;
  /** Gets the JUnit reports and the kit's own output, `kit.log`. */
  readonly directory: string;
}

/**
 * Runs a selection of the kit's tests.
 *
 * @returns the exit code; 1 means that tests failed.
 * @throws {Error} when Java cannot be started or the run does not end in time.
 */
export async function runKit(
  classPath: string,
  target: KitTarget,
  options: { readonly selection: readonly string[] },
): Promise<number> {
  const result = await runCommand("java", [
    "-Xmx1g",
    "-XX:+UseSerialGC",
    // The kit hands every property on to the catalog's client.
    "-Drck.local=false",
    `-Duri=${target.uri}`,
    `-Dwarehouse=${target.warehouse}`,
    "-Drck.requires-namespace-create=true",
    "-Drck.supports-names-with-dot=true",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
    "-cp",
    classPath,
    "org.junit.platform.console.ConsoleLauncher",
    "execute",
    "--disable-banner",
    "--disable-ansi-colors",
    "--details=summary",
    `--reports-dir=${target.directory}`,
    ...options.selection,
  ], { runMsMax: RUN_MS_MAX });
  await Deno.writeTextFile(`${target.directory}/kit.log`, result.stdout + result.stderr);
  return result.code;
}
