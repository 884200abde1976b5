/** Who may use the catalog: the bearer token, and the access tokens that are given out for it. */
import { createHash, timingSafeEqual } from "node:crypto";
import { UsageError } from "../../errors.ts";
import { RequestFailure } from "../failure.ts";

/** How long an access token is good, in seconds. */
export const ACCESS_TOKEN_S = 3600;

const ISSUER = "lakekeeper-ingest";
const ALGORITHM = "HS256";
const KEY_PURPOSE = "access tokens of the embedded catalog";
const TOKEN_LENGTH_MAX = 4096;
/** What a header can carry behind `Bearer` (RFC 6750, 2.1, a little wider). */
const TOKEN = /^[\x21-\x7e]+$/;

/** What a client has shown of itself. */
export type Credential = "valid" | "expired" | "invalid";

/**
 * The one secret of a server, and what follows from it. Access tokens are signed with a key derived
 * from the secret, so they outlive a restart and are good for every server with the same secret.
 */
export class Access {
  readonly #digest: Uint8Array;
  readonly #key: CryptoKey;
  /** Whether requests must show the token. */
  readonly isRequired: boolean;

  private constructor(secret: string, options: { isRequired: boolean; key: CryptoKey }) {
    this.#digest = digestOf(secret);
    this.#key = options.key;
    this.isRequired = options.isRequired;
  }

  /**
   * Opens the access for a token, or for all who come.
   *
   * @param token what every request must show; without it all are served, and access tokens are
   * given out only for the clients that insist on having one.
   * @throws {UsageError} for a token that no header can carry.
   */
  static async open(token: string | undefined): Promise<Access> {
    if (token !== undefined) checkToken(token);
    const secret = token ?? crypto.randomUUID();
    return new Access(secret, { isRequired: token !== undefined, key: await deriveKey(secret) });
  }

  /** Whether this is the secret itself; takes as long for a near guess as for a far one. */
  isSecret(text: string): boolean {
    return timingSafeEqual(digestOf(text), this.#digest);
  }

  /** What a bearer token is worth. */
  async judge(token: string): Promise<Credential> {
    if (this.isSecret(token)) return "valid";
    if (token.length > TOKEN_LENGTH_MAX) return "invalid";
    // Loaded only where it is needed: most catalogs have no token.
    const { jwtVerify } = await import("jose");
    try {
      await jwtVerify(token, this.#key, { issuer: ISSUER, algorithms: [ALGORITHM] });
      return "valid";
    } catch (error) {
      return (error as { code?: string }).code === "ERR_JWT_EXPIRED" ? "expired" : "invalid";
    }
  }

  /** A new access token, good for {@link ACCESS_TOKEN_S}. */
  async issue(options: { readonly nowMs: number; readonly scope?: string }): Promise<string> {
    const { nowMs, scope } = options;
    const { SignJWT } = await import("jose");
    const issuedS = Math.floor(nowMs / 1000);
    return await new SignJWT(scope === undefined ? {} : { scope })
      .setProtectedHeader({ alg: ALGORITHM, typ: "JWT" })
      .setIssuer(ISSUER)
      .setIssuedAt(issuedS)
      .setExpirationTime(issuedS + ACCESS_TOKEN_S)
      .setJti(crypto.randomUUID())
      .sign(this.#key);
  }

  /**
   * Lets a request pass that shows a valid token.
   *
   * @throws {AccessFailure} 401
   */
  async check(request: Request): Promise<void> {
    if (!this.isRequired) return;
    const token = bearerOf(request);
    if (token === undefined) {
      throw new AccessFailure("Cannot answer: this catalog wants a bearer token", "Bearer");
    }
    const credential = await this.judge(token);
    if (credential === "valid") return;
    const reason = credential === "expired"
      ? "the bearer token has expired"
      : "the bearer token is not valid";
    throw new AccessFailure(`Cannot answer: ${reason}`, `Bearer error="invalid_token"`);
  }
}

/** 401 with the challenge that belongs to it (RFC 6750, 3). */
export class AccessFailure extends RequestFailure {
  /** For the header `WWW-Authenticate`. */
  readonly challenge: string;

  /**
   * For a request that shows no token, or one that is worth nothing.
   *
   * @param message for people, without the token
   * @param challenge such as `Bearer error="invalid_token"`
   */
  constructor(message: string, challenge: string) {
    super(401, "NotAuthorizedException", message);
    this.challenge = challenge;
  }
}

/** The token of an `Authorization: Bearer` header. */
export function bearerOf(request: Request): string | undefined {
  const header = request.headers.get("authorization") ?? "";
  return /^bearer +(\S+) *$/i.exec(header)?.[1];
}

/**
 * Refuses pages of web sites: none must reach a catalog on the loopback interface of its visitor.
 *
 * @throws {RequestFailure} 403
 */
export function refuseBrowsers(request: Request): void {
  if (request.headers.get("origin") === null) return;
  throw new RequestFailure(
    403,
    "ForbiddenException",
    "Cannot answer a request that comes from a web page",
  );
}

function checkToken(token: string): void {
  if (token === "") throw new UsageError("Cannot use an empty token");
  if (!TOKEN.test(token)) {
    throw new UsageError(
      "Cannot use the token: it holds spaces or characters that no HTTP header can carry",
    );
  }
}

/** Digests are of one length, whatever the texts are. */
function digestOf(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}

async function deriveKey(secret: string): Promise<CryptoKey> {
  const encoder = new TextEncoder();
  const material = await crypto.subtle.importKey("raw", encoder.encode(secret), "HKDF", false, [
    "deriveKey",
  ]);
  return await crypto.subtle.deriveKey(
    {
      name: "HKDF",
      hash: "SHA-256",
      salt: new Uint8Array(0),
      info: encoder.encode(KEY_PURPOSE),
    },
    material,
    { name: "HMAC", hash: "SHA-256", length: 256 },
    false,
    ["sign", "verify"],
  );
}
