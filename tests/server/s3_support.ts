/** Servers with a warehouse on an S3 that lives in memory. */
import type { StoreProperties } from "../../lib/store/credentials.ts";
import { startServer } from "../../lib/server/serve.ts";
import type { WarehouseOptions } from "../../lib/server/warehouse.ts";
import type { RawRequest } from "../raw_http.ts";
import {
  type Fault,
  type S3StandIn,
  type StandInOptions,
  startS3StandIn,
} from "../store/s3_stand_in.ts";

/** The server's own secret, which must not be seen where it has no business. */
export const SECRET = "server-secret-key";

/** How the server reaches a stand-in. */
export function standInProperties(s3: S3StandIn): StoreProperties {
  return {
    "s3.endpoint": s3.endpoint,
    "s3.region": "eu-test-1",
    "s3.path-style-access": "true",
    "s3.access-key-id": "server-key",
    "s3.secret-access-key": SECRET,
  };
}

/** Refuses headers of S3 that the signature does not cover, as AWS does. */
export function refuseUnsigned(request: RawRequest): Fault | undefined {
  const signed = /SignedHeaders=([^,]*)/.exec(request.headers.get("authorization") ?? "")?.[1];
  const names = [...request.headers.keys()].filter((name) => name.startsWith("x-amz-"));
  return names.every((name) => signed?.split(";").includes(name))
    ? undefined
    : { status: 403, code: "AccessDenied" };
}

/** A server on S3, and what it stands on. */
export interface S3Context {
  /** The catalog's URI with its version. */
  readonly uri: string;
  readonly s3: S3StandIn;
  /** Where the server keeps its database. */
  readonly stateDirectory: string;
}

/** Runs a test against a server whose warehouse is `s3://lake/wh`. */
export async function withS3Server(
  test: (context: S3Context) => Promise<void>,
  options: Partial<WarehouseOptions> & { readonly standIn?: StandInOptions } = {},
): Promise<void> {
  const { standIn = { faultOf: refuseUnsigned }, ...warehouse } = options;
  const s3 = startS3StandIn(standIn);
  const stateDirectory = await Deno.makeTempDir({ prefix: "ingest-server-" });
  try {
    const server = await startServer({
      warehouses: [{
        name: "lake",
        root: "s3://lake/wh",
        stateDirectory,
        storeProperties: standInProperties(s3),
        ...warehouse,
      }],
    });
    try {
      await test({ uri: `${server.uri}/v1`, s3, stateDirectory });
    } finally {
      await server.close();
    }
  } finally {
    await s3.close();
    await Deno.remove(stateDirectory, { recursive: true });
  }
}
