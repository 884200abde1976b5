/** What the usual AWS variables say about stores and their keys. */
import type { StoreProperties } from "../../store/credentials.ts";

/** Gives the value of an environment variable. */
export type ReadVariable = (name: string) => string | undefined;

const REGION_DEFAULT = "us-east-1";

/**
 * Endpoint, region and path style of S3 as Iceberg's properties, and the keys where variables hold
 * them. Without an endpoint it is AWS itself.
 */
export function s3PropertiesFrom(readVariable: ReadVariable): StoreProperties {
  const read = nonEmpty(readVariable);
  const endpoint = read("AWS_ENDPOINT_URL_S3") ?? read("AWS_ENDPOINT_URL");
  const keyId = read("AWS_ACCESS_KEY_ID");
  const secret = read("AWS_SECRET_ACCESS_KEY");
  const token = read("AWS_SESSION_TOKEN");
  return {
    "s3.region": read("AWS_REGION") ?? read("AWS_DEFAULT_REGION") ?? REGION_DEFAULT,
    ...(endpoint === undefined ? {} : { "s3.endpoint": endpoint.replace(/\/+$/, "") }),
    "s3.path-style-access": String(endpoint !== undefined && !isAwsEndpoint(endpoint)),
    ...(keyId === undefined || secret === undefined ? {} : {
      "s3.access-key-id": keyId,
      "s3.secret-access-key": secret,
      ...(token === undefined ? {} : { "s3.session-token": token }),
    }),
  };
}

/** How STS is reached. */
export interface StsSettings {
  /** URL of the service. @default {AWS_ENDPOINT_URL_STS, then AWS_ENDPOINT_URL, then that of S3} */
  readonly endpoint?: string;
  /** ARN of the role that AssumeRole asks for; AWS needs one. @default {AWS_ROLE_ARN} */
  readonly roleArn?: string;
}

/** The settings of STS, completed from the variables and, for stores other than AWS, from S3's. */
export function stsSettingsFrom(
  given: StsSettings,
  of: { readonly s3: StoreProperties; readonly readVariable: ReadVariable },
): StsSettings {
  const read = nonEmpty(of.readVariable);
  const s3Endpoint = of.s3["s3.endpoint"];
  // Stores that are not AWS answer STS where they answer S3.
  const endpoint = given.endpoint ?? read("AWS_ENDPOINT_URL_STS") ?? read("AWS_ENDPOINT_URL") ??
    (s3Endpoint === undefined || isAwsEndpoint(s3Endpoint) ? undefined : s3Endpoint);
  const roleArn = given.roleArn ?? read("AWS_ROLE_ARN");
  return {
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(roleArn === undefined ? {} : { roleArn }),
  };
}

/** Whether STS is named as such, not only supposed to be where S3 is. */
export function isStsNamed(given: StsSettings, readVariable: ReadVariable): boolean {
  const read = nonEmpty(readVariable);
  return given.endpoint !== undefined || given.roleArn !== undefined ||
    read("AWS_ENDPOINT_URL_STS") !== undefined || read("AWS_ROLE_ARN") !== undefined;
}

/** Whether an address is one of AWS's own. */
export function isAwsEndpoint(endpoint: string): boolean {
  return /^https?:\/\/[^/?#@]*\.amazonaws\.com(?:\.cn)?(?::\d+)?(?:\/|$)/i.test(endpoint);
}

/** An empty variable counts as one that is not set. */
function nonEmpty(readVariable: ReadVariable): ReadVariable {
  return (name) => readVariable(name) || undefined;
}
