import assert from "node:assert/strict";
import { readReport } from "./report.ts";

const REPORT = `<?xml version="1.0" encoding="UTF-8"?>
<testsuite name="JUnit Jupiter" tests="5">
<properties><property name="a" value="b"/></properties>
<testcase name="good()" classname="kit.CatalogTests" time="0.1">
<system-out><![CDATA[unique-id: [engine:junit-jupiter]]]></system-out>
</testcase>
<testcase name="bad()" classname="kit.CatalogTests" time="0.1">
<failure message="&#xa;Expecting &quot;a&quot;" type="java.lang.AssertionError"><![CDATA[java.lang.AssertionError: no
	at kit.CatalogTests.bad(CatalogTests.java:1)
]]></failure>
</testcase>
<testcase name="broken()" classname="kit.CatalogTests">
<error type="java.lang.IllegalStateException"><![CDATA[java.lang.IllegalStateException: gone
	at x
]]></error>
</testcase>
<testcase name="aborted()" classname="kit.CatalogTests">
<skipped><![CDATA[org.junit.AssumptionViolatedException: assumption was not met due to: [Only for some] 
Expecting value to be true but was false
]]></skipped>
</testcase>
<testcase name="bare()" classname="kit.CatalogTests">
<skipped><![CDATA[org.junit.AssumptionViolatedException: assumption was not met due to: 
Expecting value to be true but was false
]]></skipped>
</testcase>
<testcase name="disabled()" classname="kit.CatalogTests">
<skipped><![CDATA[not configurable]]></skipped>
</testcase>
</testsuite>`;

Deno.test("readReport() tells how each test ended, and why", () => {
  assert.deepEqual(
    readReport(REPORT).map(({ name, ending, reason }) => [name, ending, reason]),
    [
      ["good()", "passed", ""],
      ["bad()", "failed", 'Expecting "a"'],
      ["broken()", "failed", "java.lang.IllegalStateException: gone"],
      ["aborted()", "leftOut", "Only for some"],
      ["bare()", "leftOut", "assumption was not met"],
      ["disabled()", "leftOut", "not configurable"],
    ],
  );
  assert.match(readReport(REPORT)[1]!.trace, /CatalogTests.java:1/);
});

Deno.test("readReport() refuses what is no XML", () => {
  assert.throws(() => readReport("<testsuite>"));
});
