/**
 * The frame of every report: one HTML file that needs nothing else. Style, charting library, drawing
 * script and data stand in it; a Content-Security-Policy forbids all network and every other script.
 */
import { createHash } from "node:crypto";
import uplotLicense from "uplot/LICENSE" with { type: "text" };
import uplotScript from "uplot/dist/uPlot.iife.min.js" with { type: "text" };
import uplotStyle from "uplot/dist/uPlot.min.css" with { type: "text" };
import { html, jsonInScript, Markup } from "./html.ts";
import chartsScript from "./page/charts.js" with { type: "text" };
import pageStyle from "./page/page.css" with { type: "text" };
import startScript from "./page/start.js" with { type: "text" };
import timelineScript from "./page/timeline.js" with { type: "text" };

/** What a report's page is made of. */
export interface PageParts {
  /** The page's title, as text. */
  readonly title: string;
  /** What stands between the page's header and its footer. */
  readonly body: Markup;
  /** Names the kind of report beside the tool's name. */
  readonly kind: string;
  /** RFC 3339: when what is told began. */
  readonly started: string;
  /** Version of this program, for the footer. */
  readonly toolVersion: string;
  /** JSON-ready; stands in the page as `<script type="application/json" id="data">`. */
  readonly data: unknown;
}

/** What scripts may hold only as text: it would end the element. */
function script(text: string): { readonly markup: Markup; readonly hash: string } {
  if (/<\/script|<!--/i.test(text)) throw new TypeError("a script of the page would end itself");
  // Browsers hash what they have parsed, and parsing makes line ends alike.
  const content = text.replaceAll(/\r\n?/g, "\n");
  const hash = createHash("sha256").update(content).digest("base64");
  return { markup: new Markup(`<script>${content}</script>`), hash: `'sha256-${hash}'` };
}

/** Modules that import from each other only, each after those that it needs, as one script. */
function joinModules(modules: readonly string[]): string {
  const texts = modules.map((module) =>
    module.replaceAll(/^import\s[^;]*;$/gm, "").replaceAll(/^export (?=function|const|class)/gm, "")
  );
  return `(function () {\n"use strict";\n${texts.join("\n")}\n})();\n`;
}

function style(text: string): Markup {
  if (/<\/style/i.test(text)) throw new TypeError("a style of the page would end itself");
  return new Markup(`<style>${text}</style>`);
}

/** Makes the page. */
export function renderPage(parts: PageParts): string {
  const library = script(
    `/*!\n${uplotLicense.trim().replaceAll("*/", "* /")}\n*/\n` +
      // Where the library comes from stands in its licence; no address is needed beside it.
      uplotScript.replace(/^\/\*!.*?\*\/\s*/s, ""),
  );
  const drawing = script(joinModules([chartsScript, timelineScript, startScript]));
  const policy = [
    "default-src 'none'",
    `script-src ${library.hash} ${drawing.hash}`,
    "style-src 'unsafe-inline'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  return html`
    <!DOCTYPE html>
    <html lang="en">
      <head>
    <meta charset="utf-8">
    <meta http-equiv="Content-Security-Policy" content="${policy}">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <meta name="generator" content="lakekeeper-ingest ${parts.toolVersion}">
    <meta name="referrer" content="no-referrer">
    <title>${parts.title}</title>
    ${style(uplotStyle)}
    ${style(pageStyle)}
      </head>
      <body>
    <a class="skip" href="#content">Skip to the content</a>
    <header class="top">
    <p class="brand">lakekeeper-ingest <span>${parts.kind}</span></p>
    <p><time datetime="${parts.started}">${parts.started.slice(0, 16).replace(
      "T",
      " ",
    )} UTC</time></p>
    </header>
    <main id="content">
    ${parts.body}
    </main>
    <footer class="bottom">
    <p>Made by lakekeeper-ingest ${parts
      .toolVersion}. The data of this page stand in it as JSON, in the
    element with the id “data”.</p>
    </footer>
    <script type="application/json" id="data">${jsonInScript(parts.data)}</script>
    ${library.markup}
    ${drawing.markup}
      </body>
    </html>
  `.toString();
}
