/** A store on S3 or what speaks its protocol, through the AWS SDK. */
import { createHash } from "node:crypto";
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { StorageError } from "../errors.ts";
import type { StoreProperties } from "./credentials.ts";
import type { StoreOptions } from "./open_store.ts";
import { retry } from "./retry.ts";
import { DamagedError, mayPass, s3Error, StalledError, statusOf } from "./s3_failure.ts";
import { Patience, STORE_LIMITS, type StoreLimits } from "./s3_limits.ts";
import { S3Session } from "./s3_session.ts";
import type { Store, StoredObject, WriteOptions } from "./store.ts";

/** An object in a bucket, or all below a directory in it. */
interface Place {
  readonly bucket: string;
  readonly key: string;
}

/** One request, all its bodies included. */
type Request<T> = (client: S3Client, patience: Patience) => Promise<T>;

/**
 * Opens S3. Endpoint, region, path style and credentials come from the catalog's properties, else
 * from the usual AWS variables and files, which the SDK reads.
 *
 * What may pass is tried again with full jitter for `limits.budgetMs` (60 s): status 500, 502, 503,
 * 504, 429 and 408, SlowDown, connections refused, reset or cut, bodies cut or damaged, and
 * answers that stall for `limits.stallMs` (30 s). While a store has never answered, it is
 * `limits.connectBudgetMs` (10 s). Credentials refused, or within five minutes of their end, are
 * replaced by what `refresh` gives, and the request is made once more.
 *
 * A write ends well only when the store holds the whole object: it answers with the MD5 of what it
 * took in as the ETag, which proves it without another request; where the ETag is something
 * else (encryption with keys of one's own), a HEAD has to tell the same size.
 */
export function openS3Store(properties: StoreProperties, options: StoreOptions = {}): Store {
  const session = new S3Session(properties, options);
  const limits: StoreLimits = { ...STORE_LIMITS, ...options.limits };
  const closing = new AbortController();

  async function carryOut<T>(
    of: { readonly action: string; readonly place: Place; readonly signal?: AbortSignal },
    request: Request<T>,
  ): Promise<T> {
    const signal = of.signal === undefined
      ? closing.signal
      : AbortSignal.any([closing.signal, of.signal]);
    try {
      return await retry(
        () => session.send((client) => patiently(request, { client, limits, signal })),
        {
          budgetMsOf: (error) => {
            if (!mayPass(error)) return 0;
            const isThere = session.hasAnswered || error instanceof StalledError;
            return isThere ? limits.budgetMs : limits.connectBudgetMs;
          },
          waits: limits,
          signal,
        },
      );
    } catch (error) {
      throw s3Error(of.action, of.place, signal.aborted ? signal.reason : error);
    }
  }

  return {
    async write(location: string, bytes: Uint8Array, options: WriteOptions = {}): Promise<void> {
      const place = bucketAndKey(location);
      const { contentType = "application/octet-stream", signal, onSent } = options;
      const request = putRequest(place, { bytes, contentType, onSent });
      await carryOut(
        { action: "write", place, ...(signal === undefined ? {} : { signal }) },
        request,
      );
    },
    async read(location: string): Promise<Uint8Array> {
      const place = bucketAndKey(location);
      return await carryOut({ action: "read", place }, getRequest(place));
    },
    async sizeOf(location: string): Promise<number | undefined> {
      const place = bucketAndKey(location);
      return await carryOut({ action: "look for", place }, headRequest(place));
    },
    async *list(directory: string): AsyncGenerator<StoredObject> {
      const { root, place } = directoryPlace(directory);
      let token: string | undefined;
      do {
        const page: ListObjectsV2CommandOutput = await carryOut(
          { action: "list", place },
          listRequest(place, token),
        );
        for (const { Key: key, Size: sizeBytes, LastModified: modified } of page.Contents ?? []) {
          // A key that ends so stands for a directory in some tools.
          if (key === undefined || key.endsWith("/")) continue;
          yield {
            location: `${root}/${key}`,
            sizeBytes: sizeBytes ?? 0,
            // One without a time counts as new, so that nobody takes it for old.
            modifiedMs: modified?.getTime() ?? Date.now(),
          };
        }
        token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
      } while (token !== undefined);
    },
    async remove(location: string): Promise<void> {
      const place = bucketAndKey(location);
      await carryOut({ action: "remove", place }, async (client, { signal }) => {
        const command = new DeleteObjectCommand({ Bucket: place.bucket, Key: place.key });
        await client.send(command, { abortSignal: signal });
      });
    },
    close(): void {
      closing.abort(new Error("the store is closed"));
      session.close();
    },
  };
}

/** Runs one request, and ends it when it stalls. */
async function patiently<T>(
  request: Request<T>,
  of: { readonly client: S3Client; readonly limits: StoreLimits; readonly signal: AbortSignal },
): Promise<T> {
  const { stallMs } = of.limits;
  const patience = new Patience({ stallMs, signal: of.signal });
  try {
    patience.expect();
    return await request(of.client, patience);
  } catch (error) {
    if (!patience.isOver) throw error;
    throw new StalledError(`nothing came for ${stallMs / 1000} s, or too slowly`, { cause: error });
  } finally {
    patience.stop();
  }
}

function putRequest(
  place: Place,
  of: {
    readonly bytes: Uint8Array;
    readonly contentType: string;
    readonly onSent: (() => void) | undefined;
  },
): Request<void> {
  const { bytes, contentType, onSent } = of;
  let md5: string | undefined;
  return async (client, patience) => {
    const command = new PutObjectCommand({
      Bucket: place.bucket,
      Key: place.key,
      Body: bytes,
      ContentLength: bytes.length,
      ContentType: contentType,
    });
    if (onSent !== undefined) tellSent(command, onSent);
    // How much of a body has gone cannot be seen: the whole of it gets its time at once.
    patience.expect({ uploadBytes: bytes.length });
    const { ETag: tag } = await client.send(command, { abortSignal: patience.signal });
    md5 ??= createHash("md5").update(bytes).digest("hex");
    if (tag?.replaceAll('"', "").toLowerCase() === md5) return;
    const sizeBytes = await headRequest(place)(client, patience);
    if (sizeBytes !== bytes.length) {
      throw new DamagedError(
        `the store holds ${sizeBytes ?? "none"} of the ${bytes.length} bytes sent`,
      );
    }
  };
}

/** Tells when a command has become a request that is under way. */
function tellSent(command: PutObjectCommand, onSent: () => void): void {
  command.middlewareStack.add((next) => (args) => {
    const answer = next(args);
    onSent();
    return answer;
  }, { step: "deserialize", priority: "low", name: "tellSent" });
}

function getRequest(place: Place): Request<Uint8Array> {
  return async (client, patience) => {
    const command = new GetObjectCommand({ Bucket: place.bucket, Key: place.key });
    const answer = await client.send(command, { abortSignal: patience.signal });
    const lengthBytes = answer.ContentLength;
    if (lengthBytes !== undefined) patience.bound(lengthBytes);
    const pieces: Uint8Array[] = [];
    let readBytes = 0;
    patience.expect();
    for await (const piece of answer.Body!.transformToWebStream() as ReadableStream<Uint8Array>) {
      pieces.push(piece);
      readBytes += piece.length;
      patience.expect();
    }
    if (
      lengthBytes !== undefined && answer.ContentEncoding === undefined && readBytes !== lengthBytes
    ) {
      throw new DamagedError(`the body ended after ${readBytes} of ${lengthBytes} bytes`);
    }
    return joined(pieces, readBytes);
  };
}

function joined(pieces: readonly Uint8Array[], sizeBytes: number): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

function headRequest(place: Place): Request<number | undefined> {
  return async (client, patience) => {
    const command = new HeadObjectCommand({ Bucket: place.bucket, Key: place.key });
    patience.expect();
    try {
      const { ContentLength: lengthBytes } = await client.send(command, {
        abortSignal: patience.signal,
      });
      if (lengthBytes === undefined) throw new DamagedError("the store does not tell the size");
      return lengthBytes;
    } catch (error) {
      if (statusOf(error) === 404) return undefined;
      throw error;
    }
  };
}

function listRequest(
  place: Place,
  token: string | undefined,
): Request<ListObjectsV2CommandOutput> {
  return async (client, patience) => {
    const command = new ListObjectsV2Command({
      Bucket: place.bucket,
      Prefix: place.key,
      ...(token === undefined ? {} : { ContinuationToken: token }),
    });
    return await client.send(command, { abortSignal: patience.signal });
  };
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

/** Bucket and prefix of a directory, and what comes before the key in its objects' locations. */
function directoryPlace(directory: string): { readonly root: string; readonly place: Place } {
  const match = /^(s3[an]?:\/\/([^/]+))(?:\/(.*?))?\/*$/s.exec(directory);
  if (match === null) throw new StorageError(`Cannot use "${directory}" as an S3 directory`);
  const key = match[3] ?? "";
  return { root: match[1]!, place: { bucket: match[2]!, key: key === "" ? "" : `${key}/` } };
}
