// A stub that answers every request of a probe at once and keeps nothing: what a probe reaches
// against it is the probe's own ceiling. It is no catalog, since nobody ever loses a race.

const TABLE_UUID = "5c1b1a3e-6f0e-4d53-9a53-3f6f6f1d2f10";
const LOCATION = "file:///nowhere/probe";

const EMPTY_TABLE = {
  "format-version": 2,
  "table-uuid": TABLE_UUID,
  location: LOCATION,
  "last-updated-ms": 1,
  "last-sequence-number": 0,
  "last-column-id": 3,
  schemas: [{
    type: "struct",
    "schema-id": 0,
    fields: [
      { id: 1, name: "writer", type: "int", required: false },
      { id: 2, name: "attempt", type: "long", required: false },
      { id: 3, name: "line", type: "int", required: false },
    ],
  }],
  "current-schema-id": 0,
  "partition-specs": [{ "spec-id": 0, fields: [] }],
  "default-spec-id": 0,
  "last-partition-id": 999,
  "sort-orders": [{ "order-id": 0, fields: [] }],
  "default-sort-order-id": 0,
  properties: {},
  snapshots: [],
  refs: {},
};

const CREATED = JSON.stringify({
  "metadata-location": `${LOCATION}/metadata/0.json`,
  metadata: EMPTY_TABLE,
});

/** Takes the snapshot out of a commit and answers that it is the head now. */
function answerCommit(body: string): string {
  const snapshot = /"snapshot":(\{.*?\}\s*,?[^}]*\})/.exec(body)?.[1] ?? "{}";
  const id = /"snapshot-id":(\d+)/.exec(snapshot)?.[1] ?? "1";
  const sequence = /"sequence-number":(\d+)/.exec(snapshot)?.[1] ?? "1";
  return `{"metadata-location":"${LOCATION}/metadata/${id}.json","metadata":{` +
    `"table-uuid":"${TABLE_UUID}","last-updated-ms":1,"last-sequence-number":${sequence},` +
    `"current-schema-id":0,"current-snapshot-id":${id},` +
    `"refs":{"main":{"snapshot-id":${id},"type":"branch"}},` +
    `"snapshots":[{"snapshot-id":${id},"sequence-number":${sequence},"timestamp-ms":1,` +
    `"manifest-list":"${LOCATION}/metadata/${id}.avro"}]}}`;
}

const HEADERS = { "content-type": "application/json" };

Deno.serve({
  hostname: "127.0.0.1",
  port: 0,
  onListen: ({ port }) => console.log(`http://127.0.0.1:${port}`),
}, async (request) => {
  const { pathname } = new URL(request.url);
  if (pathname === "/v1/config") {
    return Response.json({ defaults: {}, overrides: {} });
  }
  if (request.method === "DELETE") return new Response(null, { status: 204 });
  if (request.method === "POST" && !pathname.endsWith("/tables")) {
    return new Response(answerCommit(await request.text()), { headers: HEADERS });
  }
  await request.body?.cancel();
  if (pathname.includes("/tables")) return new Response(CREATED, { headers: HEADERS });
  return Response.json({ namespace: ["default"], properties: {} });
});
