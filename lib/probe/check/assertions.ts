/**
 * What an operation asserts about a table, and which of these assertions it makes false for others
 * when it succeeds (REST spec, `TableRequirement`). Pure. Two operations that assert the same and
 * both make it false are in a race that only one of them can win.
 */
import type { IntentRecord } from "../history.ts";

/** What an intent asserts: texts that are equal when, and only when, the assertions are. */
export interface Assertions {
  /** One for each requirement that can cease to hold, such as `ns.t: main is at 17`. */
  readonly asserts: readonly string[];
  /** Those of `asserts` that no longer hold once the intent is carried out. */
  readonly moves: readonly string[];
}

/** Reads the assertions of an intent; those about the table's uuid never change, so are left out. */
export function assertionsOf(intent: IntentRecord): Assertions {
  const asserts: string[] = [];
  const moves: string[] = [];
  for (const requirement of intent.requirements) {
    const assertion = readRequirement(requirement);
    if (assertion === undefined) continue;
    const key = `${intent.table}: ${assertion.text}`;
    asserts.push(key);
    if (assertion.moved === "snapshot" && intent.snapshot_id !== undefined) moves.push(key);
    if (assertion.moved === "columns" && (intent.columns?.length ?? 0) > 0) moves.push(key);
  }
  return { asserts, moves };
}

/** An assertion key in words, such as `main is at snapshot 17`. */
export function assertionWords(key: string): string {
  return key.slice(key.indexOf(": ") + 2);
}

/** Everything that an intent asserts, in words: what these keys leave out as well. */
export function allAssertionWords({ requirements }: IntentRecord): string {
  return requirements.map((requirement) =>
    readRequirement(requirement)?.text ??
      (requirement.type === "assert-table-uuid"
        ? `the table's uuid is ${requirement.uuid}`
        : String(requirement.type))
  ).join(" and that ");
}

function readRequirement(
  requirement: Readonly<Record<string, unknown>>,
): { readonly text: string; readonly moved: "snapshot" | "columns" } | undefined {
  switch (requirement.type) {
    case "assert-ref-snapshot-id": {
      if (requirement.ref !== "main") return undefined;
      const id = requirement["snapshot-id"];
      const text = id === null || id === undefined ? "main is not there" : `main is at ${id}`;
      return { text, moved: "snapshot" };
    }
    case "assert-current-schema-id":
      return {
        text: `the current schema is ${requirement["current-schema-id"]}`,
        moved: "columns",
      };
    case "assert-last-assigned-field-id":
      return {
        text: `the last field id is ${requirement["last-assigned-field-id"]}`,
        moved: "columns",
      };
    default:
      return undefined;
  }
}
