/**
 * The token endpoint (REST spec, `getToken`; RFC 6749, 4.4; RFC 8693): deprecated in the spec, but some
 * clients insist on it. The client secret is the server's token.
 */
import { type Access, ACCESS_TOKEN_S, bearerOf } from "./access.ts";
import { RequestFailure } from "../failure.ts";
import { jsonResponse, readBodyText } from "../http/http.ts";

const EXCHANGE_GRANT = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN_TYPE = "urn:ietf:params:oauth:token-type:access_token";
const FORM = "application/x-www-form-urlencoded";
const BODY_LENGTH_MAX = 64 * 1024;

/** Errors of the endpoint (RFC 6749, 5.2). */
type OAuthError =
  | "invalid_request"
  | "invalid_client"
  | "invalid_grant"
  | "unsupported_grant_type";

/** A refused request, in words that hold nothing of what was sent. */
class OAuthFailure extends Error {
  readonly error: OAuthError;
  constructor(error: OAuthError, description: string) {
    super(description);
    this.error = error;
  }
}

/**
 * Answers `POST /v1/oauth/tokens`.
 *
 * @throws {RequestFailure} 405 for another method; what else is wrong is answered in OAuth's form.
 */
export async function answerTokenRequest(access: Access, request: Request): Promise<Response> {
  if (request.method !== "POST") {
    throw new RequestFailure(
      405,
      "MethodNotAllowedException",
      "Cannot answer this method on the token endpoint: it takes POST",
    );
  }
  try {
    const form = await readForm(request);
    const issuedType = await checkGrant(access, request, form);
    const scope = form.get("scope") || undefined;
    const token = await access.issue({
      nowMs: Date.now(),
      ...(scope === undefined ? {} : { scope }),
    });
    return uncached(jsonResponse({
      "access_token": token,
      "token_type": "bearer",
      ...(issuedType === undefined ? {} : { "issued_token_type": issuedType }),
      "expires_in": ACCESS_TOKEN_S,
      ...(scope === undefined ? {} : { scope }),
    }));
  } catch (error) {
    if (error instanceof OAuthFailure) return failed(error, request);
    if (error instanceof RequestFailure && error.status === 400) {
      return failed(new OAuthFailure("invalid_request", error.message), request);
    }
    throw error;
  }
}

async function readForm(request: Request): Promise<Map<string, string>> {
  const type = (request.headers.get("content-type") ?? "").split(";")[0]!.trim().toLowerCase();
  if (type !== FORM) {
    throw new OAuthFailure("invalid_request", `Cannot read the request: its body must be ${FORM}`);
  }
  const text = await readBodyText(request);
  if (text.length > BODY_LENGTH_MAX) {
    throw new OAuthFailure("invalid_request", "Cannot read the request: its body is too long");
  }
  const form = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(text)) {
    if (form.has(name)) {
      throw new OAuthFailure(
        "invalid_request",
        "Cannot read the request: a parameter stands twice",
      );
    }
    form.set(name, value);
  }
  return form;
}

/** Checks what the client shows; gives the type of the token that the answer has to name. */
async function checkGrant(
  access: Access,
  request: Request,
  form: ReadonlyMap<string, string>,
): Promise<string | undefined> {
  const grant = form.get("grant_type");
  if (grant === undefined) {
    throw new OAuthFailure("invalid_request", `Cannot give a token: "grant_type" is missing`);
  }
  const secret = secretOf(request, form);
  if (grant === "client_credentials") {
    if (!access.isRequired) return undefined;
    if (secret === undefined) {
      throw new OAuthFailure("invalid_client", "Cannot give a token: the client secret is missing");
    }
    if (!access.isSecret(secret)) {
      throw new OAuthFailure("invalid_client", "Cannot give a token: the client secret is wrong");
    }
    return undefined;
  }
  if (grant !== EXCHANGE_GRANT) {
    throw new OAuthFailure(
      "unsupported_grant_type",
      "Cannot give a token: only client_credentials and token-exchange are known grants",
    );
  }
  const subject = form.get("subject_token");
  if (subject === undefined) {
    throw new OAuthFailure("invalid_request", `Cannot give a token: "subject_token" is missing`);
  }
  if (access.isRequired) await checkSubject(access, { request, secret, subject });
  return ACCESS_TOKEN_TYPE;
}

/** An expired token is good for a new one only when the client shows its secret, too. */
async function checkSubject(
  access: Access,
  shown: {
    readonly request: Request;
    readonly secret: string | undefined;
    readonly subject: string;
  },
): Promise<void> {
  const { request, secret, subject } = shown;
  const bearer = bearerOf(request);
  if (secret !== undefined && !access.isSecret(secret)) {
    throw new OAuthFailure("invalid_client", "Cannot give a token: the client secret is wrong");
  }
  if (bearer !== undefined && await access.judge(bearer) !== "valid") {
    throw new OAuthFailure("invalid_client", "Cannot give a token: the bearer token is not valid");
  }
  const worth = await access.judge(subject);
  if (worth === "valid" || (worth === "expired" && secret !== undefined)) return;
  throw new OAuthFailure("invalid_grant", "Cannot give a token: the subject token is not valid");
}

/** The client secret, of the form or of Basic authentication (RFC 6749, 2.3.1). */
function secretOf(request: Request, form: ReadonlyMap<string, string>): string | undefined {
  const given = form.get("client_secret");
  if (given !== undefined) return given;
  const basic = basicOf(request);
  if (basic === undefined) return undefined;
  try {
    const pair = new TextDecoder("utf-8", { fatal: true })
      .decode(Uint8Array.from(atob(basic), (letter) => letter.charCodeAt(0)));
    const at = pair.indexOf(":");
    const secret = at === -1 ? pair : pair.slice(at + 1);
    return /%[0-9a-f]{2}/i.test(secret) ? decodeURIComponent(secret) : secret;
  } catch {
    throw new OAuthFailure("invalid_request", "Cannot read the Basic authentication header");
  }
}

function basicOf(request: Request): string | undefined {
  return /^basic +(\S+) *$/i.exec(request.headers.get("authorization") ?? "")?.[1];
}

function failed(failure: OAuthFailure, request: Request): Response {
  const status = failure.error === "invalid_client" ? 401 : 400;
  const response = jsonResponse({
    error: failure.error,
    "error_description": failure.message,
  }, { status });
  if (status === 401) {
    response.headers.set("www-authenticate", basicOf(request) === undefined ? "Bearer" : "Basic");
  }
  return uncached(response);
}

/** RFC 6749, 5.1 */
function uncached(response: Response): Response {
  response.headers.set("cache-control", "no-store");
  return response;
}
