/** The rules of `--fault` as text, and the groups of operations that they are aimed at. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { UsageError } from "../../lib/errors.ts";
import { parseFaultRule } from "../../lib/server/faults/fault_grammar.ts";
import { FAULT_TARGETS, faultTargetOf } from "../../lib/server/http/operations.ts";
import { ENDPOINTS } from "../../lib/server/http/routes.ts";

Deno.test("parseFaultRule() reads every kind of fault", () => {
  const cases: ReadonlyArray<[string, Record<string, unknown>]> = [
    ["commit:drop-response=0.1", {
      name: "drop-response",
      target: "commit",
      probability: 0.1,
      fault: { kind: "drop-response" },
    }],
    ["any:drop-request=1", {
      name: "drop-request",
      target: "any",
      probability: 1,
      fault: { kind: "drop-request" },
    }],
    ["load:truncate=.5", {
      name: "truncate",
      target: "load",
      probability: 0.5,
      fault: { kind: "truncate" },
    }],
    ["commit:lost-update=0.01", {
      name: "lost-update",
      target: "commit",
      probability: 0.01,
      fault: { kind: "lost-update" },
    }],
    ["commit:delay=50ms..200ms", {
      name: "delay",
      target: "commit",
      probability: 1,
      fault: { kind: "delay", msMin: 50, msMax: 200 },
    }],
    ["config:delay=1.5s;p=0.25", {
      name: "delay",
      target: "config",
      probability: 0.25,
      fault: { kind: "delay", msMin: 1500, msMax: 1500 },
    }],
    ["load:503=0.05;retry-after=1", {
      name: "503",
      target: "load",
      probability: 0.05,
      fault: { kind: "status", status: 503, after: false, retryAfterS: 1 },
    }],
    ["commit:500=0;after", {
      name: "500;after",
      target: "commit",
      probability: 0,
      fault: { kind: "status", status: 500, after: true },
    }],
    ["commit:503=1;after;retry-after=0", {
      name: "503;after",
      target: "commit",
      probability: 1,
      fault: { kind: "status", status: 503, after: true, retryAfterS: 0 },
    }],
  ];
  for (const [text, rule] of cases) assert.deepEqual(parseFaultRule(text), { text, ...rule });
});

Deno.test("parseFaultRule() refuses what is no rule, and shows the grammar", () => {
  const wrong = [
    "",
    "commit",
    "commit:drop-response",
    "commit:drop-response=",
    "commit:drop-response=1.1",
    "commit:drop-response=-1",
    "commit:drop-response=1e-1",
    "commit:drop-response=NaN",
    "commit:drop-response=0.1;",
    "commit:drop-response=0.1;after",
    "commit:drop-response=0.1;p=0.1",
    "commits:drop-response=0.1",
    "commit:explode=0.1",
    "commit:constructor=0.1",
    "load:lost-update=0.1",
    "any:lost-update=0.1",
    "commit:200=0.1",
    "commit:600=0.1",
    "commit:503=0.1;retry-after",
    "commit:503=0.1;retry-after=soon",
    "commit:503=0.1;retry-after=99999999",
    "commit:503=0.1;after=1",
    "commit:503=0.1;after;after",
    "commit:delay=50",
    "commit:delay=200ms..50ms",
    "commit:delay=1ms..2ms..3ms",
    "commit:delay=11m",
    "commit:delay=999999s",
    "commit:delay=1s;p",
    "commit:drop-response=0.1,load:503=1",
  ];
  for (const text of wrong) {
    assert.throws(() => parseFaultRule(text), (error) => {
      assert.ok(error instanceof UsageError, text);
      assert.ok(error.message.startsWith(`Cannot use --fault "${text}": `), error.message);
      assert.match(error.hint ?? "", /TARGET:FAULT=VALUE.*lost-update/s);
      return true;
    });
  }
});

Deno.test("parseFaultRule() gives a rule or a UsageError for any text", () => {
  const seed = Date.now() % 2 ** 31;
  const piece = fc.constantFrom(
    ...["commit", "load", "any", ":", "=", ";", "..", ".", "0", "1", "5", "503", "ms", "s", "p"],
    ...["drop-response", "delay", "lost-update", "after", "retry-after", " ", "é"],
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const text = pieces.join("");
      try {
        const rule = parseFaultRule(text);
        assert.deepEqual(parseFaultRule(rule.text), rule);
        assert.ok(rule.probability >= 0 && rule.probability <= 1);
      } catch (error) {
        assert.ok(error instanceof UsageError, `${text}: ${error}`);
      }
    }),
    { seed, numRuns: 2000 },
  );
});

Deno.test("faultTargetOf() knows every endpoint, and every target has one", () => {
  const operations = [
    "GET /v1/config",
    "POST /v1/oauth/tokens",
    ...ENDPOINTS,
    // HEAD stands beside GET whether or not it is listed.
    "HEAD /v1/{prefix}/namespaces/{namespace}",
    "HEAD /v1/{prefix}/namespaces/{namespace}/tables/{table}",
    "HEAD /v1/{prefix}/namespaces/{namespace}/views/{view}",
    "POST /v1/{prefix}/namespaces/{namespace}/views",
    "GET /v1/{prefix}/namespaces/{namespace}/tables/{table}/credentials",
    "POST /v1/{prefix}/namespaces/{namespace}/tables/{table}/sign",
  ];
  const found = new Set<string>();
  for (const text of operations) {
    const [method = "", route = ""] = text.split(" ");
    const target = faultTargetOf({ method, route });
    assert.ok(target !== undefined, `${text} has no target`);
    found.add(target);
  }
  assert.deepEqual([...found, "any"].sort(), [...FAULT_TARGETS].sort());
  const targetOf = (text: string) => {
    const [method = "", route = ""] = text.split(" ");
    return faultTargetOf({ method, route });
  };
  const table = "/v1/{prefix}/namespaces/{namespace}/tables/{table}";
  assert.equal(targetOf(`POST ${table}`), "commit");
  assert.equal(targetOf("POST /v1/{prefix}/transactions/commit"), "commit");
  assert.equal(targetOf(`GET ${table}`), "load");
  assert.equal(targetOf(`DELETE ${table}`), "drop");
  assert.equal(targetOf(`POST ${table}/metrics`), "metrics");
  assert.equal(targetOf("POST /v1/{prefix}/tables/rename"), "rename");
  assert.equal(targetOf("POST /v1/{prefix}/views/rename"), "view");
  assert.equal(targetOf("POST /v1/{prefix}/namespaces/{namespace}/tables"), "create");
  assert.equal(targetOf("POST /v1/{prefix}/namespaces/{namespace}/register"), "create");
  assert.equal(targetOf("GET /v1/{prefix}/namespaces/{namespace}/views"), "list");
  for (const free of ["GET /health", "GET /metrics", "GET other"]) {
    assert.equal(targetOf(free), undefined);
  }
});
