/** Shapes of the bodies of all requests that have one (REST spec, `components/schemas`). */
import fc from "fast-check";
import {
  butNot,
  FLAG,
  fullList,
  int,
  list,
  long,
  nameOf,
  notOf,
  object,
  oneOf,
  rawJson,
  type Shape,
  shape,
  TEXT,
  textMap,
  word,
} from "./shapes.ts";

/** What is there for requests to name. */
export interface Site {
  /** Directory of the warehouse. */
  readonly root: string;
  readonly tableUuid: string;
  readonly viewUuid: string;
  /** The head of main. */
  readonly snapshotId: bigint;
}

const NOT_THERE = 999_999;
const ANY_OBJECT = shape("object", [{}, { x: 1 }]);

const PRIMITIVE = shape("string", [
  ...["boolean", "int", "long", "float", "double", "date", "time", "timestamp", "timestamptz"],
  ...["string", "uuid", "binary", "decimal(9, 2)", "fixed[16]"],
], [
  ...["", "strin", "decimal", "decimal(39,1)", "decimal(-1,1)", "fixed", "fixed[-1]", "fixed[x]"],
  ...["list", "map", "struct", "variant", "timestamp_ns", "geometry", "unknown", "\ud800"],
]);

/** Nested types, one level deep. Their ids are out of the way of the ids of the columns. */
const TYPE = oneOf(
  PRIMITIVE,
  object({
    type: word("list"),
    "element-id": int([101]),
    element: PRIMITIVE,
    "element-required": FLAG,
  }),
  object({
    type: word("map"),
    "key-id": int([102]),
    key: PRIMITIVE,
    "value-id": int([103]),
    value: PRIMITIVE,
    "value-required": FLAG,
  }),
);

function column(id: number, type: Shape): Shape {
  return object(
    { id: int([id]), name: shape("string", [`c${id}`], ["", "\ud800"]), type, required: FLAG },
    { doc: TEXT },
  );
}

function columns(first: Shape, second: Shape): Shape {
  return {
    right: fc.tuple(first.right, second.right),
    wrong: fc.oneof(
      notOf("array"),
      fc.tuple(first.wrong, second.right),
      fc.tuple(first.right, second.wrong),
    ),
  };
}

const SCHEMA = butNot(
  object({
    type: word("struct"),
    fields: columns(column(1, shape("string", ["long"], ["lon"])), column(2, TYPE)),
  }, { "identifier-field-ids": { right: fc.constant([]), wrong: list(int([1], [7])).wrong } }),
  // Two columns of one id, and of one name; an identifier that is no column.
  { type: "struct", fields: [1, 1].map((id) => ({ id, name: "a", type: "int", required: true })) },
  {
    type: "struct",
    fields: [1, 2].map((id) => ({ id, name: "a", type: "int", required: true })),
  },
  { type: "struct", fields: [], "identifier-field-ids": [1] },
);

function partitionSpec(source: number): Shape {
  const transform = shape("string", ["identity", "bucket[4]", "truncate[2]", "void"], [
    ...["", "bucket", "bucket[0]", "bucket[-1]", "bucket[x]", "truncate[0]", "identity()"],
    ...["hour", "day", "sha1", "\ud800"],
  ]);
  const spec = object({
    fields: single(object({
      "source-id": int([source], [-1, NOT_THERE]),
      transform,
      name: shape("string", ["part"], ["", "\ud800"]),
    }, { "field-id": int([1000, 1001], [-1]) })),
  });
  const twice = { "source-id": source, transform: "identity", name: "twice" };
  return butNot(spec, { fields: [twice, twice] });
}

function sortOrder(source: number): Shape {
  return object({
    fields: single(object({
      "source-id": int([source], [-1, NOT_THERE]),
      transform: shape("string", ["identity", "bucket[4]"], ["", "bucket[0]", "year", "sha1"]),
      direction: word("asc", "desc"),
      "null-order": word("nulls-first", "nulls-last"),
    })),
  });
}

/** An array of one item, or of right ones and then that one. */
function single(item: Shape, before: readonly unknown[] = []): Shape {
  return {
    right: item.right.map((value) => [...before, value]),
    wrong: fc.oneof(
      notOf("array"),
      { arbitrary: item.wrong.map((value) => [...before, value]), weight: 4 },
    ),
  };
}

/** Places where no table's files may lie. */
export function wrongLocations(root: string): string[] {
  return [
    ...["", "relative/path", "/", "/etc", "file:///etc/passwd", "s3://elsewhere/table"],
    ...["http://127.0.0.1/x", "file://host/x", "gs://b/x", "data:text/plain,x", "\ud800"],
    ...[`file://${root}`, `file://${root}/`, `file://${root}2/x`, `${root}/../x`],
    ...[`file://${root}/a/../../x`, `file://${root}/a/%2e%2e/b`, `file://${root}/a%2fb`],
    ...[`file://${root}/a//b`, `file://${root}/a/./b`, `file://${root}/a\u0000b`],
    ...[`file://${root}/catalog.db`, `file://${root}/catalog.db-wal/x`, `${root}/a\nb`],
  ];
}

function location(site: Site): Shape {
  return shape("string", [`file://${site.root}/ns/free`], wrongLocations(site.root));
}

/** Properties of a table; `more` are others that are wrong. */
function tableProperties(site: Site, more: readonly Record<string, string>[] = []): Shape {
  return textMap({ a: "b" }, [
    ...more,
    { "write.metadata.path": "file:///etc" },
    { "write.metadata.path": `file://${site.root}/../x` },
    { "write.metadata.compression-codec": "lzma" },
  ]);
}

const NAMESPACE = butNot(
  fullList(nameOf("made", "other")),
  Array.from({ length: 40 }, () => "deep"),
);

function identifier(name: string): Shape {
  return object({ namespace: single(nameOf("ns")), name: nameOf(name) });
}

/** Requirements of a commit to a table. */
function requirement(site: Site): Shape {
  const number = (type: string, key: string) =>
    object({ type: word(type), [key]: int([0], [-2, NOT_THERE]) });
  return oneOf(
    object({
      type: word("assert-table-uuid"),
      uuid: shape("string", [site.tableUuid], ["", "x", crypto.randomUUID()]),
    }),
    object({
      type: word("assert-ref-snapshot-id"),
      ref: shape("string", ["main"], ["", "nowhere"]),
      "snapshot-id": long([site.snapshotId], [-1, 0, 1]),
    }),
    number("assert-current-schema-id", "current-schema-id"),
    number("assert-default-spec-id", "default-spec-id"),
    number("assert-default-sort-order-id", "default-sort-order-id"),
    object({
      type: word("assert-last-assigned-field-id"),
      "last-assigned-field-id": int([2], [-1, NOT_THERE]),
    }),
    object({
      type: word("assert-last-assigned-partition-id"),
      "last-assigned-partition-id": int([999], [-1, NOT_THERE]),
    }),
  );
}

function snapshot(site: Site): Shape {
  return object({
    "snapshot-id": long([site.snapshotId + 7n], [-1, site.snapshotId]),
    "timestamp-ms": long([Date.now() + 1000], [-1, 0, 1]),
    "manifest-list": TEXT,
    summary: butNot(
      object({ operation: word("append", "replace", "overwrite", "delete") }, { a: TEXT }),
      { operation: "append", a: 1 },
    ),
    "sequence-number": long([1_000_000], [-1]),
  }, {
    "parent-snapshot-id": long([site.snapshotId], [-1]),
    "schema-id": int([0], [-1, NOT_THERE]),
  });
}

const BLOB = object({
  type: TEXT,
  "snapshot-id": long([1]),
  "sequence-number": long([1]),
  fields: list(int([1])),
}, { properties: textMap() });

/** The updates of a table, by action; beside each of their fields stands what it must be. */
function tableUpdate(site: Site): Shape {
  const update = (
    action: string,
    required: Readonly<Record<string, Shape>>,
    optional: Readonly<Record<string, Shape>> = {},
  ) => object({ action: word(action), ...required }, optional);
  const snapshotId = long([site.snapshotId], [-1]);
  const removeKey = update("remove-encryption-key", { "key-id": TEXT });
  const knownSnapshotId = long([site.snapshotId], [-1, 1]);
  return oneOf(
    update("assign-uuid", {
      uuid: shape("string", [site.tableUuid], ["", "x", crypto.randomUUID()]),
    }),
    update("upgrade-format-version", { "format-version": int([2], [-1, 0, 1, 4]) }),
    update("add-schema", { schema: SCHEMA }, { "last-column-id": int([2]) }),
    update("set-current-schema", { "schema-id": int([0], [-1, -2, NOT_THERE]) }),
    update("add-spec", { spec: partitionSpec(1) }),
    update("set-default-spec", { "spec-id": int([0], [-2, NOT_THERE]) }),
    update("add-sort-order", { "sort-order": sortOrder(1) }),
    update("set-default-sort-order", { "sort-order-id": int([0], [-2, NOT_THERE]) }),
    update("add-snapshot", { snapshot: snapshot(site) }),
    update("set-snapshot-ref", {
      "ref-name": shape("string", ["branch"], [""]),
      type: word("branch"),
      "snapshot-id": knownSnapshotId,
    }, {
      "min-snapshots-to-keep": int([1], [-1, 0]),
      "max-snapshot-age-ms": long([1], [-1, 0]),
      "max-ref-age-ms": long([1], [-1, 0]),
    }),
    update("set-snapshot-ref", {
      "ref-name": shape("string", ["tag"], ["", "main"]),
      type: word("tag"),
      "snapshot-id": knownSnapshotId,
    }),
    update("remove-snapshots", { "snapshot-ids": list(long([1], [-1])) }),
    update("remove-snapshot-ref", { "ref-name": TEXT }),
    update("set-location", { location: location(site) }),
    update("set-properties", { updates: tableProperties(site) }),
    update("remove-properties", { removals: list(TEXT) }),
    update("set-statistics", {
      statistics: object({
        "snapshot-id": knownSnapshotId,
        "statistics-path": TEXT,
        "file-size-in-bytes": long([1]),
        "file-footer-size-in-bytes": long([1]),
        "blob-metadata": list(BLOB),
      }),
    }, { "snapshot-id": long([site.snapshotId], [-1, 1]) }),
    update("remove-statistics", { "snapshot-id": snapshotId }),
    update("set-partition-statistics", {
      "partition-statistics": object({
        "snapshot-id": knownSnapshotId,
        "statistics-path": TEXT,
        "file-size-in-bytes": long([1]),
      }),
    }),
    update("remove-partition-statistics", { "snapshot-id": snapshotId }),
    update("remove-partition-specs", { "spec-ids": list(int([NOT_THERE], [-1, 0])) }),
    update("remove-schemas", { "schema-ids": list(int([NOT_THERE], [-1, 0])) }),
    removeKey,
    // Format version 3 has them, and this table has 2.
    {
      right: removeKey.right,
      wrong: update("add-encryption-key", { "encryption-key": ENCRYPTION_KEY }).wrong,
    },
  );
}

const ENCRYPTION_KEY = shape("object", [{}], [{}, { "key-id": "k" }]);

function tableCommit(site: Site, more: Readonly<Record<string, Shape>> = {}): Shape {
  return object({
    requirements: list(requirement(site)),
    updates: list(tableUpdate(site)),
    ...more,
  });
}

function viewVersion(): Shape {
  const representation = object({
    type: word("sql"),
    sql: TEXT,
    dialect: shape("string", ["spark"], ["", "\ud800"]),
  });
  return object({
    "version-id": int([1]),
    "timestamp-ms": long([1]),
    "schema-id": int([0], [-2]),
    summary: textMap(),
    "default-namespace": single(TEXT),
    representations: single(representation),
  }, { "default-catalog": TEXT });
}

function viewUpdate(site: Site): Shape {
  const update = (action: string, required: Readonly<Record<string, Shape>>) =>
    object({ action: word(action), ...required });
  return oneOf(
    update("assign-uuid", {
      uuid: shape("string", [site.viewUuid], ["", "x", crypto.randomUUID()]),
    }),
    update("upgrade-format-version", { "format-version": int([1], [-1, 0, 2]) }),
    update("add-schema", { schema: SCHEMA }),
    update("set-location", { location: location(site) }),
    update("set-properties", { updates: textMap() }),
    update("remove-properties", { removals: list(TEXT) }),
    update("add-view-version", { "view-version": viewVersion() }),
    update("set-current-view-version", { "view-version-id": int([1], [-2, NOT_THERE]) }),
  );
}

/** The shape of a body by method and path template below `/v1/{prefix}/`. */
export function bodyShapes(site: Site): ReadonlyMap<string, Shape> {
  const register = object({
    name: nameOf("made"),
    // Of a file that is not there.
    "metadata-location": shape("string", [`file://${site.root}/ns/none.metadata.json`], [
      ...wrongLocations(site.root),
      `file://${site.root}/ns/none.metadata.json`,
    ]),
  });
  const commitReport = object({
    "report-type": shape("string", ["commit-report"]),
    "table-name": TEXT,
    "snapshot-id": long([1]),
    "sequence-number": long([1]),
    operation: TEXT,
    metrics: ANY_OBJECT,
  }, { metadata: textMap() });
  const scanReport = object({
    "report-type": shape("string", ["scan-report"]),
    "table-name": TEXT,
    "snapshot-id": long([1], [rawJson("-1.5")]),
    filter: {
      right: fc.constantFrom<unknown>(true, { type: "true" }),
      wrong: fc.constantFrom<unknown>(null, 1, "true", []),
    },
    "schema-id": int([0]),
    "projected-field-ids": list(int([1])),
    "projected-field-names": list(TEXT),
    metrics: ANY_OBJECT,
  }, { metadata: textMap() });
  const rename = (name: string) =>
    butNot(
      object({ source: identifier(name), destination: identifier("made") }),
      // From nowhere, to nowhere, and onto what is there.
      { source: { namespace: ["ns"], name: "no" }, destination: { namespace: ["ns"], name: "m" } },
      { source: { namespace: ["ns"], name }, destination: { namespace: ["no"], name: "m" } },
      { source: { namespace: ["ns"], name }, destination: { namespace: ["ns"], name: "other" } },
    );
  return new Map<string, Shape>([
    [
      "POST namespaces",
      butNot(
        object({ namespace: NAMESPACE }, { properties: textMap() }),
        { namespace: ["ns"] },
        { namespace: ["ns"], properties: {} },
      ),
    ],
    [
      "POST namespaces/{namespace}/properties",
      butNot(
        object({}, { removals: list(TEXT), updates: textMap() }),
        { removals: ["a"], updates: { a: "b" } },
      ),
    ],
    [
      "POST namespaces/{namespace}/tables",
      butNot(
        object({ name: nameOf("made"), schema: SCHEMA }, {
          location: location(site),
          "partition-spec": partitionSpec(1),
          "write-order": sortOrder(1),
          "stage-create": FLAG,
          properties: tableProperties(
            site,
            ["0", "4", "-1", "1.5", "NaN", "", "two"].map((text) => ({ "format-version": text })),
          ),
        }),
        { name: "t", schema: { type: "struct", fields: [] } },
        { name: "v", schema: { type: "struct", fields: [] } },
      ),
    ],
    [
      "POST namespaces/{namespace}/register",
      butNot(
        register,
        { name: "t", "metadata-location": `file://${site.root}/ns/none.metadata.json` },
      ),
    ],
    ["POST namespaces/{namespace}/register-view", register],
    [
      "POST namespaces/{namespace}/tables/{table}",
      butNot(
        tableCommit(site),
        { identifier: { namespace: ["ns"], name: "other" }, requirements: [], updates: [] },
        { requirements: [{ type: "assert-create" }], updates: [] },
      ),
    ],
    ["POST namespaces/{namespace}/tables/{table}/metrics", oneOf(commitReport, scanReport)],
    // Nothing is signed for a warehouse on the local disk.
    ["POST namespaces/{namespace}/tables/{table}/sign", {
      right: ANY_OBJECT.right,
      wrong: object({
        region: TEXT,
        uri: TEXT,
        method: word("GET", "PUT"),
        headers: ANY_OBJECT,
      }).wrong,
    }],
    ["POST tables/rename", rename("t")],
    [
      "POST transactions/commit",
      object({
        // The first table must stay as it is when the change of the second is wrong.
        "table-changes": single(tableCommit(site, { identifier: identifier("t") }), [{
          identifier: { namespace: ["ns"], name: "other" },
          requirements: [],
          updates: [{ action: "set-properties", updates: { a: "b" } }],
        }]),
      }),
    ],
    [
      "POST namespaces/{namespace}/views",
      butNot(
        object({ name: nameOf("made"), schema: SCHEMA, "view-version": viewVersion() }, {
          location: location(site),
          properties: textMap(),
        }),
        { name: "v", schema: { type: "struct", fields: [] } },
      ),
    ],
    [
      "POST namespaces/{namespace}/views/{view}",
      object({ updates: list(viewUpdate(site)) }, {
        requirements: list(object({
          type: word("assert-view-uuid"),
          uuid: shape("string", [site.viewUuid], ["", "x", crypto.randomUUID()]),
        })),
      }),
    ],
    ["POST views/rename", rename("v")],
  ]);
}
