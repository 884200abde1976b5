/** What the S3 servers of the tests have in common: one bucket and one pair of root keys. */
import type { Server } from "./child.ts";

/** A running S3 server with one bucket. */
export interface S3Server extends Server {
  /** `http://127.0.0.1:PORT` */
  readonly endpoint: string;
  readonly bucket: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** The bucket of every S3 server here. */
export const BUCKET = "lake";
/** The region of every S3 server here. */
export const REGION = "us-east-1";
/** The root key of every S3 server here. */
export const ACCESS_KEY_ID = "lab-root-key";
/** The root secret of every S3 server here. */
export const SECRET_ACCESS_KEY = "lab-root-secret";

/** The usual AWS variables for a client of the server. */
export function awsEnvironment(s3: S3Server): Record<string, string> {
  return {
    AWS_ACCESS_KEY_ID: s3.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
    AWS_REGION: s3.region,
    AWS_ENDPOINT_URL_S3: s3.endpoint,
  };
}

/** pyiceberg's properties for a client of the server. */
export function pyicebergS3Properties(s3: S3Server): Record<string, string> {
  return {
    "s3.endpoint": s3.endpoint,
    "s3.access-key-id": s3.accessKeyId,
    "s3.secret-access-key": s3.secretAccessKey,
    "s3.region": s3.region,
    "s3.path-style-access": "true",
  };
}
