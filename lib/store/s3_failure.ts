/** What a failed request to S3 means: whether it may pass, and what a person is told of it. */
import { AuthError, StorageError } from "../errors.ts";
import { SpentError } from "./retry.ts";

/** The part of the SDK's errors that counts here; also those of answers that were no XML have it. */
interface SdkError {
  readonly $metadata?: { readonly httpStatusCode?: number; readonly clockSkewCorrected?: boolean };
  readonly $response?: { readonly statusCode?: number };
}

/** Refused, and the catalog had no other credentials to give. */
export class RefreshError extends Error {
  /** Name of the class, for traces. */
  override readonly name = "RefreshError";
}

/** What the store has is not what was sent, or not whole. */
export class DamagedError extends Error {
  /** Name of the class, for traces. */
  override readonly name = "DamagedError";
}

/** No answer, or no further piece of one, in the time given. */
export class StalledError extends Error {
  /** Name of the class, for traces. */
  override readonly name = "StalledError";
}

/** HTTP status of the answer, or undefined when there was none. */
export function statusOf(error: unknown): number | undefined {
  const { $metadata, $response } = (error ?? {}) as SdkError;
  return $metadata?.httpStatusCode ?? $response?.statusCode;
}

function codeOf(error: unknown): string {
  return error instanceof Error ? error.name : "";
}

/** AWS answers 400 to a token that has run out. */
const REFUSING_CODES: ReadonlySet<string> = new Set([
  "ExpiredToken",
  "ExpiredTokenException",
  "InvalidToken",
  "TokenRefreshRequired",
  "CredentialsProviderError",
]);

/** Whether the store refuses the credentials, or lacks them. */
export function isRefused(error: unknown): boolean {
  const status = statusOf(error);
  return status === 401 || status === 403 || REFUSING_CODES.has(codeOf(error));
}

const PASSING_STATUSES: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);

/** Some come with a 400: the bytes were cut or spoilt on their way, or came too slowly. */
const PASSING_CODES: ReadonlySet<string> = new Set([
  "SlowDown",
  "RequestTimeout",
  "Throttling",
  "ThrottlingException",
  "OperationAborted",
  "IncompleteBody",
  "BadDigest",
  "XAmzContentSHA256Mismatch",
]);

/**
 * Whether a failure may pass: the store is overloaded or out of order, or the network let it down.
 * Every request here may be sent twice: a write puts the same bytes to the same key.
 */
export function mayPass(error: unknown): boolean {
  if (PASSING_CODES.has(codeOf(error))) return true;
  if (error instanceof DamagedError || error instanceof StalledError) return true;
  const { $metadata } = (error ?? {}) as SdkError;
  // The SDK has learnt the store's time from the answer, and signs with it from now on.
  if ($metadata?.clockSkewCorrected === true) return true;
  const status = statusOf(error);
  // A 2xx that failed has a body that broke off or was no XML.
  if (status !== undefined) return PASSING_STATUSES.has(status) || status < 300;
  return !isRefused(error) && !(error instanceof RefreshError) && !isInvalidUrl(error);
}

/** An address that cannot be one is wrong for good. */
function isInvalidUrl(error: unknown): boolean {
  return error instanceof TypeError && /^invalid url/i.test(error.message);
}

/** Newer versions of Deno say only "fetch failed" and keep the reason in the cause. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error instanceof TypeError && error.cause instanceof Error
    ? error.cause.message
    : error.message;
}

/**
 * The error that ends a request to S3, with bucket, key and status.
 *
 * @returns an AuthError for refused credentials, else a StorageError.
 */
export function s3Error(
  action: string,
  place: { readonly bucket: string; readonly key: string },
  error: unknown,
): AuthError | StorageError {
  const cause = error instanceof SpentError ? error.cause : error;
  const refused = cause instanceof RefreshError ? cause.cause : cause;
  const status = statusOf(refused);
  const name = codeOf(refused) || "Error";
  const answered = status === undefined ? "no answer" : `HTTP ${status}`;
  const what = refused instanceof DamagedError
    ? refused.message
    : `${answered} (${name}: ${reasonOf(refused)})`;
  const spent = error instanceof SpentError
    ? `, after ${error.attempts} attempts in ${(error.elapsedMs / 1000).toFixed(1)} s`
    : "";
  const then = cause instanceof RefreshError ? `; then: ${cause.message}` : "";
  const message =
    `Cannot ${action} bucket "${place.bucket}" key "${place.key}": ${what}${spent}${then}`;
  if (isRefused(refused)) {
    return new AuthError(message, {
      cause: refused,
      hint: "The store refuses the credentials that the catalog gave, or the AWS_* variables set",
    });
  }
  return new StorageError(message, { cause: refused });
}
