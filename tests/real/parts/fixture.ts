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

/** Where a fixture keeps its pointers and its tables. */
export interface FixturePlan {
  /** For messages and log files. */
  readonly name: string;
  readonly warehouse: string;
  /** Settings of the fixture, which it reads from the environment. */
  readonly settings: Readonly<Record<string, string>>;
  /** @default {"short"} */
  readonly life?: Life;
}

/** What Java's compiler is set for: a short life, as of a test, or speed. */
export type Life = "short" | "long";

/** Starts the fixture. It vends no credentials: clients bring their own. */
export async function startFixture(
  postgres: Postgres,
  s3: S3Server,
  life: Life = "short",
): Promise<RestCatalog> {
  const warehouse = `s3://${s3.bucket}/fixture`;
  return await startFixtureOf({
    name: "fixture",
    warehouse,
    settings: {
      ...postgresSettings(postgres),
      AWS_REGION: s3.region,
      AWS_ACCESS_KEY_ID: s3.accessKeyId,
      AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
      CATALOG_IO__IMPL: "org.apache.iceberg.aws.s3.S3FileIO",
      CATALOG_S3_ENDPOINT: s3.endpoint,
      CATALOG_S3_PATH__STYLE__ACCESS: "true",
    },
    life,
  });
}

/** Starts the fixture with pointers in PostgreSQL, or in a SQLite file, and tables on local disk. */
export async function startLocalFixture(
  pointers: Postgres | "sqlite",
  directory: string,
): Promise<RestCatalog> {
  const warehouse = `file:${directory}/fixture`;
  await Deno.mkdir(`${directory}/fixture`);
  return pointers === "sqlite"
    ? await startFixtureOf({
      name: "fixture-sqlite",
      warehouse,
      settings: { CATALOG_URI: `jdbc:sqlite:${directory}/fixture.db` },
      life: "long",
    })
    : await startFixtureOf({
      name: "fixture-postgres",
      warehouse,
      settings: postgresSettings(pointers),
      life: "long",
    });
}

function postgresSettings(postgres: Postgres): Record<string, string> {
  return {
    CATALOG_URI: postgres.jdbcUrl,
    CATALOG_JDBC_USER: postgres.user,
    CATALOG_JDBC_PASSWORD: postgres.password,
  };
}

async function startFixtureOf(plan: FixturePlan): Promise<RestCatalog> {
  const { name, warehouse, settings, life = "short" } = plan;
  const jars = await installFixture();
  const directory = await Deno.makeTempDir({ prefix: "lakekeeper-ingest-fixture-" });
  const port = freePort();
  const uri = `http://127.0.0.1:${port}`;
  const server = await startServer({
    name,
    command: "java",
    args: [
      "-Xmx512m",
      ...(life === "short" ? ["-XX:TieredStopAtLevel=1"] : []),
      "-XX:+UseSerialGC",
      "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
      "-cp",
      `${jars}/*`,
      "org.apache.iceberg.rest.RESTCatalogServer",
    ],
    env: { ...settings, CATALOG_REST_PORT: String(port), CATALOG_WAREHOUSE: warehouse },
    logDirectory: directory,
    isReady: () => answers(`${uri}/v1/config`),
  });
  return {
    ...server,
    uri,
    warehouse,
    stop: async () => {
      await server.stop();
      await Deno.remove(directory, { recursive: true }).catch(() => {});
    },
  };
}
