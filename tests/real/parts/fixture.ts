/** Apache Iceberg's own REST catalog fixture, on PostgreSQL and an S3 server. */
import { installOnce, PROJECT_ROOT } from "./cache.ts";
import { answers, freePort, mustRun, type Server, startServer } from "./child.ts";
import type { Postgres } from "./postgres.ts";
import type { S3Server } from "./s3_server.ts";

/** A running REST catalog. */
export interface RestCatalog extends Server {
  /** The base URI, to which clients add `/v1/config`. */
  readonly uri: string;
  readonly warehouse: string;
}

/** Fetches the jars by Maven. @returns the folder that holds them. */
export async function installFixture(): Promise<string> {
  const pom = `${PROJECT_ROOT}tests/real/parts/fixture.pom.xml`;
  const directory = await installOnce({
    name: "fixture-1.11.0",
    key: await Deno.readTextFile(pom),
    install: async (target) => {
      // Maven writes beside the POM, so it gets a copy.
      await Deno.copyFile(pom, `${target}/pom.xml`);
      await mustRun("mvn", ["-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory=lib"], {
        cwd: target,
      });
    },
  });
  return `${directory}/lib`;
}

/** Starts the fixture. It vends no credentials: clients bring their own. */
export async function startFixture(postgres: Postgres, s3: S3Server): Promise<RestCatalog> {
  const jars = await installFixture();
  const directory = await Deno.makeTempDir({ prefix: "lakekeeper-ingest-fixture-" });
  const port = freePort();
  const uri = `http://127.0.0.1:${port}`;
  const server = await startServer({
    name: "fixture",
    command: "java",
    args: [
      "-Xmx512m",
      "-XX:TieredStopAtLevel=1",
      "-XX:+UseSerialGC",
      "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
      "-cp",
      `${jars}/*`,
      "org.apache.iceberg.rest.RESTCatalogServer",
    ],
    env: {
      AWS_REGION: s3.region,
      AWS_ACCESS_KEY_ID: s3.accessKeyId,
      AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
      CATALOG_REST_PORT: String(port),
      CATALOG_URI: postgres.jdbcUrl,
      CATALOG_JDBC_USER: postgres.user,
      CATALOG_JDBC_PASSWORD: postgres.password,
      CATALOG_WAREHOUSE: `s3://${s3.bucket}/fixture`,
      CATALOG_IO__IMPL: "org.apache.iceberg.aws.s3.S3FileIO",
      CATALOG_S3_ENDPOINT: s3.endpoint,
      CATALOG_S3_PATH__STYLE__ACCESS: "true",
    },
    logDirectory: directory,
    isReady: () => answers(`${uri}/v1/config`),
  });
  return {
    ...server,
    uri,
    warehouse: `s3://${s3.bucket}/fixture`,
    stop: async () => {
      await server.stop();
      await Deno.remove(directory, { recursive: true }).catch(() => {});
    },
  };
}
