/** What a run of JUnit reported, read from its XML files. */
import { parseXml, XmlElement } from "@rgrove/parse-xml";

/** How one test ended. */
export type Ending = "passed" | "failed" | "leftOut";

/** One test of a run. */
export interface TestEnding {
  readonly className: string;
  /** The method, as `testBasicCreateTable()`. */
  readonly name: string;
  readonly ending: Ending;
  /** Why it failed or was left out, in JUnit's words; empty when it passed. */
  readonly reason: string;
  /** Where it failed; empty when it did not. */
  readonly trace: string;
}

/**
 * Reads every `TEST-*.xml` of a folder.
 *
 * @throws {Error} when there is none, or one is no XML.
 */
export async function readReports(directory: string): Promise<TestEnding[]> {
  const endings: TestEnding[] = [];
  let count = 0;
  for await (const { name } of Deno.readDir(directory)) {
    if (!/^TEST-.*\.xml$/.test(name)) continue;
    count += 1;
    endings.push(...readReport(await Deno.readTextFile(`${directory}/${name}`)));
  }
  if (count === 0) throw new Error(`Cannot find a report in "${directory}": the kit wrote none`);
  return endings;
}

/** Reads one report. @throws {Error} when it is no XML. */
export function readReport(text: string): TestEnding[] {
  const { root } = parseXml(text);
  return elements(root ?? undefined, "testcase").map((test) => {
    const { name = "", classname: className = "" } = test.attributes;
    const failure = elements(test, "failure")[0] ?? elements(test, "error")[0];
    const skipped = elements(test, "skipped")[0];
    if (failure !== undefined) {
      const trace = failure.text.trim();
      const reason = failure.attributes["message"]?.trim() || firstLine(trace);
      return { className, name, ending: "failed", reason, trace };
    }
    if (skipped === undefined) return { className, name, ending: "passed", reason: "", trace: "" };
    return { className, name, ending: "leftOut", reason: skipReason(skipped.text), trace: "" };
  });
}

function elements(parent: XmlElement | undefined, name: string): XmlElement[] {
  return (parent?.children ?? []).filter((child): child is XmlElement =>
    child instanceof XmlElement && child.name === name
  );
}

/** JUnit gives the exception of an assumption with its stack; what the test says stands in brackets. */
function skipReason(text: string): string {
  const first = firstLine(text);
  const said = /assumption was not met due to: \[(.*)\]/.exec(first)?.[1];
  return said ?? first.replace(/^[\w.]+Exception: /, "").replace(/ due to:\s*$/, "");
}

function firstLine(text: string): string {
  return text.trim().split("\n")[0] ?? "";
}
