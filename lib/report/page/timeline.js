// The timeline: a lane for each writer, a mark for each operation, drawn by hooks of the library,
// which gives the axes and the zoom.
/* global document, devicePixelRatio */
import { axis, color, durationText, mount, readout } from "./charts.js";

/** Heights of a lane in pixels, for few lanes and for many. */
const LANE_HEIGHT_MAX = 30;
const LANE_HEIGHT_MIN = 11;

function heightOfTimeline(lanes) {
  const lane = Math.min(LANE_HEIGHT_MAX, Math.max(LANE_HEIGHT_MIN, 380 / lanes));
  return Math.round(lane * lanes) + 42;
}

/** Lanes whose names can stand beside each other without touching. */
function labelledLanes(plot, lanes) {
  const perLane = plot.bbox.height / devicePixelRatio / lanes;
  const step = Math.max(1, Math.ceil(14 / perLane));
  return Array.from({ length: Math.ceil(lanes / step) }, (_, index) => index * step);
}

/** Adds the shape of one mark to the paths that are filled, stroked and cut out. */
function addShape(name, box, paths) {
  const { x, y, width, height } = box;
  const { fill, line, cut } = paths;
  const unit = devicePixelRatio;
  const thin = Math.max(1.5 * unit, height * 0.34);
  const middle = y + height / 2;
  const center = x + width / 2;
  const arm = Math.max(3 * unit, Math.min(height * 0.42, 6 * unit));
  const cross = (path) => {
    path.moveTo(center - arm, middle - arm);
    path.lineTo(center + arm, middle + arm);
    path.moveTo(center + arm, middle - arm);
    path.lineTo(center - arm, middle + arm);
  };
  switch (name) {
    case "conflict":
    case "phantom":
      fill.rect(x, middle - thin / 2, width, thin);
      if (name === "phantom") cross(line);
      return;
    case "work":
      fill.rect(x, y + height * 0.2, width, height * 0.6);
      return;
    case "refused":
      line.moveTo(x, middle - thin / 2);
      line.lineTo(x + width, middle - thin / 2);
      line.moveTo(x, middle + thin / 2);
      line.lineTo(x + width, middle + thin / 2);
      return;
    case "unknown":
    case "recovered":
      line.rect(x, y, width, height);
      if (name === "recovered") fill.rect(x, middle, width, height / 2);
      return;
    case "wrong":
      fill.rect(x, y, width, height);
      cut.moveTo(x, middle);
      cut.lineTo(x + width, middle);
      return;
    case "lost":
      fill.rect(center - arm * 1.6, middle - arm * 1.6, arm * 3.2, arm * 3.2);
      fill.rect(x, y, width, height);
      cross(cut);
      return;
    case "broken":
      fill.rect(x, y, width, height);
      cut.moveTo(center, y + height * 0.15);
      cut.lineTo(center, y + height * 0.6);
      cut.moveTo(center, y + height * 0.72);
      cut.lineTo(center, y + height * 0.88);
      return;
    default:
      fill.rect(x, y, width, height);
  }
}

/** Draws all marks within the visible time: one path for each kind, filled at once. */
function drawMarks(plot, timeline, selected) {
  const { ctx, bbox } = plot;
  const unit = devicePixelRatio;
  const laneHeight = bbox.height / timeline.lanes.length;
  const height = Math.max(3 * unit, Math.min(laneHeight * 0.68, 18 * unit));
  const { min, max } = plot.scales.x;
  const scale = bbox.width / (max - min);
  const widthMin = 1.5 * unit;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  drawRounds(plot, timeline, scale);
  const byMark = timeline.marks.map(() => []);
  for (let at = 0; at < timeline.op.length; at++) {
    if (timeline.end_us[at] / 1000 < min || timeline.start_us[at] / 1000 > max) continue;
    byMark[timeline.mark[at]].push(at);
  }
  for (const [markIndex, operations] of byMark.entries()) {
    if (operations.length === 0) continue;
    const name = timeline.marks[markIndex];
    const paths = { fill: new Path2D(), line: new Path2D(), cut: new Path2D() };
    for (const at of operations) {
      const from = bbox.left + (timeline.start_us[at] / 1000 - min) * scale;
      const to = bbox.left + (timeline.end_us[at] / 1000 - min) * scale;
      // A hair of paper between one mark and the next.
      const width = Math.max(widthMin, to - from - (to - from > 4 * unit ? unit : 0));
      const y = bbox.top + (timeline.lane[at] + 0.5) * laneHeight - height / 2;
      addShape(name, { x: from, y, width, height }, paths);
    }
    const tone = color(`m-${name}`);
    ctx.fillStyle = tone;
    ctx.fill(paths.fill);
    ctx.strokeStyle = tone;
    ctx.lineWidth = 1.25 * unit;
    ctx.stroke(paths.line);
    ctx.strokeStyle = color("paper");
    ctx.lineWidth = 1.5 * unit;
    ctx.stroke(paths.cut);
  }
  if (selected !== undefined) {
    const from = bbox.left + (timeline.start_us[selected] / 1000 - min) * scale;
    const to = bbox.left + (timeline.end_us[selected] / 1000 - min) * scale;
    const y = bbox.top + (timeline.lane[selected] + 0.5) * laneHeight - height / 2;
    ctx.strokeStyle = color("ink");
    ctx.lineWidth = 2 * unit;
    ctx.strokeRect(
      from - 3 * unit,
      y - 3 * unit,
      Math.max(widthMin, to - from) + 6 * unit,
      height + 6 * unit,
    );
  }
  ctx.restore();
}

/** Rounds are told apart only where there is room between their lines. */
function drawRounds(plot, timeline, scale) {
  const { ctx, bbox } = plot;
  const { rounds_us: rounds } = timeline;
  if (rounds.length < 2) return;
  const spacing = (rounds.at(-1) - rounds[0]) / 1000 / (rounds.length - 1) * scale;
  if (spacing < 10 * devicePixelRatio) return;
  ctx.strokeStyle = color("line");
  ctx.lineWidth = devicePixelRatio;
  ctx.beginPath();
  for (const us of rounds) {
    const x = Math.round(bbox.left + (us / 1000 - plot.scales.x.min) * scale) + 0.5;
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
  }
  ctx.stroke();
}

/** The operation at or next to a place, at most a few pixels away; or undefined. */
function operationAt(plot, timeline, place) {
  const lane = Math.floor(place.top / plot.over.clientHeight * timeline.lanes.length);
  const ms = plot.posToVal(place.left, "x");
  const reachMs = plot.posToVal(place.left + 6, "x") - ms;
  let found;
  let distance = reachMs;
  for (let at = 0; at < timeline.op.length; at++) {
    if (timeline.lane[at] !== lane) continue;
    const from = timeline.start_us[at] / 1000;
    const to = timeline.end_us[at] / 1000;
    const away = Math.max(0, from - ms, ms - to);
    if (away < distance || (away === 0 && distance === 0)) {
      found = at;
      distance = away;
    }
  }
  return found;
}

/** What is told of an operation. */
function linesOf(timeline, at) {
  const { status, text } = timeline.answers[timeline.answer[at]];
  const elapsed = durationText((timeline.end_us[at] - timeline.start_us[at]) / 1000);
  const answer = status === null ? "" : `HTTP ${status}`;
  return [
    [timeline.lanes[timeline.lane[at]], timeline.detail[at], `op ${timeline.op[at]}`]
      .filter(Boolean).join(" · "),
    [answer, elapsed, `at ${durationText(timeline.start_us[at] / 1000)}`].filter(Boolean).join(
      " · ",
    ),
    ...(text ? [text] : []),
  ];
}

/**
 * Draws a timeline into a figure that has `.plot`, `.told` and buttons with `data-zoom`.
 * `timelineOf()` gives the one that is to be shown.
 */
export function drawTimeline(figure, timelineOf) {
  const box = figure.querySelector(".plot");
  const told = figure.querySelector(".told");
  const tip = readout(box);
  let selected;
  const endMs = () => Math.max(1, ...extremesOf(timelineOf().end_us)) / 1000 * 1.005;
  const chart = mount(box, 0, (made) => {
    const timeline = timelineOf();
    made.height = heightOfTimeline(timeline.lanes.length);
    const longest = Math.max(...timeline.lanes.map((lane) => lane.length));
    return {
      values: [[0, endMs()], [0, 0]],
      options: {
        padding: [6, 24, 0, 0],
        legend: { show: false },
        scales: {
          x: { time: false },
          y: { dir: -1, range: [-0.5, timeline.lanes.length - 0.5] },
        },
        axes: [
          axis({
            grid: { show: false },
            values: (_, splits) => splits.map(durationText),
          }),
          axis({
            size: Math.min(110, 22 + longest * 6.4),
            splits: (plot) => labelledLanes(plot, timeline.lanes.length),
            values: (_, splits) => splits.map((lane) => timeline.lanes[lane] ?? ""),
            grid: { show: false },
            ticks: { show: false },
          }),
        ],
        series: [{}, { paths: () => null, points: { show: false } }],
        cursor: {
          drag: { x: true, y: false, uni: 8 },
          y: false,
          points: { show: false },
        },
        hooks: {
          draw: [(plot) => drawMarks(plot, timeline, selected)],
          setScale: [(plot, key) => {
            if (key !== "x") return;
            const { min, max } = plot.scales.x;
            made.zoomed = max - min < endMs() * 0.999;
            figure.toggleAttribute("data-zoomed", made.zoomed);
          }],
          setCursor: [(plot) => {
            const { left, top } = plot.cursor;
            const at = left < 0 ? undefined : operationAt(plot, timeline, { left, top });
            if (at === undefined) return tip.hide();
            tip.show(linesOf(timeline, at), left + plot.over.offsetLeft, top + plot.over.offsetTop);
          }],
          ready: [(plot) => {
            plot.over.addEventListener("click", () => {
              const { left, top } = plot.cursor;
              select(operationAt(plot, timeline, { left, top }));
            });
            panByTouch(plot);
          }],
        },
      },
    };
  });

  function select(at) {
    selected = at;
    told.textContent = at === undefined ? "" : linesOf(timelineOf(), at).join(" — ");
    chart.plot.redraw(false);
  }

  /** Shows `factor` of the time that is shown, around its middle or the operation selected. */
  function zoom(factor) {
    const end = endMs();
    const { min, max } = chart.plot.scales.x;
    const shown = Math.min(end, Math.max(0.05, (max - min) * factor));
    const middle = selected === undefined
      ? (min + max) / 2
      : timelineOf().start_us[selected] / 1000;
    show(Math.max(0, Math.min(end - shown, middle - shown / 2)), shown);
  }

  function show(from, shown) {
    chart.plot.setScale("x", { min: from, max: from + shown });
  }

  /** Moves a selected operation into view. */
  function reveal(at) {
    const { min, max } = chart.plot.scales.x;
    const from = timelineOf().start_us[at] / 1000;
    if (from < min || from > max) {
      const shown = max - min;
      show(Math.max(0, Math.min(endMs() - shown, from - shown / 2)), shown);
    }
    select(at);
  }

  /** Goes along a lane, or to the operation of the next lane that is nearest in time. */
  function step(direction, lanes) {
    const timeline = timelineOf();
    if (timeline.op.length === 0) return;
    if (selected === undefined) return reveal(0);
    const lane = timeline.lane[selected] + lanes;
    if (lanes === 0) {
      for (let at = selected + direction; timeline.op[at] !== undefined; at += direction) {
        if (timeline.lane[at] === lane) return reveal(at);
      }
      return;
    }
    let nearest;
    let distance = Infinity;
    for (let at = 0; at < timeline.op.length; at++) {
      const away = Math.abs(timeline.start_us[at] - timeline.start_us[selected]);
      if (timeline.lane[at] === lane && away < distance) {
        nearest = at;
        distance = away;
      }
    }
    if (nearest !== undefined) reveal(nearest);
  }

  const actions = {
    in: () => zoom(0.5),
    out: () => zoom(2),
    all: () => show(0, endMs()),
  };
  for (const button of figure.querySelectorAll("[data-zoom]")) {
    button.addEventListener("click", () => actions[button.dataset.zoom]());
  }
  const keys = {
    "+": actions.in,
    "=": actions.in,
    "-": actions.out,
    "0": actions.all,
    ArrowRight: () => step(1, 0),
    ArrowLeft: () => step(-1, 0),
    ArrowDown: () => step(0, 1),
    ArrowUp: () => step(0, -1),
    Escape: () => select(undefined),
  };
  box.addEventListener("keydown", (event) => {
    const act = keys[event.key];
    if (act === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  });
  return {
    refresh() {
      selected = undefined;
      told.textContent = "";
      chart.zoomed = false;
      chart.rebuild();
    },
  };
}

/** Smallest and largest of a long list. */
function extremesOf(values) {
  let min = Infinity;
  let max = -Infinity;
  for (const value of values) {
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return values.length === 0 ? [0, 0] : [min, max];
}

/** One finger moves a chart that is zoomed in; otherwise it scrolls the page, as everywhere. */
function panByTouch(plot) {
  let last;
  const bounds = () => extremesOf(plot.data[0]);
  plot.over.style.touchAction = "pan-y";
  plot.over.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "touch") last = event.clientX;
  });
  plot.over.addEventListener("pointermove", (event) => {
    if (last === undefined || event.pointerType !== "touch") return;
    const [low, high] = bounds();
    const { min, max } = plot.scales.x;
    const moved = (last - event.clientX) / plot.over.clientWidth * (max - min);
    const from = Math.max(low, Math.min(high - (max - min), min + moved));
    last = event.clientX;
    plot.setScale("x", { min: from, max: from + (max - min) });
  });
  for (const name of ["pointerup", "pointercancel"]) {
    plot.over.addEventListener(name, () => last = undefined);
  }
}
