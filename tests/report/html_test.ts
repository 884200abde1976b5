// Nothing that is put into a page can become a part of it.

import assert from "node:assert/strict";
import fc from "fast-check";
import { escapeHtml, html, jsonInScript } from "../../lib/report/html.ts";
import { textOf } from "./page_reading.ts";

Deno.test("html() escapes text in elements and in attributes, and keeps markup", () => {
  const evil = `<img src=x onerror="alert('1')">&`;
  const made = html`<p title="${evil}">${evil} ${html`<b>${1}</b>`}</p>`.toString();
  const escaped = "&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;";
  assert.equal(made, `<p title="${escaped}">${escaped} <b>1</b></p>`);
});

Deno.test("html() puts lists one after the other and leaves nothings out", () => {
  assert.equal(
    html`<p>${[html`<i>a</i>`, "<", null, undefined, false, 0]}</p>`.toString(),
    "<p><i>a</i>&lt;0</p>",
  );
});

Deno.test("escapeHtml() is undone by reading, whatever the text", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), (text) => {
    const escaped = escapeHtml(text);
    assert.doesNotMatch(escaped, /[<>"']/);
    assert.equal(textOf(`<p>${escaped}</p>`), textOf(escaped));
  }));
});

Deno.test("jsonInScript() cannot end its element and reads back the same", () => {
  const evil = "</script><script>alert(1)</script><!-- ]]> \u2028 \u2029 &amp;";
  const made = jsonInScript({ [evil]: [evil] }).toString();
  assert.doesNotMatch(made, /[<>&\u2028\u2029]/);
  assert.deepEqual(JSON.parse(made), { [evil]: [evil] });
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    const text = jsonInScript(value).toString();
    assert.doesNotMatch(text, /[<>]/);
    assert.equal(JSON.stringify(JSON.parse(text)), JSON.stringify(value));
  }));
});
