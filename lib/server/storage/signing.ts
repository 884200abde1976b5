/**
 * Signatures on clients' requests to S3 (REST spec, `RemoteSignRequest`): only for objects of the
 * table at hand, and only to read, write, list and remove them.
 */
import { createHash, createHmac, type Hash, type Hmac } from "node:crypto";
import { SignatureV4 } from "@smithy/signature-v4";
import type { StoreProperties } from "../../store/credentials.ts";
import { type GetKeysFor, identityOf } from "./credential_keys.ts";
import { readDeleteKeys } from "./delete_objects.ts";
import { badRequest } from "../failure.ts";
import { isPlainKey } from "../places/locations.ts";
import { bucketAndKey } from "../places/s3_location.ts";
import type { SignRequest } from "./sign_request.ts";
import { readSignTarget, refuse, type SignTarget } from "./sign_target.ts";

/** What the client is to send in its place (REST spec, `RemoteSignResponse`). */
export interface SignedRequest {
  /** Where the request goes: what the client has named. */
  readonly uri: string;
  /** Those to be added. What the client has sent already is not among them. */
  readonly headers: Readonly<Record<string, readonly string[]>>;
}

const CONTENT_HASH = "x-amz-content-sha256";
/** The hashes of a content that is not signed; the client has a hash where it hashes its content. */
const CONTENT_HASHES = /^(?:UNSIGNED-PAYLOAD|STREAMING-UNSIGNED-PAYLOAD-TRAILER|[0-9a-f]{64})$/;
/** Set here, whatever the client says. */
const OWN_HEADERS: ReadonlySet<string> = new Set(["x-amz-date", "x-amz-security-token"]);
/**
 * Headers of S3 that change nothing but how the object itself is stored or sent. Others copy from
 * elsewhere, open an object to the public, or lift a lock.
 */
const ALLOWED_HEADERS =
  /^x-amz-(?:content-sha256|decoded-content-length|trailer|te|user-agent|api-version|checksum-[a-z0-9-]+|sdk-checksum-algorithm|meta-[!-~]+|server-side-encryption(?:-[a-z0-9-]+)?|storage-class|tagging|expected-bucket-owner|request-payer)$/;

/** Signs requests to one store. */
export class S3Signer {
  readonly #properties: StoreProperties;
  readonly #keysFor: GetKeysFor;

  /**
   * Asks for no keys yet.
   *
   * @param properties endpoint, region and path style of the store
   * @param keysFor gives the keys to sign with: the server's own, or better some that reach less.
   */
  constructor(properties: StoreProperties, keysFor: GetKeysFor) {
    this.#properties = properties;
    this.#keysFor = keysFor;
  }

  /**
   * Signs a request on objects below some locations.
   *
   * @param locations in the form in which they are compared.
   * @throws {RequestFailure} 400 for what is no request to S3, 403 for one on anything else,
   * 503 when keys cannot be had.
   */
  async sign(request: SignRequest, locations: readonly string[]): Promise<SignedRequest> {
    const target = readSignTarget(request, this.#properties);
    checkTarget(target, request, locations);
    const headers = signedHeaders(target, request);
    const { method, protocol, hostname, port, path, query } = target;
    const signer = new SignatureV4({
      service: "s3",
      region: this.#properties["s3.region"]!,
      credentials: identityOf(await this.#keysFor(locations)),
      sha256: Sha256,
      uriEscapePath: false,
    });
    const signed = await signer.sign({
      method,
      protocol,
      hostname,
      ...(port === undefined ? {} : { port }),
      path,
      query: { ...query },
      headers,
    });
    const added: Record<string, readonly string[]> = {};
    for (const [name, value] of Object.entries(signed.headers)) {
      const key = name.toLowerCase();
      if (key !== "host" && request.headers.get(key) !== value) added[key] = [value];
    }
    return { uri: request.uri, headers: added };
  }
}

function checkTarget(
  target: SignTarget,
  request: SignRequest,
  locations: readonly string[],
): void {
  const prefixes = locations.map(bucketAndKey)
    .filter(({ bucket }) => bucket === target.bucket)
    .map(({ key }) => `${key}/`);
  const isInside = (key: string) => prefixes.some((prefix) => key.startsWith(prefix));
  if (target.kind === "deleteObjects") {
    if (request.body === undefined) {
      throw badRequest("Cannot sign the request: it removes objects, and its body is not given");
    }
    const keys = readDeleteKeys(request.body);
    if (keys.every((key) => isPlainKey(key) && isInside(key))) return;
  } else if (isInside(target.key!)) {
    return;
  }
  throw refuse("it reaches beyond the table's own files");
}

/** Those that the signature is to cover. The host is the one of the URI, whatever else is said. */
function signedHeaders(target: SignTarget, request: SignRequest): Record<string, string> {
  const { hostname, port } = target;
  const headers: Record<string, string> = {
    host: port === undefined ? hostname : `${hostname}:${port}`,
  };
  for (const [name, value] of request.headers) {
    if (!name.startsWith("x-amz-") || OWN_HEADERS.has(name)) continue;
    if (!ALLOWED_HEADERS.test(name)) {
      throw refuse(`its header "${name.slice(0, 100)}" may do more than read or write`);
    }
    headers[name] = value;
  }
  if (target.kind === "deleteObjects") {
    // The keys were read from this body, so no other one may come with the signature.
    headers[CONTENT_HASH] = createHash("sha256").update(request.body!).digest("hex");
  } else {
    headers[CONTENT_HASH] ??= "UNSIGNED-PAYLOAD";
  }
  if (!CONTENT_HASHES.test(headers[CONTENT_HASH]!)) {
    throw refuse(`its header "${CONTENT_HASH}" signs pieces that cannot be signed here`);
  }
  return headers;
}

/** SHA-256 as the signer takes it. */
class Sha256 {
  #hash: Hash | Hmac;
  readonly #secret: HashSecret | undefined;

  constructor(secret?: HashSecret) {
    this.#secret = secret;
    this.#hash = this.#begin();
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(bytesOf(data));
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(new Uint8Array(this.#hash.digest()));
  }

  reset(): void {
    this.#hash = this.#begin();
  }

  #begin(): Hash | Hmac {
    return this.#secret === undefined
      ? createHash("sha256")
      : createHmac("sha256", bytesOf(this.#secret));
  }
}

type HashSecret = string | ArrayBuffer | ArrayBufferView;

function bytesOf(data: HashSecret): Uint8Array {
  if (typeof data === "string") return new TextEncoder().encode(data);
  return data instanceof ArrayBuffer
    ? new Uint8Array(data)
    : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
