// The reports in a real browser: on a phone, on a desk, in the dark and on paper. Nothing is fetched,
// nothing goes wrong, the charts are there, and the figures are those of the data.

import assert from "node:assert/strict";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { probeReport } from "../../lib/report/probe_report.ts";
import { formatCount, formatRate, formatShare } from "../../lib/report/format.ts";
import { drawProbe } from "../report/support.ts";
import { startChromium } from "./parts/chromium.ts";
import { runTool } from "./tool.ts";

/** Longest time that the largest timeline may take to be drawn. */
const DRAW_MS_MAX = 2_000;

const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 };
const DESK = { viewport: { width: 1280, height: 900 } };
const VIEWS: Readonly<Record<string, BrowserContextOptions>> = {
  "a phone": { ...PHONE, hasTouch: true },
  "a phone in the dark": { ...PHONE, colorScheme: "dark" },
  "a desk": DESK,
  "a desk in the dark": { ...DESK, colorScheme: "dark" },
};

const browser: Browser = await startChromium();
const directory = await Deno.makeTempDir({ prefix: "lakekeeper-ingest-report-" });

/** A page that is open, and what went wrong in it. */
interface OpenPage extends AsyncDisposable {
  readonly page: Page;
  /** Errors of scripts and of the policy, and requests for anything but the page itself. */
  readonly faults: string[];
}

async function openPage(path: string, options: BrowserContextOptions = DESK): Promise<OpenPage> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const url = pathToFileURL(path).href;
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(`error: ${error.message}`));
  page.on("console", (message) => faults.push(`console: ${message.text()}`));
  page.on("dialog", (dialog) => {
    faults.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("request", (request) => {
    if (request.url() !== url) faults.push(`request: ${request.url()}`);
  });
  await page.goto(url);
  if (options.javaScriptEnabled !== false) await page.waitForSelector("html[data-drawn]");
  return { page, faults, [Symbol.asyncDispose]: () => context.close() };
}

/** Pixels of each chart that are not the ground, by the label of the chart. */
async function inkOfCharts(page: Page): Promise<Map<string, number>> {
  const found: [string, number][] = await page.evaluate(`
    [...document.querySelectorAll(".plot")].map((box) => {
      const canvas = box.querySelector("canvas");
      if (canvas === null) return [box.ariaLabel, 0];
      const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
      let ink = 0;
      for (let at = 3; at < pixels.length; at += 4) if (pixels[at] > 0) ink++;
      return [box.ariaLabel, ink];
    })`);
  return new Map(found);
}

/** What the first timeline shows now, as a picture. */
function pictureOf(page: Page): Promise<string> {
  return page.evaluate(
    `document.querySelector("[data-chart=timeline] canvas").toDataURL()`,
  ) as Promise<string>;
}

/** The picture once it is another one. */
async function pictureOtherThan(page: Page, before: string): Promise<string> {
  const startMs = performance.now();
  while (performance.now() - startMs < 5_000) {
    const picture = await pictureOf(page);
    if (picture !== before) return picture;
    await page.waitForTimeout(20);
  }
  throw new Error("the chart was not drawn anew");
}

async function writePage(name: string, page: string): Promise<string> {
  const path = join(directory, `${name}.html`);
  await Deno.writeTextFile(path, page);
  return path;
}

const DRAWN = drawProbe({ seed: 1, loses: true, answers500: true });
const PROBE = await writePage("probe", probeReport(DRAWN));

async function makeLoad(name: string, args: readonly string[]) {
  const report = join(directory, `${name}.html`);
  const result = await runTool(
    [...args, "--uri", `embedded:${directory}/${name}`, "--json", "--report", report],
    { cwd: directory },
  );
  const lines = result.stdout.trim().split("\n").map((line) => JSON.parse(line));
  return { ...result, report, summary: lines.at(-1) };
}

const LOAD = await makeLoad("load", ["--rows", "8k", "--chunk-size", "200", "--workers", "4"]);
const FAILED = await makeLoad("failed", [
  ...["--rows", "4k", "--chunk-size", "200", "--workers", "4", "--commit-retries", "0"],
]);

for (const [view, options] of Object.entries(VIEWS)) {
  for (const [name, path] of [["probe", PROBE], ["load", LOAD.report], ["failed", FAILED.report]]) {
    Deno.test(`the report of a ${name} on ${view}: no error, no request, every chart drawn`, async () => {
      await using open = await openPage(path!, options);
      const { page, faults } = open;
      const inks = await inkOfCharts(page);
      assert.ok(inks.size >= (name === "probe" ? 6 : 2), `${inks.size} charts`);
      for (const [label, ink] of inks) assert.ok(ink > 500, `${label}: ${ink} pixels`);
      const wide: number = await page.evaluate("document.documentElement.scrollWidth");
      assert.ok(wide <= options.viewport!.width, `${wide} pixels wide`);
      assert.deepEqual(faults, []);
    });
  }
}

Deno.test("the report of a probe shows the figures of its data, each in its place", async () => {
  await using open = await openPage(PROBE);
  const { page } = open;
  const data = JSON.parse((await page.textContent("#data"))!);
  assert.deepEqual(data.numbers, JSON.parse(JSON.stringify(DRAWN.numbers)));
  const tables = await page.getByRole("group", { name: "Answers by number of writers" }).all();
  const rows: string[][] = [];
  for (const table of tables) {
    for (const row of await table.locator("tbody tr").all()) {
      rows.push(await row.locator("th, td:not(.bar)").allInnerTexts());
    }
  }
  assert.deepEqual(
    rows.map((row) => [row[0], ...row.slice(-4, -1)]),
    data.numbers.runs.map((run: typeof DRAWN.numbers.runs[number]) => [
      String(run.writers),
      formatShare(run.success_rate),
      formatShare(run.fair_rate),
      formatRate(run.commits_per_s),
    ]),
  );
  assert.equal(await page.getByRole("heading", { level: 1 }).innerText(), "Violation");
});

Deno.test("the report of a load shows the figures that --json printed", async () => {
  assert.equal(LOAD.code, 0, LOAD.stderr);
  await using open = await openPage(LOAD.report);
  const { page } = open;
  const { type: _, time: _time, ...printed } = LOAD.summary;
  const { type: _type, ...shown } = JSON.parse((await page.textContent("#data"))!).summary;
  assert.deepEqual(shown, printed);
  const facts = await page.locator(".facts > div").allInnerTexts();
  const factOf = (name: string) =>
    facts.map((fact) => fact.split("\n")).find((lines) => lines.includes(name))?.find((line) =>
      line !== name && line !== ""
    );
  assert.equal(factOf("rows committed"), formatCount(printed.rows_committed));
  assert.equal(factOf("retries"), formatCount(printed.retries));
  assert.equal(factOf("chunks failed"), "0");
});

Deno.test("the report of a probe against a catalog shows what --json printed", async () => {
  const report = join(directory, "race.html");
  const result = await runTool(
    [
      ...["probe", "--writers", "2,4", "--commits", "8", "--workload", "append", "--json"],
      ...["--uri", `embedded:${directory}/race`, "--report", report],
    ],
    { cwd: directory },
  );
  assert.equal(result.code, 0, result.stderr);
  const printed = JSON.parse(result.stdout.trim().split("\n").at(-1)!);
  await using open = await openPage(report);
  const { page, faults } = open;
  const data = JSON.parse((await page.textContent("#data"))!);
  const rounded = JSON.parse(
    JSON.stringify(data),
    (_, value) => typeof value === "number" ? Math.round(value * 1000) / 1000 : value,
  );
  assert.deepEqual(rounded.numbers.runs, printed.numbers);
  assert.deepEqual(rounded.verdict.runs, printed.runs);
  assert.equal(data.verdict.verdict, printed.verdict);
  assert.equal(await page.getByRole("heading", { level: 1 }).innerText(), "Valid");
  const shown = await page.locator("#append tbody tr").first().locator("th, td:not(.bar)")
    .allInnerTexts();
  const [first] = printed.numbers;
  assert.deepEqual(shown.slice(1, 3), [first.status["200"], first.status["409"]].map(formatCount));
  for (const [label, ink] of await inkOfCharts(page)) assert.ok(ink > 500, `${label}: ${ink}`);
  assert.deepEqual(faults, []);
});

Deno.test("the timeline zooms by drag, by buttons and by keys, and shows all again", async () => {
  await using open = await openPage(PROBE);
  const { page, faults } = open;
  const figure = page.locator("[data-chart=timeline]").first();
  const whole = await pictureOf(page);
  const over = figure.locator(".u-over");
  await over.scrollIntoViewIfNeeded();
  const box = (await over.boundingBox())!;
  await page.mouse.move(box.x + box.width * 0.3, box.y + 40);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.5, box.y + 60, { steps: 5 });
  await page.mouse.up();
  assert.notEqual(await figure.getAttribute("data-zoomed"), null);
  assert.notEqual(await pictureOf(page), whole);
  await over.dblclick();
  assert.equal(await figure.getAttribute("data-zoomed"), null);

  await page.getByRole("button", { name: "Zoom in" }).first().click();
  assert.notEqual(await figure.getAttribute("data-zoomed"), null);
  await page.getByRole("button", { name: "All" }).first().click();
  assert.equal(await figure.getAttribute("data-zoomed"), null);

  await figure.locator(".plot").focus();
  await page.keyboard.press("+");
  assert.notEqual(await figure.getAttribute("data-zoomed"), null);
  await page.keyboard.press("0");
  assert.equal(await figure.getAttribute("data-zoomed"), null);
  assert.deepEqual(faults, []);
});

Deno.test("the timeline tells of an operation by keys and by a click", async () => {
  await using open = await openPage(PROBE);
  const { page } = open;
  const figure = page.locator("[data-chart=timeline]").first();
  const told = figure.locator(".told");
  await figure.locator(".plot").focus();
  await page.keyboard.press("ArrowRight");
  const first = await told.innerText();
  assert.match(first, /^Writer \d+ · round 0 · op \d+ — (HTTP \d+ · )?[\d.]+ ms/);
  await page.keyboard.press("ArrowRight");
  assert.notEqual(await told.innerText(), first);
  await page.keyboard.press("Escape");
  assert.equal(await told.innerText(), "");
  await figure.locator(".u-over").scrollIntoViewIfNeeded();
  const box = (await figure.locator(".u-over").boundingBox())!;
  await page.mouse.click(box.x + 6, box.y + box.height / 16);
  assert.match(await told.innerText(), /^Writer 0 /);
});

Deno.test("another run is chosen by its number of writers", async () => {
  await using open = await openPage(PROBE);
  const { page, faults } = open;
  const section = page.locator("#append");
  const before = await pictureOf(page);
  await section.locator("label", { hasText: /^32$/ }).click();
  assert.notEqual(await pictureOf(page), before);
  const run = DRAWN.numbers.runs.find(({ writers }) => writers === 32)!;
  const legend = await section.locator(".legend:visible").innerText();
  const counted = [...legend.matchAll(/([\d,]+)\s*(?:\n|$)/g)]
    .reduce((sum, [, count]) => sum + Number(count!.replaceAll(",", "")), 0);
  assert.equal(counted, run.attempts);
  assert.match(await section.locator("caption:visible").innerText(), /32 writers/);
  assert.deepEqual(faults, []);
});

Deno.test(`32 writers in 50 rounds with retries are drawn within ${DRAW_MS_MAX} ms`, async () => {
  const path = await writePage(
    "large",
    probeReport(drawProbe({ seed: 4, writers: [32], retries: true })),
  );
  const startMs = performance.now();
  await using open = await openPage(path);
  const { page } = open;
  const openMs = performance.now() - startMs;
  const drawMs: number = await page.evaluate(
    `performance.getEntriesByName("charts drawn")[0].duration`,
  );
  const operations: number = await page.evaluate(
    `JSON.parse(document.getElementById("data").textContent).timelines[1].op.length`,
  );
  // What a zoom costs: redrawing everything, to the next frame.
  const zoomMs: number = await page.evaluate(`new Promise((resolve) => {
    const from = performance.now();
    document.querySelector("[data-zoom=in]").click();
    requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - from)));
  })`);
  console.log(
    `${operations} operations: opened and drawn in ${openMs.toFixed(0)} ms, of which drawing ` +
      `${drawMs.toFixed(0)} ms; a zoom in ${zoomMs.toFixed(0)} ms`,
  );
  assert.ok(operations >= 32 * 50, `${operations} operations`);
  assert.ok(openMs < DRAW_MS_MAX, `${openMs} ms`);
  assert.ok(zoomMs < 200, `${zoomMs} ms`);
});

Deno.test("the charts follow the theme, and are light on paper", async () => {
  await using open = await openPage(PROBE);
  const { page, faults } = open;
  const light = await pictureOf(page);
  await page.emulateMedia({ colorScheme: "dark" });
  const dark = await pictureOtherThan(page, light);
  await page.emulateMedia({ colorScheme: "dark", media: "print" });
  const paper = await page.evaluate(
    `getComputedStyle(document.documentElement).getPropertyValue("--paper").trim()`,
  );
  assert.match(String(paper), /^#fff(fff)?$/);
  await pictureOtherThan(page, dark);
  const pdf = await page.pdf({ format: "A4", printBackground: true });
  assert.ok(pdf.length > 50_000, `${pdf.length} bytes`);
  assert.deepEqual(faults, []);
});

Deno.test("texts and marks stand out from the ground in both themes", async () => {
  for (const colorScheme of ["light", "dark"] as const) {
    await using open = await openPage(PROBE, { ...DESK, colorScheme });
    const ratios: Record<string, number> = await open.page.evaluate(CONTRASTS);
    for (const [name, ratio] of Object.entries(ratios)) {
      const least = name.startsWith("m-") ? 3 : 4.5;
      assert.ok(ratio >= least, `${name} in ${colorScheme}: ${ratio.toFixed(2)}`);
    }
  }
});

/** Contrasts of the theme's colours with the ground, as WCAG 2 counts them. */
const CONTRASTS = `(() => {
  const style = getComputedStyle(document.documentElement);
  const light = (name) => {
    const hex = style.getPropertyValue("--" + name).trim().slice(1);
    const [r, g, b] = [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255)
      .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const names = ["ink", "ink-2", "link", "good", "bad", "open", "m-ok", "m-conflict", "m-refused",
    "m-wrong", "m-unknown", "m-lost", "m-work"];
  const paper = light("paper");
  return Object.fromEntries(names.map((name) => {
    const own = light(name);
    return [name, (Math.max(own, paper) + 0.05) / (Math.min(own, paper) + 0.05)];
  }));
})()`;

Deno.test("every figure is in the page when scripts do not run", async () => {
  await using open = await openPage(PROBE, { ...DESK, javaScriptEnabled: false });
  const { page } = open;
  const shown = (await page.locator("caption:visible").allInnerTexts()).length;
  assert.equal(shown, DRAWN.numbers.runs.length);
  assert.equal(await page.locator("#figures tbody tr").count() > 10, true);
});

Deno.test("nothing that a catalog says is carried out", async () => {
  const message = `</script><script>alert(1)</script><img src=x onerror=alert(2)>`;
  const drawn = drawProbe({ seed: 5, rounds: 5, answers500: true, loses: true, message });
  const notes = [message];
  const path = await writePage(
    "hostile",
    probeReport({ ...drawn, verdict: { ...drawn.verdict, notes } }),
  );
  await using open = await openPage(path);
  assert.equal(await open.page.locator("img").count(), 0);
  assert.ok((await open.page.innerText("body")).includes(message));
  assert.deepEqual(open.faults, []);
});

Deno.test("a script that is not the page's own does not run, and nothing is fetched", async () => {
  await using open = await openPage(PROBE);
  const { page, faults } = open;
  await page.evaluate(`(() => {
    const script = document.createElement("script");
    script.textContent = "window.foreign = true";
    document.body.append(script);
    fetch("http://127.0.0.1:9/").catch(() => {});
  })()`);
  assert.equal(await page.evaluate("window.foreign"), undefined);
  await page.waitForTimeout(100);
  assert.equal(faults.filter((fault) => fault.startsWith("request:")).length, 0, faults.join("\n"));
  assert.ok(faults.some((fault) => fault.includes("Content Security Policy")), faults.join("\n"));
});

Deno.test("the browser is closed", async () => {
  await browser.close();
  await Deno.remove(directory, { recursive: true });
});
