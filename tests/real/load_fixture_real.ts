/** Loads into Iceberg's REST fixture on PostgreSQL; S3 keys come from the usual AWS variables. */
import { defineLoadCases } from "./load_cases.ts";
import { startFixture } from "./parts/fixture.ts";
import { startPostgres } from "./parts/postgres.ts";
import { awsEnvironment, pyicebergS3Properties } from "./parts/s3_server.ts";
import { startVersitygw } from "./parts/versitygw.ts";

defineLoadCases({
  name: "fixture",
  keepsHistory: true,
  formatVersions: [1, 2, 3],
  start: async () => {
    const [postgres, s3] = await Promise.all([startPostgres(), startVersitygw()]);
    const fixture = await startFixture(postgres, s3);
    const { uri, warehouse } = fixture;
    return {
      uri,
      warehouse,
      env: awsEnvironment(s3),
      servers: [postgres, s3, fixture],
      pyiceberg: { type: "rest", uri, warehouse, ...pyicebergS3Properties(s3) },
      s3,
      duckdb: "scan",
    };
  },
});
