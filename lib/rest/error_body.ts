/** Error bodies of the REST spec (`ErrorModel`), and of those that answer something else. */
import type { Json } from "../table/json.ts";
import type { HttpAnswer } from "./http.ts";

/** What an error answer says. */
export interface ErrorBody {
  /** Name of the exception, such as `CommitFailedException`; undefined when the body gives none. */
  readonly type: string | undefined;
  /** In the catalog's own words, of any length; undefined when the body gives none. */
  readonly message: string | undefined;
}

/** Reads the error object of a JSON body; other bodies have neither type nor message. */
export function readErrorBody(json: Json | undefined): ErrorBody {
  const error = member(json, "error");
  const type = member(error, "type");
  const message = member(error, "message");
  return {
    type: typeof type === "string" ? type : undefined,
    message: typeof message === "string" ? message : undefined,
  };
}

/** A member of a JSON object, or undefined. */
export function member(value: Json | undefined, key: string): Json | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  return Object.hasOwn(value, key) ? value[key] : undefined;
}

/** Longest piece of a foreign body that is shown. */
const BODY_SHOWN_CHARACTERS = 200;

/** The beginning of a body on one line, for messages. */
export function shownBody(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  const characters = Array.from(line);
  return characters.length <= BODY_SHOWN_CHARACTERS
    ? line
    : characters.slice(0, BODY_SHOWN_CHARACTERS).join("");
}

/** An answer in a few words: status with type and message, or why there is none. */
export function describeAnswer(answer: HttpAnswer): string {
  if (answer.kind !== "response") return `no answer (${answer.kind}: ${answer.reason})`;
  const { type, message } = readErrorBody(answer.json);
  const detail = type === undefined && message === undefined
    ? shownBody(answer.text)
    : [type, message === undefined ? undefined : shownBody(message)].filter(Boolean).join(": ");
  return detail === "" ? `HTTP ${answer.status}` : `HTTP ${answer.status} (${detail})`;
}
