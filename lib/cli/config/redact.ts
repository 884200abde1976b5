/** What of a configuration may be shown. */
import { redactUrl } from "../../rest/http.ts";

/** Stands in the place of a secret. */
export const MASK = "***";

const SECRET_NAME =
  /secret|token(?!-(?:file|expires))|password|credential|session|authorization|cookie|signature|sas-|account-key|account\.key|private-key|api-?key|access-key$/i;

/** Whether a property of this name holds a secret. */
export function isSecretName(name: string): boolean {
  // What a switch says is no secret.
  return SECRET_NAME.test(name) && !/(?:-enabled|-uri|-endpoint|-expires-at-ms)$/i.test(name);
}

/** The value of a property as it may be shown. */
export function shownValue(name: string, value: string): string {
  return isSecretName(name) && value !== "" ? MASK : redactUrl(value);
}
