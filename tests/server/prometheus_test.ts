/** Prometheus' text format. */
import assert from "node:assert/strict";
import { Count, Histogram } from "../../lib/server/http/prometheus.ts";

Deno.test("Count shows zero at once without labels, and with labels what has come up", () => {
  const plain = new Count({ name: "a_total", help: "Some", type: "counter" });
  const labeled = new Count({ name: "b_total", help: "More", type: "counter", labeled: true });
  assert.equal(plain.text(), "# HELP a_total Some\n# TYPE a_total counter\na_total 0\n");
  assert.equal(labeled.text(), "# HELP b_total More\n# TYPE b_total counter\n");
  plain.add();
  labeled.add({ x: "1" }, 2);
  labeled.add({ x: "1" });
  assert.match(plain.text(), /^a_total 1$/m);
  assert.match(labeled.text(), /^b_total\{x="1"\} 3$/m);
});

Deno.test("Count escapes what would break a line or a label", () => {
  const count = new Count({ name: "a", help: "x\\y\nz", type: "gauge", labeled: true });
  count.add({ v: 'a"b\\c\nd' });
  assert.equal(
    count.text(),
    '# HELP a x\\\\y\\nz\n# TYPE a gauge\na{v="a\\"b\\\\c\\nd"} 1\n',
  );
});

Deno.test("Histogram adds its buckets up, bounds included, and counts what is above the last", () => {
  const histogram = new Histogram({ name: "h", help: "H", bounds: [0.5, 1] });
  for (const value of [0.25, 0.5, 0.75, 4]) histogram.observe({ x: "1" }, value);
  histogram.observe({ x: "2" }, 1);
  assert.equal(
    histogram.text(),
    [
      "# HELP h H",
      "# TYPE h histogram",
      'h_bucket{x="1",le="0.5"} 2',
      'h_bucket{x="1",le="1"} 3',
      'h_bucket{x="1",le="+Inf"} 4',
      'h_sum{x="1"} 5.5',
      'h_count{x="1"} 4',
      'h_bucket{x="2",le="0.5"} 0',
      'h_bucket{x="2",le="1"} 1',
      'h_bucket{x="2",le="+Inf"} 1',
      'h_sum{x="2"} 1',
      'h_count{x="2"} 1',
      "",
    ].join("\n"),
  );
});
