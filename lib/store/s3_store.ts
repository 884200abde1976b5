/** A store on S3 or what speaks its protocol, through the AWS SDK. */
import {
  DeleteObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
  S3ServiceException,
} from "@aws-sdk/client-s3";
import { FetchHttpHandler } from "@smithy/fetch-http-handler";
import { AuthError, StorageError } from "../errors.ts";
import type { StoreProperties } from "./credentials.ts";
import type { OnStoreRequest, Store, WriteOptions } from "./store.ts";

const REGION_DEFAULT = "us-east-1";

/** A file of the usual size uploads in seconds; one of gigabytes over a slow line must not be cut. */
const REQUEST_TIMEOUT_MS = 10 * 60_000;

/**
 * Opens S3. Endpoint, region, path style and credentials come from the catalog's properties, else
 * from the usual AWS variables and files, which the SDK reads.
 */
export function openS3Store(
  properties: StoreProperties,
  options: { readonly onRequest?: OnStoreRequest } = {},
): Store {
  const client = new S3Client(s3ClientConfig(properties));
  if (options.onRequest !== undefined) traceRequests(client, options.onRequest);
  return {
    async write(location: string, bytes: Uint8Array, options: WriteOptions = {}): Promise<void> {
      const { bucket, key } = bucketAndKey(location);
      const command = new PutObjectCommand({
        Bucket: bucket,
        Key: key,
        Body: bytes,
        ContentLength: bytes.length,
        ContentType: options.contentType ?? "application/octet-stream",
      });
      try {
        await client.send(command, options.signal ? { abortSignal: options.signal } : {});
      } catch (cause) {
        throw s3Error("write", location, cause);
      }
    },
    async read(location: string): Promise<Uint8Array> {
      const { bucket, key } = bucketAndKey(location);
      try {
        const answer = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
        return await answer.Body!.transformToByteArray();
      } catch (cause) {
        throw s3Error("read", location, cause);
      }
    },
    async remove(location: string): Promise<void> {
      const { bucket, key } = bucketAndKey(location);
      try {
        await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
      } catch (cause) {
        throw s3Error("remove", location, cause);
      }
    },
    close(): void {
      client.destroy();
    },
  };
}

/** The part of the SDK's request and response classes that a trace shows. */
interface SdkRequest {
  readonly method: string;
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
}

/** Reports each attempt, those that the SDK makes again too; the query may hold secrets and is left out. */
function traceRequests(client: S3Client, onRequest: OnStoreRequest): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      const { method, protocol, hostname, port, path } = args.request as SdkRequest;
      const url = `${protocol}//${hostname}${port === undefined ? "" : `:${port}`}${path}`;
      const startedMs = performance.now();
      try {
        const result = await next(args);
        const { statusCode: status } = result.response as { readonly statusCode: number };
        onRequest({ method, url, status, elapsedMs: performance.now() - startedMs });
        return result;
      } catch (error) {
        onRequest({
          method,
          url,
          error: reasonOf(error),
          elapsedMs: performance.now() - startedMs,
        });
        throw error;
      }
    },
    // Last before the request is sent, so that its answer is seen as it came.
    { step: "deserialize", priority: "low", name: "traceRequests" },
  );
}

/** The SDK's configuration from Iceberg's properties (`s3.*`, `client.region`). */
export function s3ClientConfig(properties: StoreProperties): S3ClientConfig {
  const endpoint = properties["s3.endpoint"];
  const region = properties["s3.region"] ?? properties["client.region"];
  const accessKeyId = properties["s3.access-key-id"];
  const secretAccessKey = properties["s3.secret-access-key"];
  const sessionToken = properties["s3.session-token"];
  const environmentRegion = Deno.env.get("AWS_REGION") || Deno.env.get("AWS_DEFAULT_REGION");
  return {
    ...(endpoint === undefined ? {} : { endpoint }),
    region: region ?? environmentRegion ?? REGION_DEFAULT,
    // The SDK's default goes through node:http, whose kept connections hang under Deno 2.6.
    requestHandler: new FetchHttpHandler({ requestTimeout: REQUEST_TIMEOUT_MS }),
    forcePathStyle: usesPathStyle(properties),
    // Some stores know the newer checksum headers not at all, or refuse them.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    ...(accessKeyId !== undefined && secretAccessKey !== undefined
      ? {
        credentials: {
          accessKeyId,
          secretAccessKey,
          ...(sessionToken === undefined ? {} : { sessionToken }),
        },
      }
      : {}),
  };
}

/** An endpoint of one's own is seldom set up for bucket names as host names. */
function usesPathStyle(properties: StoreProperties): boolean {
  const own = properties["s3.path-style-access"];
  if (own !== undefined) return own.toLowerCase() === "true";
  const endpoint = properties["s3.endpoint"] ?? Deno.env.get("AWS_ENDPOINT_URL_S3") ??
    Deno.env.get("AWS_ENDPOINT_URL");
  return endpoint !== undefined && endpoint !== "" && !/\.amazonaws\.com/.test(endpoint);
}

/**
 * Bucket and key of an `s3:` location. The key stands in it as it is, not URL-encoded.
 *
 * @throws {StorageError} when the location is none.
 */
export function bucketAndKey(location: string): { readonly bucket: string; readonly key: string } {
  const match = /^s3[an]?:\/\/([^/]+)\/(.+)$/s.exec(location);
  if (match === null) throw new StorageError(`Cannot use "${location}" as an S3 object`);
  return { bucket: match[1]!, key: match[2]! };
}

/** Newer versions of Deno say only "fetch failed" and keep the reason in the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error instanceof TypeError && error.cause instanceof Error
    ? error.cause.message
    : error.message;
}

function s3Error(action: string, location: string, cause: unknown): Error {
  const { bucket, key } = bucketAndKey(location);
  const status = cause instanceof S3ServiceException ? cause.$metadata.httpStatusCode : undefined;
  const name = cause instanceof Error ? cause.name : "Error";
  const text = reasonOf(cause);
  const answered = status === undefined ? "no answer" : `HTTP ${status}`;
  const message =
    `Cannot ${action} bucket "${bucket}" key "${key}": ${answered} (${name}: ${text})`;
  const refused = status === 401 || status === 403 || name === "CredentialsProviderError";
  if (refused) {
    return new AuthError(message, {
      cause,
      hint: "The store refuses the credentials that the catalog gave, or the AWS_* variables set",
    });
  }
  return new StorageError(message, { cause });
}
