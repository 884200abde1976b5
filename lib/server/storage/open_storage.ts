/** Prepares what clients of a warehouse on S3 are given, and makes sure at the start that it holds. */
import { AuthError, UsageError } from "../../errors.ts";
import type { StoreProperties } from "../../store/credentials.ts";
import { isAwsEndpoint, type StsSettings } from "./aws_settings.ts";
import { type GetKeysFor, serverKeys, StsKeys } from "./credential_keys.ts";
import { RequestFailure } from "../failure.ts";
import { bucketAndKey } from "../places/s3_location.ts";
import type { S3Signer } from "./signing.ts";
import { type CredentialMode, StorageAccess } from "./vending.ts";

/** Options of {@link openStorageAccess}. */
export interface OpenStorageOptions {
  /** The warehouse, for messages. */
  readonly name: string;
  /** `s3://bucket/prefix`. */
  readonly root: string;
  /** What clients are to be given. */
  readonly mode: CredentialMode;
  /** Endpoint, region and path style of the store, and the server's own keys where they are set. */
  readonly properties: StoreProperties;
  /** How STS is reached, where keys or signatures come from it. */
  readonly sts: StsSettings;
  /** Whether somebody has named the STS, so that it must be there. */
  readonly namesSts: boolean;
}

/** Keys are asked for below this name when a server starts; nothing lies there. */
const PROBED_NAME = "probe";
const PROBE_MS_MAX = 10_000;

/**
 * Opens the access for clients.
 *
 * @throws {UsageError} when STS is wanted and no role is named, or when signatures would give away
 * more than one table.
 * @throws {AuthError} when STS gives no keys.
 */
export async function openStorageAccess(options: OpenStorageOptions): Promise<StorageAccess> {
  const { mode, properties } = options;
  const own = serverKeys(properties);
  if (mode === "none") return new StorageAccess({ mode, properties, keysFor: own });
  const { S3Signer } = await import("./signing.ts");
  if (mode === "static") {
    return new StorageAccess({
      mode,
      properties,
      keysFor: own,
      signer: new S3Signer(properties, own),
    });
  }
  const openSts = async (): Promise<GetKeysFor> => {
    const sts = new StsKeys(options.sts, {
      region: properties["s3.region"]!,
      serverKeys: own,
      now: Date.now,
    });
    await sts.keysFor([`${options.root}/${PROBED_NAME}`]);
    return (locations) => sts.keysFor(locations);
  };
  if (mode === "sts" || options.namesSts) {
    const keysFor = await openSts().catch((error) => {
      throw startError(options.name, error);
    });
    return new StorageAccess({
      mode,
      properties,
      keysFor,
      signer: new S3Signer(properties, keysFor),
    });
  }
  const signer = new S3Signer(properties, own);
  if (await isStrict(signer, options)) {
    return new StorageAccess({ mode, properties, keysFor: own, signer });
  }
  const keysFor = await openSts().catch((cause) => {
    throw new UsageError(
      `Cannot sign for clients of warehouse "${options.name}": its store also does what headers ask that are not signed, so a signature for one object would reach all of them`,
      { cause, hint: "Name an STS for it by --sts-endpoint, or give no signatures" },
    );
  });
  return new StorageAccess({
    mode,
    properties,
    keysFor,
    signer: new S3Signer(properties, keysFor),
  });
}

/**
 * Whether the store refuses a header of its own that the signature does not cover, as AWS does. One
 * that does not would let a client turn the signed writing of its own object into a copy of any
 * other (`x-amz-copy-source`). Nothing is written here.
 */
async function isStrict(signer: S3Signer, options: OpenStorageOptions): Promise<boolean> {
  const endpoint = options.properties["s3.endpoint"];
  if (endpoint === undefined || isAwsEndpoint(endpoint)) return true;
  const { bucket, key } = bucketAndKey(options.root);
  const path = [bucket, ...(key === "" ? [] : key.split("/")), PROBED_NAME, "none"];
  const uri = `${endpoint}/${path.map(encodeURIComponent).join("/")}`;
  const location = `${options.root}/${PROBED_NAME}`;
  const statusWith = async (more: Readonly<Record<string, string>>): Promise<number> => {
    const request = { method: "GET", uri, headers: new Map<string, string>(), body: undefined };
    const { headers } = await signer.sign(request, [location]);
    const response = await fetch(uri, {
      headers: {
        ...Object.fromEntries(Object.entries(headers).map(([name, [value]]) => [name, value!])),
        ...more,
      },
      signal: AbortSignal.timeout(PROBE_MS_MAX),
    });
    await response.body?.cancel();
    return response.status;
  };
  try {
    const plain = await statusWith({});
    const withHeader = await statusWith({ "x-amz-copy-source": `/${bucket}/none` });
    return plain === 404 && (withHeader === 403 || withHeader === 400);
  } catch {
    return false;
  }
}

/** The error that ends the start of a server whose STS gives nothing. */
function startError(warehouse: string, cause: unknown): unknown {
  if (!(cause instanceof RequestFailure)) return cause;
  return new AuthError(
    `Cannot serve warehouse "${warehouse}" with credentials by STS: ${cause.message}`,
    { cause, hint: "Check --sts-endpoint, --sts-role-arn and the AWS_* variables" },
  );
}
