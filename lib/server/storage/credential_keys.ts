/** Keys of an S3 store: those of the server itself, and those that STS gives for a table. */
import type { STSClient } from "@aws-sdk/client-sts";
import { UsageError } from "../../errors.ts";
import type { StoreProperties } from "../../store/credentials.ts";
import { singleFlight } from "../../store/refresh.ts";
import { isAwsEndpoint, type StsSettings } from "./aws_settings.ts";
import { RequestFailure } from "../failure.ts";
import { sessionPolicy } from "./session_policy.ts";

/** Keys that sign requests to S3. */
export interface Keys {
  /** Names the keys; it is no secret. */
  readonly accessKeyId: string;
  /** Signs, and is never sent to the store. */
  readonly secretAccessKey: string;
  /** Sent with every request; absent for keys that last. */
  readonly sessionToken?: string;
  /** When they end, in ms since 1970; absent when they do not, or nobody knows. */
  readonly expiresAtMs?: number;
}

/** Gives keys, as fresh as is needed. */
export type GetKeys = () => Promise<Keys>;

/** Gives keys that reach what lies below some locations, and perhaps more. */
export type GetKeysFor = (locations: readonly string[]) => Promise<Keys>;

const LIFE_S = 3600;
const REQUEST_MS_MAX = 10_000;
const SCOPES_MAX = 1000;
/** Stores that are not AWS want a role and do not look at it. */
const ANY_ROLE = "arn:aws:iam::000000000000:role/any-role";

/**
 * The keys that the server itself signs with: of the properties, else found by the SDK (variables,
 * files, the machine's own role).
 */
export function serverKeys(properties: StoreProperties): GetKeys {
  const accessKeyId = properties["s3.access-key-id"];
  const secretAccessKey = properties["s3.secret-access-key"];
  const sessionToken = properties["s3.session-token"];
  if (accessKeyId !== undefined && secretAccessKey !== undefined) {
    const keys = {
      accessKeyId,
      secretAccessKey,
      ...(sessionToken === undefined ? {} : { sessionToken }),
    };
    return () => Promise.resolve(keys);
  }
  let provider: (() => Promise<SdkIdentity>) | undefined;
  return async () => {
    if (provider === undefined) {
      const { S3Client } = await import("@aws-sdk/client-s3");
      const { s3ClientConfig } = await import("../../store/s3_session.ts");
      // The client remembers what it has found, and renews it in time.
      provider = new S3Client(s3ClientConfig(properties)).config.credentials;
    }
    return keysOf(await provider());
  };
}

/** Keys as the SDK has them. */
export interface SdkIdentity {
  /** Names the keys; it is no secret. */
  readonly accessKeyId: string;
  /** Signs, and is never sent to the store. */
  readonly secretAccessKey: string;
  /** Sent with every request; absent for keys that last. */
  readonly sessionToken?: string;
  /** When they end; absent when they do not, or nobody knows. */
  readonly expiration?: Date;
}

/** Keys in the form that the SDK's clients and signers take. */
export function identityOf(keys: Keys): SdkIdentity {
  const { expiresAtMs, ...identity } = keys;
  return expiresAtMs === undefined ? identity : { ...identity, expiration: new Date(expiresAtMs) };
}

function keysOf(identity: SdkIdentity): Keys {
  const { accessKeyId, secretAccessKey, sessionToken, expiration } = identity;
  return {
    accessKeyId,
    secretAccessKey,
    ...(sessionToken === undefined ? {} : { sessionToken }),
    ...(expiration === undefined ? {} : { expiresAtMs: expiration.getTime() }),
  };
}

/** Keys by STS AssumeRole, for one set of locations each, remembered for half of their life. */
export class StsKeys {
  readonly #settings: StsSettings;
  readonly #options: StsKeysOptions;
  readonly #kept = new Map<string, KeptKeys>();
  #client: Promise<STSClient> | undefined;

  /**
   * Nothing is asked of STS yet.
   *
   * @throws {UsageError} when AWS itself is asked and no role is named.
   */
  constructor(settings: StsSettings, options: StsKeysOptions) {
    const { endpoint, roleArn } = settings;
    if (roleArn === undefined && (endpoint === undefined || isAwsEndpoint(endpoint))) {
      throw new UsageError("Cannot give credentials by STS: no role is named", {
        hint: "Name it by --sts-role-arn or AWS_ROLE_ARN",
      });
    }
    this.#settings = settings;
    this.#options = options;
  }

  /**
   * Keys that reach the objects below these locations and nothing else.
   *
   * @throws {RequestFailure} 503 when STS does not give any.
   */
  async keysFor(locations: readonly string[]): Promise<Keys> {
    const scope = JSON.stringify(locations);
    let kept = this.#kept.get(scope);
    if (kept === undefined) {
      const entry: KeptKeys = { keys: undefined, renewAtMs: 0, renew: () => Promise.resolve() };
      entry.renew = singleFlight(async () => {
        const keys = await this.#assumeRole(locations);
        const nowMs = this.#options.now();
        entry.keys = keys;
        entry.renewAtMs = nowMs + (keys.expiresAtMs! - nowMs) / 2;
      });
      kept = entry;
    } else {
      this.#kept.delete(scope);
    }
    // The last one used stands last, and the first one goes when there are too many.
    this.#kept.set(scope, kept);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= SCOPES_MAX) break;
      this.#kept.delete(oldest);
    }
    if (kept.keys === undefined || this.#options.now() >= kept.renewAtMs) await kept.renew();
    return kept.keys!;
  }

  async #assumeRole(locations: readonly string[]): Promise<Keys> {
    const { AssumeRoleCommand } = await import("@aws-sdk/client-sts");
    const { roleArn = ANY_ROLE } = this.#settings;
    try {
      const client = await (this.#client ??= this.#openClient());
      const { Credentials: given } = await client.send(
        new AssumeRoleCommand({
          RoleArn: roleArn,
          RoleSessionName: "lakekeeper-ingest",
          DurationSeconds: LIFE_S,
          Policy: sessionPolicy(locations),
        }),
      );
      return {
        accessKeyId: given!.AccessKeyId!,
        secretAccessKey: given!.SecretAccessKey!,
        sessionToken: given!.SessionToken!,
        expiresAtMs: given!.Expiration?.getTime() ?? this.#options.now() + LIFE_S * 1000,
      };
    } catch (cause) {
      throw stsFailure(cause);
    }
  }

  async #openClient(): Promise<STSClient> {
    const { STSClient } = await import("@aws-sdk/client-sts");
    const { FetchHttpHandler } = await import("@smithy/fetch-http-handler");
    const { region, serverKeys } = this.#options;
    const { endpoint } = this.#settings;
    return new STSClient({
      region,
      ...(endpoint === undefined ? {} : { endpoint }),
      credentials: async () => identityOf(await serverKeys()),
      requestHandler: new FetchHttpHandler({ requestTimeout: REQUEST_MS_MAX }),
    });
  }
}

interface KeptKeys {
  keys: Keys | undefined;
  renewAtMs: number;
  renew: () => Promise<void>;
}

/** What {@link StsKeys} works with. */
export interface StsKeysOptions {
  /** Region that requests to STS are signed for. */
  readonly region: string;
  /** The keys that AssumeRole is asked with. */
  readonly serverKeys: GetKeys;
  /** The clock, in milliseconds since 1970. */
  readonly now: () => number;
}

/** Name and status tell enough; the text of an answer may repeat what was sent. */
function stsFailure(cause: unknown): RequestFailure {
  const status = (cause as { $metadata?: { httpStatusCode?: number } })?.$metadata?.httpStatusCode;
  const name = cause instanceof Error ? cause.name : "Error";
  const answered = status === undefined ? "no answer" : `HTTP ${status}`;
  return new RequestFailure(
    503,
    "ServiceUnavailableException",
    `Cannot give credentials: STS gave none (${answered}, ${name})`,
  );
}
