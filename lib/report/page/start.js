// Draws what is on the page, and again when the theme changes or the page is printed.
/* global document, matchMedia, performance, addEventListener */
import { charts, data, drawDistribution, drawLines } from "./charts.js";
import { drawTimeline } from "./timeline.js";

/** A section's choice among runs: radio buttons whose values are keys of the data's timelines. */
function chosenIn(section) {
  return section.querySelector("input[name]:checked")?.value ?? section.dataset.timeline;
}

performance.mark("draw");
for (const section of document.querySelectorAll("[data-timeline]")) {
  const timelineOf = () => data.timelines[chosenIn(section)];
  const figure = section.querySelector("[data-chart=timeline]");
  const box = section.querySelector("[data-chart=latency] .plot");
  const timeline = figure && drawTimeline(figure, timelineOf);
  const latency = box && drawDistribution(box, timelineOf);
  const showChosen = () => {
    for (const part of section.querySelectorAll("[data-run]")) {
      part.hidden = part.dataset.run !== chosenIn(section);
    }
  };
  for (const input of section.querySelectorAll("input[name]")) {
    input.addEventListener("change", () => {
      showChosen();
      timeline?.refresh();
      latency?.rebuild();
    });
  }
  showChosen();
}
for (const box of document.querySelectorAll("[data-lines]")) {
  drawLines(box, data.charts[box.dataset.lines]);
}
performance.measure("charts drawn", "draw");

const redrawAll = () => {
  for (const chart of charts) chart.rebuild();
};
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redrawAll);
// Paper is light whatever the screen is, and has a width of its own.
matchMedia("print").addEventListener("change", redrawAll);
addEventListener("beforeprint", redrawAll);
addEventListener("afterprint", redrawAll);
document.documentElement.dataset.drawn = "";
