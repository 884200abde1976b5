// The page of a probe's report: what stands in it, and that nothing can come in or get out.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { checkHistory } from "../../lib/probe/check/checker.ts";
import { formatCount, formatMs, formatRate, formatShare } from "../../lib/report/format.ts";
import { probeReport } from "../../lib/report/probe_report.ts";
import { bodyOf, dataOf, factsOf, resourcesOf, tablesOf, textOf } from "./page_reading.ts";
import { drawProbe } from "./support.ts";

const BAD = drawProbe({ seed: 1, loses: true, answers500: true });
const BAD_PAGE = probeReport(BAD);
const GOOD_PAGE = probeReport(drawProbe({ seed: 2, rounds: 10 }));

Deno.test("probeReport() says the verdict first, in words and with a sign", () => {
  const first = (page: string) => /<h1>(.*?)<\/h1>/s.exec(page)![1]!;
  assert.equal(textOf(first(BAD_PAGE)), "Violation");
  assert.equal(textOf(first(GOOD_PAGE)), "Valid");
  assert.match(first(BAD_PAGE), /<svg/);
  assert.ok(bodyOf(BAD_PAGE).indexOf("<h1>") < bodyOf(BAD_PAGE).indexOf("<h2>"));
});

Deno.test("probeReport() shows every answer and every figure of the numbers", () => {
  const shown = tablesOf(BAD_PAGE, "Answers by number of writers").flatMap((rows) => {
    const [head, ...body] = rows;
    return body.map((cells) => new Map(cells.map((cell, at) => [head![at]!, cell])));
  });
  assert.equal(shown.length, BAD.numbers.runs.length);
  for (const [at, run] of BAD.numbers.runs.entries()) {
    const row = shown[at]!;
    assert.equal(row.get("Writers"), String(run.writers));
    assert.equal(row.get("success"), formatShare(run.success_rate));
    assert.equal(row.get("commits/s"), formatRate(run.commits_per_s));
    for (const [status, count] of Object.entries(run.status)) {
      assert.equal(row.get(status === "none" ? "no answer" : status), formatCount(count));
    }
  }
  const figures = tablesOf(BAD_PAGE, "All figures")[0]!.slice(1).map((row) => row.slice(2));
  const expected = BAD.numbers.runs.flatMap((run) =>
    Object.entries(run.latency_ms).map(([status, latency]) =>
      [
        status === "none" ? "no answer" : status,
        formatCount(run.status[status]),
        ...[latency.p50, latency.p90, latency.p95, latency.p99, latency.max].map(formatMs),
      ].join(" ")
    )
  );
  assert.deepEqual(figures.map((row) => row.slice(0, 7).join(" ")).sort(), expected.sort());
});

Deno.test("probeReport() counts the operations at its top as the verdict does", () => {
  const facts = factsOf(BAD_PAGE);
  const sum = (of: (run: typeof BAD.verdict.runs[number]) => number) =>
    formatCount(BAD.verdict.runs.reduce((all, run) => all + of(run), 0));
  assert.equal(facts.get("acknowledged"), sum((run) => run.acknowledged));
  assert.equal(facts.get("conflicts"), sum((run) => run.conflicts));
  assert.equal(facts.get("violations"), String(BAD.verdict.violations.length));
});

Deno.test("probeReport() proves each violation with its words and the snapshots around it", () => {
  const body = bodyOf(BAD_PAGE);
  for (const { words, kind } of BAD.verdict.violations) {
    assert.ok(body.includes(`id="${kind}-1"`), kind);
    assert.ok(textOf(body).includes(words), words);
  }
  const lost = BAD.verdict.violations.find(({ kind }) => kind === "lost")!;
  const article = /<article class="witness" id="lost-1">(.*?)<\/article>/s.exec(body)![1]!;
  const nodes = [...article.matchAll(/<li\b[^>]*?class="([^"]*)"[^>]*>(.*?)<\/li>/gs)];
  const missing = nodes.filter(([, classes]) => classes!.includes("missing"));
  assert.equal(missing.length, 1);
  assert.match(textOf(missing[0]![2]!), /acknowledged, missing in the table/);
  assert.ok(textOf(missing[0]![2]!).includes(lost.snapshots[0]!));
  assert.ok(nodes.some(([, , text]) => textOf(text!).includes("head of the branch")));
});

Deno.test("probeReport() says what could not be checked, and of which runs", () => {
  assert.match(
    textOf(bodyOf(GOOD_PAGE)),
    /rows were not counted: commits without data \(append with 2, 4, 8, 16 and 32 writers; first commit with 8 writers\)/,
  );
});

Deno.test("probeReport() keeps its data as JSON that other programs read", () => {
  const data = dataOf(BAD_PAGE);
  assert.equal(data.format, "lakekeeper-ingest/probe-report");
  assert.deepEqual(data.verdict, JSON.parse(JSON.stringify(BAD.verdict)));
  assert.deepEqual(data.numbers, JSON.parse(JSON.stringify(BAD.numbers)));
  assert.deepEqual(data.header, BAD.header);
  for (const { run, attempts } of BAD.numbers.runs) {
    assert.equal(data.timelines[run].op.length, attempts);
  }
});

Deno.test("probeReport() marks operations by what the verdict says of them", () => {
  const data = dataOf(BAD_PAGE);
  const marksOf = (run: number) => {
    const { marks, mark } = data.timelines[run];
    return Object.groupBy(mark as number[], (index) => marks[index]);
  };
  assert.equal(marksOf(5).lost?.length, 1);
  assert.equal(marksOf(3).wrong?.length, BAD.numbers.runs[2]!.status["500"]);
  assert.equal(marksOf(3).conflict, undefined);
  assert.equal(marksOf(1).ok?.length, BAD.numbers.runs[0]!.status["200"]);
});

Deno.test("probeReport() refers to nothing outside of itself and lets no other script run", () => {
  for (const page of [BAD_PAGE, GOOD_PAGE]) {
    assert.deepEqual(resourcesOf(page), []);
    const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page)![1]!;
    assert.match(policy, /default-src &#39;none&#39;/);
    assert.doesNotMatch(policy, /https?:|\*|unsafe-eval/);
    const scripts = [...page.matchAll(/<script>(.*?)<\/script>/gs)].map(([, text]) => text!);
    assert.equal(scripts.length, 2);
    for (const script of scripts) {
      const hash = createHash("sha256").update(script).digest("base64");
      assert.ok(policy.includes(`sha256-${hash}`), "the policy does not know the script");
    }
  }
});

Deno.test("probeReport() keeps the licence of the library that it carries", () => {
  assert.match(BAD_PAGE, /The MIT License \(MIT\)[^]*Copyright \(c\) 2\d{3} Leon Sorokin/);
});

Deno.test("probeReport() has a title, a language, headings in order and both themes", () => {
  assert.match(BAD_PAGE, /<html lang="en">/);
  assert.match(BAD_PAGE, /<title>Violation: probe of http:\/\/127.0.0.1:8181\/catalog<\/title>/);
  assert.match(BAD_PAGE, /@media screen and \(prefers-color-scheme: dark\)/);
  assert.match(BAD_PAGE, /@media print/);
  const levels = [...bodyOf(BAD_PAGE).matchAll(/<h(\d)/g)].map(([, level]) => Number(level));
  assert.equal(levels.filter((level) => level === 1).length, 1);
  for (const [at, level] of levels.entries()) {
    assert.ok(at === 0 ? level === 1 : level - levels[at - 1]! <= 1, `heading ${at}`);
  }
  const ids = [...bodyOf(BAD_PAGE).matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id);
  assert.equal(new Set(ids).size, ids.length);
});

Deno.test("probeReport() escapes whatever a catalog says", () => {
  const evil = `</script><script>alert(1)</script><img src=x onerror=alert(1)>"'<!--`;
  const drawn = drawProbe({ seed: 3, rounds: 4, answers500: true, loses: true, message: evil });
  const header = {
    ...drawn.header,
    catalog: { ...drawn.header.catalog, uri: evil, warehouse: evil, server: evil },
    ...{ namespace: evil, command: evil, started: `"><script>alert(1)</script>` },
  };
  const verdict = {
    ...drawn.verdict,
    notes: [evil],
    runs: drawn.verdict.runs.map((run) => ({ ...run, reason: evil, unchecked: [evil] })),
    violations: drawn.verdict.violations.map((violation) => ({ ...violation, words: evil })),
  };
  const page = probeReport({ ...drawn, header, verdict });
  assert.equal([...page.matchAll(/<script\b/g)].length, 3);
  assert.equal([...page.matchAll(/<\/script/g)].length, 3);
  assert.doesNotMatch(page, /<img|<!--/);
  assert.equal(dataOf(page).header.command, evil);
});

Deno.test("probeReport() of 32 writers in 50 rounds, with retries, stays below two megabytes", () => {
  const page = probeReport(drawProbe({ seed: 4, writers: [2, 8, 32], retries: true }));
  assert.ok(page.length < 2_000_000, `${page.length} bytes`);
});

Deno.test("probeReport() shows what the checker finds in a history", () => {
  const verdict = checkHistory(BAD.records);
  const page = probeReport({ ...BAD, verdict });
  assert.equal(verdict.verdict, "violation");
  assert.equal(textOf(/<h1>(.*?)<\/h1>/s.exec(page)![1]!), "Violation");
  const body = textOf(bodyOf(page));
  for (const { words } of verdict.violations.slice(0, 5)) assert.ok(body.includes(words), words);
  const { marks, mark } = dataOf(page).timelines["5"];
  assert.equal((mark as number[]).filter((index) => marks[index] === "lost").length, 1);
});

Deno.test("probeReport() stands when next to nothing was recorded", () => {
  const [header, run] = BAD.records;
  const records = [header!, run!];
  const page = probeReport({
    header: BAD.header,
    records,
    verdict: {
      ...{ verdict: "unknown", reason: "The history was cut", violations: [], notes: [] },
      runs: [],
    },
    numbers: { runs: [], sweep: [], ceiling: null },
  });
  assert.match(textOf(bodyOf(page)), /Unknown The history was cut\./);
});
