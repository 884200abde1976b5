import assert from "node:assert/strict";
import { isTransform, takesSource } from "../../lib/table/transforms.ts";

Deno.test("isTransform() knows the transforms of the table spec and no others", () => {
  for (const name of ["identity", "void", "year", "hour", "bucket[16]", "truncate[2147483647]"]) {
    assert.ok(isTransform(name), name);
  }
  for (
    const name of ["bucket", "bucket[0]", "bucket[-1]", "truncate[2147483648]", "years", "zorder"]
  ) {
    assert.ok(!isTransform(name), name);
  }
});

const ALLOWED: Readonly<Record<string, string>> = {
  identity: "boolean int float decimal(9,2) date timestamp_ns string uuid fixed[2] binary unknown",
  void: "variant geometry(OGC:CRS84) int",
  year: "date timestamp timestamptz timestamp_ns timestamptz_ns",
  hour: "timestamp timestamptz timestamp_ns timestamptz_ns",
  "bucket[4]": "int long decimal(9,2) date time timestamptz string uuid fixed[2] binary",
  "truncate[4]": "int long decimal(9,2) string binary",
};
const FORBIDDEN: Readonly<Record<string, string>> = {
  identity: "variant geometry(OGC:CRS84) geography",
  year: "time int string",
  hour: "date time long",
  "bucket[4]": "boolean float double unknown variant",
  "truncate[4]": "boolean float date uuid fixed[2]",
};

Deno.test("takesSource() goes by the table of transforms in the spec", () => {
  for (const [lists, expected] of [[ALLOWED, true], [FORBIDDEN, false]] as const) {
    for (const [transform, types] of Object.entries(lists)) {
      for (const type of types.split(" ")) {
        assert.equal(takesSource(transform, type), expected, `${transform} of ${type}`);
      }
    }
  }
});

Deno.test("takesSource() takes no nested type but for the void", () => {
  const struct = { type: "struct" as const, fields: [] };
  assert.ok(!takesSource("identity", struct));
  assert.ok(takesSource("void", struct));
});
