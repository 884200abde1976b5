/** A client's request for a signature (REST spec, `RemoteSignRequest`). */
import { asArray, asObject, asString, field, type JsonObject } from "../../table/shape.ts";
import { badRequest } from "../failure.ts";

const HEADERS_MAX = 100;

/** A request to be signed. */
export interface SignRequest {
  /** HTTP method, as the client has it. */
  readonly method: string;
  /** Where the client will send the request: absolute, with its query. */
  readonly uri: string;
  /** Values by name in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  /** Sent with DeleteObjects only. */
  readonly body: string | undefined;
}

/**
 * Reads the body of a request for a signature.
 *
 * @throws {RequestFailure | MetadataError} 400
 */
export function readSignRequest(body: JsonObject): SignRequest {
  const provider = field(body, "provider");
  if (provider !== undefined && provider !== null && provider !== "s3") {
    throw badRequest("Cannot sign the request: its provider is not s3");
  }
  asString(field(body, "region"), `"region"`);
  const headers = new Map<string, string>();
  for (const [name, values] of Object.entries(asObject(field(body, "headers"), `"headers"`))) {
    const key = name.toLowerCase();
    const value = asArray(values, `header "${name}"`)
      .map((item) => asString(item, "the value of a header")).join(",");
    if (headers.has(key) || !/^[!-~]+$/.test(key) || !/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) {
      throw badRequest("Cannot sign the request: one of its headers is none, or stands twice");
    }
    headers.set(key, value);
  }
  if (headers.size > HEADERS_MAX) {
    throw badRequest(`Cannot sign the request: it has more than ${HEADERS_MAX} headers`);
  }
  const content = field(body, "body");
  return {
    method: asString(field(body, "method"), `"method"`),
    uri: asString(field(body, "uri"), `"uri"`),
    headers,
    body: content === undefined || content === null ? undefined : asString(content, `"body"`),
  };
}
