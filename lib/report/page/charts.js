// What all charts of a report share: data, colours of the theme, sizes, and the line charts.
// The modules of this folder become one script of the page, their imports and exports taken out.
/* global uPlot, document, getComputedStyle, ResizeObserver, devicePixelRatio */

export const data = JSON.parse(document.getElementById("data").textContent);

/** Every chart that is on the page: `{ plot, box, height, rebuild }`. */
export const charts = [];

/** A colour of the theme that is in force. */
export function color(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

const COUNTS = new Intl.NumberFormat("en-US", { maximumFractionDigits: 1 });

const SHORT_COUNTS = new Intl.NumberFormat("en-US", { notation: "compact" });

/** `0.4 ms`, `340 ms`, `2.9 s`. */
export function durationText(ms) {
  if (ms === 0) return "0 ms";
  if (ms < 1) return `${ms.toFixed(2)} ms`;
  if (ms < 1000) return `${COUNTS.format(ms)} ms`;
  return `${COUNTS.format(ms / 1000)} s`;
}

/** An element with a text. */
export function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

const AXIS_FONT = '12px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';

/** An axis in the style of the page. */
export function axis(options) {
  return {
    stroke: color("ink-2"),
    font: AXIS_FONT,
    labelFont: AXIS_FONT,
    size: 30,
    labelSize: 20,
    labelGap: 0,
    gap: 6,
    grid: { stroke: color("line"), width: 1 },
    ticks: { stroke: color("line"), width: 1, size: 4 },
    ...options,
  };
}

/**
 * Puts a chart into a box, at the box's width, and keeps it so. `options()` is called again when the
 * theme changes, since colours are part of the options.
 */
export function mount(box, height, make) {
  const chart = { plot: undefined, box, height, rebuild };
  function rebuild() {
    const zoom = chart.plot && chart.plot.scales.x.time === false && chart.zoomed
      ? { min: chart.plot.scales.x.min, max: chart.plot.scales.x.max }
      : undefined;
    if (chart.plot) chart.plot.destroy();
    const { options, values } = make(chart);
    const width = Math.max(200, box.clientWidth);
    chart.plot = new uPlot({ ...options, width, height: chart.height }, values, box);
    if (zoom) chart.plot.setScale("x", zoom);
  }
  rebuild();
  charts.push(chart);
  new ResizeObserver(() => {
    const width = Math.max(200, box.clientWidth);
    if (width !== chart.plot.width) chart.plot.setSize({ width, height: chart.height });
  }).observe(box);
  return chart;
}

/** A line of text beside the cursor of a chart. */
export function readout(box) {
  const tip = element("div", "tip");
  tip.hidden = true;
  box.appendChild(tip);
  return {
    hide() {
      tip.hidden = true;
    },
    show(lines, x, y) {
      tip.replaceChildren(...lines.map((line, at) => element("p", at === 0 ? "head" : "", line)));
      tip.hidden = false;
      const left = Math.min(Math.max(0, x + 14), box.clientWidth - tip.offsetWidth);
      const top = y + 18 + tip.offsetHeight > box.clientHeight ? y - tip.offsetHeight - 12 : y + 18;
      tip.style.left = `${left}px`;
      tip.style.top = `${top}px`;
    },
  };
}

/** A way to draw points that two lines can be told apart by. */
const POINTS = { round: true, square: false };

function squarePoints(plot, seriesIndex) {
  const { ctx } = plot;
  const series = plot.series[seriesIndex];
  const size = 7 * devicePixelRatio;
  ctx.save();
  ctx.fillStyle = series.stroke();
  for (let at = 0; at < plot.data[0].length; at++) {
    const value = plot.data[seriesIndex][at];
    if (value === null || value === undefined) continue;
    const x = plot.valToPos(plot.data[0][at], "x", true);
    const y = plot.valToPos(value, "y", true);
    ctx.fillRect(x - size / 2, y - size / 2, size, size);
  }
  ctx.restore();
}

/**
 * Lines over one axis, as the data's `charts` describe them: `{ x, series: [{ label, values, tone,
 * dash, points }], x_label, unit, x_log2, y_max, step }`.
 */
export function drawLines(box, described) {
  const tip = readout(box);
  return mount(box, 220, () => ({
    values: [described.x, ...described.series.map(({ values }) => values)],
    options: {
      padding: [12, 24, 0, 0],
      legend: { show: false },
      scales: {
        x: {
          time: false,
          ...(described.x_log2 ? { distr: 3, log: 2, range: widened } : {}),
        },
        y: {
          range: (_, min, max) => [
            Math.min(0, min ?? 0),
            described.y_max ?? ((max ?? 0) <= 0 ? 1 : max * 1.08),
          ],
        },
      },
      axes: [
        axis({
          label: described.x_label,
          grid: { show: false },
          ...(described.x_log2
            ? {
              splits: () => described.x,
              values: (_, splits) => splits.map(String),
              filter: (_, splits) => splits,
            }
            : {
              values: (_, splits) =>
                splits.map((split) => described.x_unit === "ms" ? durationText(split) : split),
            }),
        }),
        axis({
          size: 48,
          values: (_, splits) =>
            splits.map((split) =>
              described.unit === "%" ? `${COUNTS.format(split)} %` : SHORT_COUNTS.format(split)
            ),
        }),
      ],
      series: [{}, ...described.series.map((series) => lineOf(series, described))],
      cursor: {
        drag: { x: !described.x_log2, y: false },
        y: false,
        points: { size: 9 },
      },
      hooks: {
        setCursor: [(plot) => showValues(plot, described, tip)],
      },
    },
  }));
}

function widened(_plot, min, max) {
  return min === null ? [1, 2] : [min / 1.3, max * 1.3];
}

function lineOf(series, described) {
  const line = {
    label: series.label,
    stroke: color(`m-${series.tone}`),
    width: 2,
    dash: series.dash ?? [],
    spanGaps: true,
    points: { show: POINTS[series.points] === true, size: 8, fill: color("paper") },
  };
  if (series.points === "square") line.points = { show: squarePoints };
  if (described.step) line.paths = uPlot.paths.stepped({ align: 1 });
  if (described.fill) line.fill = color(`m-${series.tone}-soft`);
  return line;
}

function showValues(plot, described, tip) {
  const { idx, left, top } = plot.cursor;
  if (idx === null || idx === undefined || left < 0) return tip.hide();
  const x = described.x[idx];
  const head = described.x_unit === "ms"
    ? durationText(x)
    : `${COUNTS.format(x)} ${described.x_noun ?? ""}`;
  const lines = described.series.map(({ label, values }) =>
    `${label}: ${values[idx] === null ? "–" : COUNTS.format(values[idx])}${
      described.unit === "%" ? " %" : ""
    }`
  );
  tip.show([head, ...lines], left + plot.over.offsetLeft, top + plot.over.offsetTop);
}

/** Points of a distribution's line; more cannot be told apart. */
const DISTRIBUTION_POINTS = 400;

const DASHES = [[], [7, 4], [2, 3], [9, 3, 2, 3]];

/** How many of the answers came within a time: one line for each status, over a logarithmic axis. */
export function drawDistribution(box, timelineOf) {
  const tip = readout(box);
  const chart = mount(box, 240, () => {
    const lines = distributionOf(timelineOf());
    const x = [...new Set(lines.flatMap(({ xs }) => xs))].sort((a, b) => a - b);
    const at = new Map(x.map((value, index) => [value, index]));
    const values = lines.map(({ xs, ys }) => {
      const column = new Array(x.length).fill(undefined);
      for (let index = 0; index < xs.length; index++) column[at.get(xs[index])] = ys[index];
      return column;
    });
    return {
      values: x.length === 0 ? [[1, 10], [null, null]] : [x, ...values],
      options: {
        padding: [12, 30, 0, 0],
        legend: { show: false },
        scales: {
          x: { time: false, distr: 3, log: 10 },
          y: { range: [0, 100] },
        },
        axes: [
          axis({
            label: "Latency",
            values: (_, splits) => splits.map((ms) => ms === null ? null : durationText(ms)),
          }),
          axis({ size: 52, values: (_, splits) => splits.map((share) => `${share} %`) }),
        ],
        series: [
          {},
          ...(lines.length === 0 ? [{}] : lines.map(({ status, tone, dash }) => ({
            label: status,
            stroke: color(`m-${tone}`),
            width: 2,
            dash,
            spanGaps: true,
            points: { show: false },
          }))),
        ],
        cursor: { drag: { x: true, y: false }, y: false, points: { show: false } },
        hooks: {
          setCursor: [(plot) => {
            const { left, top } = plot.cursor;
            if (left < 0 || lines.length === 0) return tip.hide();
            const ms = plot.posToVal(left, "x");
            tip.show(
              [
                `within ${durationText(ms)}`,
                ...lines.map((line) => `${line.status}: ${COUNTS.format(shareWithin(line, ms))} %`),
              ],
              left + plot.over.offsetLeft,
              top + plot.over.offsetTop,
            );
          }],
        },
      },
    };
  });
  return chart;
}

function shareWithin({ sorted }, ms) {
  let low = 0;
  for (let high = sorted.length; low < high;) {
    const middle = (low + high) >> 1;
    if (sorted[middle] <= ms) low = middle + 1;
    else high = middle;
  }
  return low / sorted.length * 100;
}

/** Latencies by status: `xs` in ms, `ys` in percent, thinned. */
function distributionOf(timeline) {
  const byStatus = new Map();
  for (let at = 0; at < timeline.op.length; at++) {
    const { status } = timeline.answers[timeline.answer[at]];
    const name = status === null ? "no answer" : String(status);
    if (!byStatus.has(name)) byStatus.set(name, []);
    byStatus.get(name).push(Math.max(0.01, (timeline.end_us[at] - timeline.start_us[at]) / 1000));
  }
  const used = new Map();
  return [...byStatus].sort(([a], [b]) => a < b ? -1 : 1).map(([status, latencies]) => {
    const sorted = latencies.sort((a, b) => a - b);
    const tone = status === "no answer"
      ? "unknown"
      : status.startsWith("2")
      ? "ok"
      : status === "409"
      ? "conflict"
      : "wrong";
    // Statuses of one tone differ in their dashes; so does every tone, for who sees no colours.
    const first = { ok: 0, conflict: 1, wrong: 2, unknown: 3 }[tone];
    const dash = DASHES[(first + (used.get(tone) ?? 0)) % DASHES.length];
    used.set(tone, (used.get(tone) ?? 0) + 1);
    const step = Math.max(1, Math.ceil(sorted.length / DISTRIBUTION_POINTS));
    const xs = [sorted[0]];
    const ys = [0];
    for (let at = 0; at < sorted.length; at += step) {
      const index = Math.min(sorted.length - 1, at + step - 1);
      if (sorted[index] === xs.at(-1)) {
        ys[ys.length - 1] = (index + 1) / sorted.length * 100;
      } else {
        xs.push(sorted[index]);
        ys.push((index + 1) / sorted.length * 100);
      }
    }
    return { status, tone, dash, sorted, xs, ys };
  });
}
