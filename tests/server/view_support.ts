/** What the tests of views over HTTP share. */
import assert from "node:assert/strict";
import { type Answer, call, SCHEMA } from "./support.ts";

/** Where the views of namespace `ns` are. */
export const VIEWS = "/namespaces/ns/views";

/** The body of a request that makes a view. */
export function viewRequest(name = "v", sql = "select 1", others: Record<string, unknown> = {}) {
  return {
    name,
    schema: SCHEMA,
    "view-version": {
      "version-id": 1,
      "schema-id": 0,
      "timestamp-ms": 1000,
      summary: { "engine-name": "test" },
      "default-namespace": ["ns"],
      representations: [{ type: "sql", sql, dialect: "spark" }],
    },
    properties: {},
    ...others,
  };
}

/** The body of a commit that gives a view another query. */
export function replaceRequest(uuid: string, sql: string) {
  return {
    requirements: [{ type: "assert-view-uuid", uuid }],
    updates: [
      { action: "add-view-version", "view-version": viewRequest("v", sql)["view-version"] },
      { action: "set-current-view-version", "view-version-id": -1 },
    ],
  };
}

/** Makes namespace `ns` and a view in it. */
export async function makeView(
  uri: string,
  name = "v",
  others: Record<string, unknown> = {},
): Promise<{ url: string; made: Answer }> {
  await call("POST", `${uri}/namespaces`, { body: { namespace: ["ns"] } });
  const made = await call("POST", uri + VIEWS, { body: viewRequest(name, "select 1", others) });
  assert.equal(made.status, 200, JSON.stringify(made.body));
  return { url: `${uri}${VIEWS}/${name}`, made };
}

/** Checks an error body. */
export function assertError(
  answer: Answer,
  status: number,
  type: string,
  message?: string | RegExp,
) {
  assert.equal(answer.status, status);
  assert.equal(answer.body.error.type, type);
  assert.equal(answer.body.error.code, status);
  if (typeof message === "string") assert.equal(answer.body.error.message, message);
  else if (message !== undefined) assert.match(answer.body.error.message, message);
}
