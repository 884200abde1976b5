/** An S3 client with credentials that last: renewed when they are refused or about to expire. */
import { S3Client, type S3ClientConfig } from "@aws-sdk/client-s3";
import { FetchHttpHandler } from "@smithy/fetch-http-handler";
import type { StoreProperties } from "./credentials.ts";
import { type RefreshProperties, singleFlight } from "./refresh.ts";
import { isRefused, reasonOf, RefreshError, statusOf } from "./s3_failure.ts";
import type { OnStoreRequest } from "./store.ts";

/**
 * The SDK's client. The package documents it.
 *
 * @internal
 */
export type SdkClient = S3Client;

/**
 * The settings of {@linkcode SdkClient}. The package documents them.
 *
 * @internal
 */
export type SdkClientConfig = S3ClientConfig;

const REGION_DEFAULT = "us-east-1";

/** Credentials are renewed so long before they expire, or in the second half of a shorter life. */
const RENEW_AHEAD_MS = 5 * 60_000;

/** Not asked for again sooner, when what came was as near to its end as what was there. */
const RENEW_PAUSE_MS = 10_000;

/** Properties that decide who signs. */
const CREDENTIAL_KEYS = ["s3.access-key-id", "s3.secret-access-key", "s3.session-token"] as const;

interface Signer {
  readonly client: S3Client;
  readonly properties: StoreProperties;
  /** From when on fresh credentials are asked for; undefined: they do not expire. */
  readonly renewAtMs: number | undefined;
}

/** How a session is opened. */
export interface SessionOptions {
  /** Is told of every request when it has been answered or has failed. */
  readonly onRequest?: OnStoreRequest;
  /** Asked for fresh properties; without it, credentials that run out stay as they are. */
  readonly refresh?: RefreshProperties;
}

/** A client that replaces its credentials when need be. */
export class S3Session {
  readonly #options: SessionOptions;
  readonly #renew: () => Promise<boolean>;
  #signer: Signer;
  #hasAnswered = false;

  /**
   * Opens a client; no request is made yet.
   *
   * @param properties `s3.*` and `client.region`; without keys the SDK looks for some
   */
  constructor(properties: StoreProperties, options: SessionOptions) {
    this.#options = options;
    this.#signer = this.#signerOf(properties);
    this.#renew = singleFlight(() => this.#refresh());
  }

  /** Whether the store has ever answered. */
  get hasAnswered(): boolean {
    return this.#hasAnswered;
  }

  /**
   * Runs a request; once more with fresh credentials when those at hand are refused.
   *
   * @throws {RefreshError} with the refusal as its cause when fresh ones cannot be had.
   */
  async send<T>(request: (client: SdkClient) => Promise<T>): Promise<T> {
    await this.#renewInTime();
    const signer = this.#signer;
    try {
      return await this.#tell(request(signer.client));
    } catch (refusal) {
      if (!isRefused(refusal) || !await this.#hasFresh(signer, refusal)) throw refusal;
    }
    return await this.#tell(request(this.#signer.client));
  }

  /** Lets go of the client. */
  close(): void {
    this.#signer.client.destroy();
  }

  async #tell<T>(answer: Promise<T>): Promise<T> {
    try {
      const result = await answer;
      this.#hasAnswered = true;
      return result;
    } catch (error) {
      if (statusOf(error) !== undefined) this.#hasAnswered = true;
      throw error;
    }
  }

  /** Whether there are other credentials than those refused, after asking for some. */
  async #hasFresh(refused: Signer, refusal: unknown): Promise<boolean> {
    if (this.#signer !== refused) return true;
    if (this.#options.refresh === undefined) return false;
    try {
      return await this.#renew();
    } catch (error) {
      throw new RefreshError(reasonOf(error), { cause: refusal });
    }
  }

  /** While the credentials still hold, a catalog that cannot give others is no failure. */
  async #renewInTime(): Promise<void> {
    const { renewAtMs } = this.#signer;
    if (this.#options.refresh === undefined || renewAtMs === undefined) return;
    if (Date.now() < renewAtMs) return;
    await this.#renew().catch(() => this.#pause());
  }

  /** @returns whether the credentials have changed. */
  async #refresh(): Promise<boolean> {
    const before = this.#signer;
    const properties = await this.#options.refresh!();
    const changed = CREDENTIAL_KEYS.some((key) => properties[key] !== before.properties[key]);
    if (!changed) {
      this.#pause();
      return false;
    }
    this.#signer = this.#signerOf(properties);
    before.client.destroy();
    return true;
  }

  #pause(): void {
    const renewAtMs = Date.now() + RENEW_PAUSE_MS;
    if (this.#signer.renewAtMs !== undefined) this.#signer = { ...this.#signer, renewAtMs };
  }

  #signerOf(properties: StoreProperties): Signer {
    const client = new S3Client(s3ClientConfig(properties));
    if (this.#options.onRequest !== undefined) traceRequests(client, this.#options.onRequest);
    return { client, properties, renewAtMs: renewalTime(properties, Date.now()) };
  }
}

/**
 * When credentials are to be renewed, in ms since 1970: five minutes before they expire, but not
 * before half of the life that is left to them is over.
 *
 * @returns undefined when no expiry is known (`s3.session-token-expires-at-ms`).
 */
function renewalTime(properties: StoreProperties, nowMs: number): number | undefined {
  const text = properties["s3.session-token-expires-at-ms"];
  if (text === undefined || !/^\d{1,15}$/.test(text)) return undefined;
  const expiresMs = Number(text);
  return expiresMs - Math.min(RENEW_AHEAD_MS, Math.max(0, (expiresMs - nowMs) / 2));
}

/** The part of the SDK's request and response classes that a trace shows. */
interface SdkRequest {
  readonly method: string;
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
}

/** Reports each request; the query may hold secrets and is left out. */
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
export function s3ClientConfig(properties: StoreProperties): SdkClientConfig {
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
    requestHandler: new FetchHttpHandler(),
    // Its own retries are off: they know nothing of a body that is cut while it is read, of a
    // size that is wrong, of a budget of time, or of fresh credentials. `retry.ts` does.
    maxAttempts: 1,
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
