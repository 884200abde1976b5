// What of a configuration is shown, and what is not.

import assert from "node:assert/strict";
import { shownValue } from "../../../lib/cli/config/redact.ts";

for (
  const name of [
    "s3.secret-access-key",
    "s3.session-token",
    "header.authorization",
    "header.x-api-key",
    "header.Cookie",
    "adls.account-key",
    "adls.sas-token.example",
    "token",
    "credential",
    "s3.sse.password",
    "gcs.oauth2.token",
  ]
) {
  Deno.test(`shownValue() masks ${name}`, () => assert.equal(shownValue(name, "hush"), "***"));
}

for (
  const [name, value] of [
    ["s3.access-key-id", "AKIA"],
    ["s3.endpoint", "http://h:9000"],
    ["s3.session-token-expires-at-ms", "1"],
    ["token-file", "/t"],
    ["oauth2-server-uri", "http://h/tokens"],
    ["s3.remote-signing-enabled", "true"],
    ["s3.secret-access-key", ""],
  ] as const
) {
  Deno.test(`shownValue() shows ${name}`, () => assert.equal(shownValue(name, value), value));
}

Deno.test("shownValue() shows no password in a URI", () => {
  assert.equal(shownValue("s3.endpoint", "http://u:hush@h/x"), "http://***@h/x");
});
