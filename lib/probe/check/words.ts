/** Words for witnesses: who did what, what was answered, what was found. Pure. */
import type { Operation, Try } from "./history_index.ts";
import type { Entry } from "./run_case.ts";
import type { TableView } from "./table_view.ts";

/** Such as `writer 3 (operation 17, round 4)`. */
export function who({ first }: Operation): string {
  const round = first.round === undefined ? "" : `, round ${first.round}`;
  return `writer ${first.writer} (operation ${first.op}${round})`;
}

/** Begins a sentence. */
export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Such as `was answered 409 CommitFailedException`; each try of a resent one. */
export function answered({ tries }: Operation): string {
  const [first, ...more] = tries.map(answerWords) as [string, ...string[]];
  if (more.length === 0) {
    return tries[0]!.status === null ? "got no answer" : `was answered ${first}`;
  }
  return `was sent ${tries.length} times and answered ${[first, ...more].join(", then ")}`;
}

/** Such as `409 CommitFailedException`, or `nothing`. */
export function answerWords({ status, complete }: Try): string {
  if (status === null) return "nothing";
  return complete?.error_type === undefined ? String(status) : `${status} ${complete.error_type}`;
}

/** Such as `committed snapshot 17 on parent 16`. */
export function didWhat({ operation, intent, snapshotIds }: Entry): string {
  const verb = operation.first.kind === "transaction" ? "sent a transaction with" : "sent";
  const what = snapshotIds.length > 0
    ? `snapshot ${snapshotIds.join(" and ")}${parentWords(intent.parent_snapshot_id)}`
    : intent.columns !== undefined
    ? `a new column ${quoteAll(intent.columns)}`
    : intent.properties !== undefined
    ? `properties ${quoteAll(Object.entries(intent.properties).map(([k, v]) => `${k}=${v}`))}`
    : `${count(intent.files?.length ?? 0, "data file")}`;
  return `${verb} ${what}`;
}

function parentWords(parent: string | null | undefined): string {
  if (parent === undefined) return "";
  return parent === null ? ", the first of its branch," : ` on parent ${parent}`;
}

/** Such as `it is not in the branch, and none of its 2 data files is in the head's manifests`. */
export function foundWords({ sight, intent }: Entry, view: TableView): string {
  const files = intent.files?.length ?? 0;
  const inFiles = {
    all: `its ${count(files, "data file")} ${files === 1 ? "is" : "are"} in the head's manifests`,
    some: `only some of its ${files} data files are in the head's manifests`,
    none: `${
      files === 1 ? "its data file is not" : `none of its ${files} data files is`
    } in the head's manifests`,
    untold: undefined,
  }[sight.files];
  const inChain = !view.isWhole
    ? undefined
    : sight.isInChain
    ? "its snapshot is in the branch"
    : sight.isListed
    ? "its snapshot is listed, but is not in the branch"
    : "its snapshot is not in the table";
  return [inChain, inFiles].filter((text) => text !== undefined).join(", and ");
}

/** Such as `1 data file` or `3 data files`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

/** Names in quotes, with commas. */
export function quoteAll(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(", ");
}

/** A parent in words: `on parent 17`, or `as the first of the branch`. */
export function standsOn(parent: string | null): string {
  return parent === null ? "as the first of the branch" : `on parent ${parent}`;
}
