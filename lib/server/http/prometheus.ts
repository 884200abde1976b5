/**
 * Figures in Prometheus' text format 0.0.4. The usual library cannot be compiled into the executable
 * by the oldest supported runtime, and this is all of it that is needed.
 */

/** Media type of the format. */
export const PROMETHEUS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** Names and values of a sample's labels. */
export type Labels = Readonly<Record<string, string>>;

/** What can be written into the format. */
export interface Metric {
  /** Lines of the format, each with its line end. */
  text(): string;
}

/** How a metric is named and explained. */
export interface MetricName {
  /** Letters, digits and underscores, with the unit at the end where there is one. */
  readonly name: string;
  /** One line for people. */
  readonly help: string;
}

/** A number for each set of labels: a counter when it only grows, else a gauge. */
export class Count implements Metric {
  readonly #of: MetricName & { readonly type: "counter" | "gauge" };
  readonly #values = new Map<string, number>();

  /**
   * Starts at zero.
   *
   * @param of its `labeled` says that there is a sample for each set of labels that comes up, and
   * none before; without it there is one sample, from the start.
   */
  constructor(of: MetricName & { readonly type: "counter" | "gauge"; readonly labeled?: boolean }) {
    this.#of = of;
    // Without labels there is one sample, from the start; with labels those that have come up.
    if (of.labeled !== true) this.#values.set("", 0);
  }

  /** Adds to the sample of these labels. */
  add(labels: Labels = {}, amount = 1): void {
    const key = labelText(labels);
    this.#values.set(key, (this.#values.get(key) ?? 0) + amount);
  }

  text(): string {
    const { name, type } = this.#of;
    const lines = [...this.#values].map(([labels, value]) => `${name}${braced(labels)} ${value}\n`);
    return head(this.#of, type) + lines.join("");
  }
}

/** How values are spread, for each set of labels. */
export class Histogram implements Metric {
  readonly #of: MetricName & { readonly bounds: readonly number[] };
  readonly #series = new Map<string, { readonly counts: number[]; sum: number; count: number }>();

  /**
   * Has no sample until a value is counted.
   *
   * @param of its `bounds` are the upper bounds of the buckets, rising; the last one is +Inf.
   */
  constructor(of: MetricName & { readonly bounds: readonly number[] }) {
    this.#of = of;
  }

  /** Counts a value. */
  observe(labels: Labels, value: number): void {
    const key = labelText(labels);
    let series = this.#series.get(key);
    if (series === undefined) {
      series = { counts: this.#of.bounds.map(() => 0), sum: 0, count: 0 };
      this.#series.set(key, series);
    }
    const bucket = this.#of.bounds.findIndex((bound) => value <= bound);
    if (bucket >= 0) series.counts[bucket]! += 1;
    series.sum += value;
    series.count += 1;
  }

  text(): string {
    const { name, bounds } = this.#of;
    let text = head(this.#of, "histogram");
    for (const [labels, { counts, sum, count }] of this.#series) {
      const before = labels === "" ? "" : `${labels},`;
      let total = 0;
      for (const [index, bound] of bounds.entries()) {
        total += counts[index]!;
        text += `${name}_bucket{${before}le="${bound}"} ${total}\n`;
      }
      text += `${name}_bucket{${before}le="+Inf"} ${count}\n`;
      text += `${name}_sum${braced(labels)} ${sum}\n${name}_count${braced(labels)} ${count}\n`;
    }
    return text;
  }
}

function head({ name, help }: MetricName, type: string): string {
  const escaped = help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
  return `# HELP ${name} ${escaped}\n# TYPE ${name} ${type}\n`;
}

function labelText(labels: Labels): string {
  return Object.entries(labels).map(([name, value]) => {
    const escaped = value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
    return `${name}="${escaped}"`;
  }).join(",");
}

function braced(labels: string): string {
  return labels === "" ? "" : `{${labels}}`;
}
