/** Ways to make a valid history wrong in one place, each with the kind of violation that fits. */
import type { HistoryRecord, Workload } from "../../lib/probe/history.ts";
import type { ViolationKind } from "../../lib/probe/verdict.ts";
import {
  acknowledged,
  addFiles,
  columnChanges,
  Copy,
  dropFiles,
  dropSnapshot,
  expectedConflicts,
  type Final,
  has,
  isCreatedByKnown,
  setHead,
  snapshotOf,
  undo,
  type Writable,
} from "./mutation_places.ts";

/** A history made wrong. */
export interface Mutated {
  readonly records: readonly HistoryRecord[];
  /** An operation that the witness must name. */
  readonly op?: number | undefined;
  /** The kind that fits, when it is not the mutation's own. */
  readonly kind?: ViolationKind;
}

/** One way to make a history wrong. */
export interface Mutation {
  readonly name: string;
  readonly kind: ViolationKind;
  /** Workloads whose histories have a place for it; by default all. */
  readonly workloads?: readonly Workload[];
  /** Changes the copy; tells what the witness must name, or false where there is no place for it. */
  readonly change: (copy: Copy) => Omit<Mutated, "records"> | false;
}

/** Applies a mutation to a copy of the history. `where` chooses among the places that fit. */
export function mutate(
  records: readonly HistoryRecord[],
  { mutation, where }: { readonly mutation: Mutation; readonly where: number },
): Mutated | undefined {
  const copy = new Copy(structuredClone(records) as HistoryRecord[], where);
  const changed = mutation.change(copy);
  return changed === false ? undefined : { records: copy.records, ...changed };
}

/** All of them. */
export const MUTATIONS: readonly Mutation[] = [
  {
    name: "an acknowledged commit is taken out",
    kind: "lost",
    change: (copy) => {
      const place = copy.pick(acknowledged(copy));
      if (place === undefined) return false;
      undo(place);
      return { op: place.operation.op };
    },
  },
  {
    name: "an acknowledged commit is taken out, and its child still names it",
    kind: "lost",
    change: (copy) => {
      const place = copy.pick(
        acknowledged(copy).filter(({ final, at }) =>
          copy.isWhole && at < final.snapshots.length - 1
        ),
      );
      if (place === undefined) return false;
      dropFiles(place.final, place.intent);
      dropSnapshot(place.final, place.intent.snapshot_id!);
      return { op: place.operation.op };
    },
  },
  {
    name: "the data files of an acknowledged commit are taken out",
    kind: "lost",
    change: (copy) => {
      const place = copy.pick(acknowledged(copy));
      if (place === undefined) return false;
      dropFiles(place.final, place.intent);
      return { op: place.operation.op };
    },
  },
  {
    name: "the last winner is replaced by one that lost to it, and both are acknowledged",
    kind: "lost",
    change: (copy) => {
      // An append of `schema` asserts the schema as well, which would be a second cause.
      if (!copy.isWhole || copy.is("multi-table", "schema")) return false;
      const pairs = copy.losers().filter(({ intent }) => has(intent)).flatMap((loser) => {
        const rival = acknowledged(copy).find((place) =>
          place.final === loser.final && place.at === loser.final.snapshots.length - 1 &&
          place.intent.parent_snapshot_id === loser.intent.parent_snapshot_id
        );
        return rival === undefined ? [] : [{ loser, rival }];
      });
      const pair = copy.pick(pairs);
      if (pair === undefined) return false;
      const { loser: { operation, intent, final }, rival } = pair;
      undo(rival);
      const snapshot = snapshotOf(intent, final.snapshots.at(-1));
      final.snapshots.push(snapshot);
      final.snapshot_log!.push({ snapshot_id: snapshot.snapshot_id, timestamp_ms: 1 });
      setHead(final, snapshot.snapshot_id);
      addFiles(final, intent, snapshot.sequence_number);
      copy.answer(operation, { outcome: "ok", status: 200 });
      return { op: rival.operation.op };
    },
  },
  {
    name: "a writer that lost is answered 200",
    kind: "lost",
    change: (copy) => {
      const loser = copy.pick(copy.losers().filter(({ intent }) => has(intent)));
      if (loser === undefined) return false;
      copy.answer(loser.operation, { outcome: "ok", status: 200 });
      return { op: loser.operation.op };
    },
  },
  {
    name: "a refused commit is put in",
    kind: "phantom",
    change: (copy) => {
      const loser = copy.pick(copy.losers().filter(({ intent }) => has(intent)));
      if (loser === undefined || copy.is("multi-table")) return false;
      const { operation, intent, final } = loser;
      const top = final.snapshots.at(-1);
      addFiles(final, intent, (top?.sequence_number ?? 0) + 1);
      if (!copy.isWhole) return { op: operation.op };
      const snapshot = snapshotOf(intent, top);
      snapshot.sequence_number = final.last_sequence_number! + 1;
      final.last_sequence_number = snapshot.sequence_number;
      final.snapshots.push(snapshot);
      final.snapshot_log!.push({ snapshot_id: snapshot.snapshot_id, timestamp_ms: 1 });
      setHead(final, snapshot.snapshot_id);
      return { op: operation.op };
    },
  },
  {
    name: "a refused commit stays in the list of snapshots",
    kind: "phantom",
    change: (copy) => {
      const loser = copy.pick(copy.losers().filter(({ intent }) => has(intent)));
      if (loser === undefined || copy.is("multi-table") || !copy.isWhole) return false;
      const { operation, intent, final } = loser;
      const parent = final.snapshots.find(({ snapshot_id }) =>
        snapshot_id === intent.parent_snapshot_id
      );
      final.snapshots.push(snapshotOf(intent, parent));
      return { op: operation.op };
    },
  },
  {
    name: "a data file is there twice",
    kind: "doubled",
    change: (copy) => {
      const place = copy.pick(copy.landed());
      if (place === undefined) return false;
      const file = place.final.files!.find(({ path }) => path === place.intent.files![0]!.path)!;
      place.final.files!.push({ ...file });
      place.final.rows_counted! += file.rows;
      const { tries, op } = place.operation;
      const isKeyed = tries.length > 1 && tries[0]!.invoke.idempotency_key !== undefined;
      return { op, ...(isKeyed ? { kind: "not-idempotent" } : {}) };
    },
  },
  {
    name: "a snapshot is listed twice",
    kind: "doubled",
    change: (copy) => {
      const place = copy.pick(copy.landed().filter(({ at }) => at !== -1));
      if (place === undefined) return false;
      place.final.snapshots.push({ ...place.final.snapshots[place.at]! });
      const { tries, op } = place.operation;
      const isKeyed = tries.length > 1 && tries[0]!.invoke.idempotency_key !== undefined;
      return { op, ...(isKeyed ? { kind: "not-idempotent" } : {}) };
    },
  },
  {
    name: "a snapshot stands on its grandparent",
    kind: "broken-chain",
    change: (copy) => {
      const place = copy.pick(copy.landed().filter(({ at }) => copy.isWhole && at >= 1));
      if (place === undefined) return false;
      const { final: { snapshots }, at, operation } = place;
      snapshots[at]!.parent_snapshot_id = snapshots[at - 1]!.parent_snapshot_id;
      return { op: operation.op };
    },
  },
  {
    name: "two neighbours have swapped their parents",
    kind: "broken-chain",
    change: (copy) => {
      const place = copy.pick(copy.landed().filter(({ at }) => copy.isWhole && at >= 1));
      if (place === undefined) return false;
      const { final: { snapshots }, at } = place;
      const [one, other] = [snapshots[at - 1]!, snapshots[at]!];
      [one.parent_snapshot_id, other.parent_snapshot_id] = [
        other.parent_snapshot_id,
        one.parent_snapshot_id,
      ];
      return { op: place.operation.op };
    },
  },
  {
    name: "the head is an ancestor of what was acknowledged last",
    kind: "broken-chain",
    change: (copy) => {
      const place = copy.pick(
        acknowledged(copy).filter(({ final, at }) =>
          copy.isWhole && at >= 1 && at === final.snapshots.length - 1
        ),
      );
      if (place === undefined) return false;
      dropFiles(place.final, place.intent);
      setHead(place.final, place.final.snapshots[place.at - 1]!.snapshot_id);
      return { op: place.operation.op };
    },
  },
  {
    name: "an answer names another parent",
    kind: "broken-chain",
    change: (copy) => {
      const own = copy.operations.filter(({ tries, outcome, intents, first }) =>
        outcome === "ok" && first.expect === undefined && tries.length === 1 &&
        intents[0]!.snapshot_id !== undefined &&
        tries[0]!.complete!.answer?.head === intents[0]!.snapshot_id
      );
      const operation = copy.pick(own);
      if (operation === undefined) return false;
      const answer = operation.tries[0]!.complete!.answer!;
      copy.answer(operation, { answer: { ...answer, head_parent: "5" } });
      return { op: operation.op };
    },
  },
  {
    name: "a sequence number is repeated",
    kind: "sequence",
    change: (copy) => {
      const landed = copy.landed();
      const pairs = landed.flatMap((child) => {
        const parent = landed.find(({ final, intent }) =>
          final === child.final && intent.snapshot_id === child.intent.parent_snapshot_id
        );
        return parent === undefined ? [] : [{ child, parent }];
      });
      const pair = copy.pick(pairs);
      if (pair === undefined) return false;
      const { child, parent } = pair;
      const number = parent.intent.sequence_number!;
      if (copy.isWhole) child.final.snapshots[child.at]!.sequence_number = number;
      else {
        for (const file of child.final.files!) {
          if (file.snapshot_id !== child.intent.snapshot_id) continue;
          (file as Writable<typeof file>).sequence_number = number;
        }
      }
      return { op: child.operation.op };
    },
  },
  {
    name: "the table's last sequence number is too low",
    kind: "sequence",
    change: (copy) => {
      const final = copy.pick(
        copy.finals.filter(({ snapshots }) => copy.isWhole && snapshots.length > 0),
      );
      if (final === undefined) return false;
      final.last_sequence_number = final.last_sequence_number! - 1;
      return {};
    },
  },
  {
    name: "a writer that lost to an acknowledged one is acknowledged and put in",
    kind: "two-winners",
    change: (copy) => {
      if (copy.is("multi-table", "schema", "stale")) return false;
      const loser = copy.pick(
        copy.losers().filter(({ intent, operation }) =>
          has(intent) &&
          copy.operations.some((rival) =>
            rival.outcome === "ok" && rival.first.expect === undefined && rival !== operation &&
            rival.intents[0]!.table === intent.table &&
            rival.intents[0]!.parent_snapshot_id === intent.parent_snapshot_id
          )
        ),
      );
      if (loser === undefined) return false;
      const { operation, intent, final } = loser;
      copy.answer(operation, { outcome: "ok", status: 200 });
      const snapshot = snapshotOf(intent, final.snapshots.at(-1));
      addFiles(final, intent, snapshot.sequence_number);
      if (copy.isWhole) {
        final.snapshots.push(snapshot);
        final.snapshot_log!.push({ snapshot_id: snapshot.snapshot_id, timestamp_ms: 1 });
        setHead(final, snapshot.snapshot_id);
        final.last_sequence_number = snapshot.sequence_number;
      }
      return { op: operation.op };
    },
  },
  {
    name: "a writer that lost gets another status than 409",
    kind: "wrong-status",
    change: (copy) => {
      const loser = copy.pick(copy.losers());
      const status = copy.pick([400, 404, 500, 502, 503])!;
      if (loser === undefined) return false;
      const answer = { status, outcome: status < 500 ? "fail" : "unknown" } as const;
      if (copy.is("create") && !isCreatedByKnown(copy, loser.intent.table)) return false;
      copy.answer(loser.operation, answer);
      return { op: loser.operation.op };
    },
  },
  {
    name: "a snapshot of the branch is not in the log",
    kind: "vanished",
    change: (copy) => {
      const place = copy.pick(
        copy.landed().filter(({ final }) => copy.isWhole && final.snapshots.length > 1),
      );
      if (place === undefined) return false;
      const { final, intent } = place;
      final.snapshot_log = final.snapshot_log!.filter(({ snapshot_id }) =>
        snapshot_id !== intent.snapshot_id
      );
      return { op: place.operation.op };
    },
  },
  {
    name: "a snapshot of the branch is not in the list",
    kind: "vanished",
    change: (copy) => {
      const place = copy.pick(
        copy.landed().filter(({ final, at }) => copy.isWhole && at < final.snapshots.length - 1),
      );
      if (place === undefined) return false;
      dropSnapshot(place.final, place.intent.snapshot_id!);
      return { op: place.operation.op };
    },
  },
  {
    name: "a table is gone",
    kind: "vanished",
    change: (copy) => {
      const place = copy.pick(
        copy.operations.filter(({ outcome, first, intents }) =>
          outcome === "ok" && first.expect === undefined && intents.length === 1
        ),
      );
      if (place === undefined) return false;
      const { table } = place.intents[0]!;
      const at = copy.records.findIndex((each) => each.type === "final" && each.table === table);
      copy.records[at] = { type: "final", run: 1, time_us: 1, table, missing: true };
      return copy.is("create") ? { kind: "create" } : {};
    },
  },
  {
    name: "a total of a summary is another",
    kind: "totals",
    change: (copy) => {
      const final = copy.pick(copy.finals.filter(({ snapshots }) => snapshots.length > 0));
      const snapshot = copy.pick(final?.snapshots ?? []);
      const key = copy.pick(["total-data-files", "total-records"])!;
      if (snapshot === undefined) return false;
      snapshot.summary[key] = String(Number(snapshot.summary[key]) + 1);
      return {};
    },
  },
  {
    name: "rows are missing in the data files",
    kind: "rows",
    change: (copy) => {
      const final = copy.pick(copy.finals.filter(({ files }) => files!.length > 0));
      if (final === undefined) return false;
      final.rows_counted = final.rows_counted! - 1;
      return {};
    },
  },
  {
    name: "the manifests give a file other rows",
    kind: "rows",
    change: (copy) => {
      const place = copy.pick(copy.landed());
      if (place === undefined) return false;
      const { path } = place.intent.files![0]!;
      const file = place.final.files!.find((each) => each.path === path)!;
      (file as Writable<typeof file>).rows++;
      place.final.rows_counted!++;
      return { op: place.operation.op };
    },
  },
  {
    name: "a transaction is absent in one of its tables",
    kind: "torn",
    workloads: ["multi-table"],
    change: (copy) => {
      if (!copy.is("multi-table")) return false;
      const place = copy.pick(
        copy.landed().filter(({ final, at }) =>
          copy.isWhole ? at === final.snapshots.length - 1 : at === -1
        ),
      );
      if (place === undefined) return false;
      undo(place);
      return { op: place.operation.op };
    },
  },
  {
    name: "a refused transaction is there in one of its tables",
    kind: "torn",
    workloads: ["multi-table"],
    change: (copy) => {
      const loser = copy.is("multi-table") ? copy.pick(copy.losers()) : undefined;
      if (loser === undefined) return false;
      addFiles(loser.final, loser.intent, 99);
      return { op: loser.operation.op };
    },
  },
  {
    name: "a table is created twice",
    kind: "create",
    workloads: ["create"],
    change: (copy) => {
      const loser = copy.is("create") ? copy.pick(copy.losers()) : undefined;
      if (loser === undefined) return false;
      // Without one that is known to have won, this one may have.
      if (!isCreatedByKnown(copy, loser.intent.table)) return false;
      copy.answer(loser.operation, { outcome: "ok", status: 200 });
      return { op: loser.operation.op };
    },
  },
  {
    name: "the table that is there is not the one that was created",
    kind: "create",
    workloads: ["create"],
    change: (copy) => {
      if (!copy.is("create")) return false;
      const final = copy.pick(copy.finals.filter(({ table }) => isCreatedByKnown(copy, table)));
      if (final === undefined) return false;
      final.table_uuid = "another";
      return {};
    },
  },
  {
    name: "an acknowledged column is missing",
    kind: "lost-change",
    workloads: ["schema"],
    change: (copy) => {
      const operation = copy.pick(columnChanges(copy));
      if (operation === undefined) return false;
      const [final] = copy.finals as [Final];
      const [name] = operation.intents[0]!.columns!;
      final.columns = final.columns!.filter((column) => column.name !== name);
      return { op: operation.op };
    },
  },
  {
    name: "two columns share an id",
    kind: "lost-change",
    workloads: ["schema"],
    change: (copy) => {
      const operation = copy.pick(columnChanges(copy));
      if (operation === undefined) return false;
      const [final] = copy.finals as [Final];
      const column = final.columns!.find(({ name }) => name === operation.intents[0]!.columns![0])!;
      (column as Writable<typeof column>).id = 1;
      return { op: operation.op };
    },
  },
  {
    name: "a column is there twice",
    kind: "doubled",
    workloads: ["schema"],
    change: (copy) => {
      const operation = copy.pick(columnChanges(copy));
      if (operation === undefined) return false;
      const [final] = copy.finals as [Final];
      final.columns = [...final.columns!, { id: 99, name: operation.intents[0]!.columns![0]! }];
      return { op: operation.op };
    },
  },
  {
    name: "a property has a value that was overwritten",
    kind: "lost-change",
    workloads: ["properties"],
    change: (copy) => {
      const settings = copy.operations.filter(({ intents, first }) =>
        intents[0]!.properties !== undefined && first.expect === undefined
      ).map((operation) => ({
        operation,
        entry: Object.entries(operation.intents[0]!.properties!)[0]!,
      }));
      const pairs = settings.flatMap((early) =>
        settings.filter((late) =>
          late.entry[0] === early.entry[0] && late.operation.outcome === "ok" &&
          early.operation.outcome === "ok" &&
          early.operation.settledUs < late.operation.startUs
        ).map((late) => ({ early, late }))
      );
      const pair = copy.pick(pairs);
      if (pair === undefined) return false;
      const [key, value] = pair.early.entry;
      copy.finals[0]!.properties![key] = value;
      return { op: pair.early.operation.op };
    },
  },
  {
    name: "an acknowledged property has vanished",
    kind: "lost-change",
    workloads: ["properties"],
    change: (copy) => {
      const operation = copy.pick(
        copy.operations.filter(({ intents, first, outcome }) =>
          intents[0]!.properties !== undefined && first.expect === undefined && outcome === "ok"
        ),
      );
      if (operation === undefined) return false;
      delete copy.finals[0]!.properties![Object.keys(operation.intents[0]!.properties!)[0]!];
      return {};
    },
  },
  {
    name: "an assertion that cannot hold is let through",
    kind: "assertion-ignored",
    workloads: ["properties", "stale"],
    change: (copy) => {
      const operation = copy.pick(expectedConflicts(copy));
      if (operation === undefined) return false;
      copy.answer(operation, { outcome: "ok", status: 200 });
      return { op: operation.op };
    },
  },
  {
    name: "an assertion that cannot hold gets another status than 409",
    kind: "wrong-status",
    workloads: ["properties", "stale"],
    change: (copy) => {
      const operation = copy.pick(expectedConflicts(copy));
      if (operation === undefined) return false;
      copy.answer(operation, { outcome: "unknown", status: 500 });
      return { op: operation.op };
    },
  },
  {
    name: "a key is answered otherwise after its success",
    kind: "not-idempotent",
    workloads: ["idempotency"],
    change: (copy) => {
      const again = copy.operations.flatMap((operation) => {
        const { tries } = operation;
        const at = tries.findIndex((each) =>
          each.invoke.idempotency_key !== undefined && each.outcome === "ok" &&
          tries.some((first) => first.outcome === "ok" && first.endUs < each.invoke.time_us)
        );
        return at === -1 ? [] : [{ operation, at }];
      });
      const place = copy.pick(again);
      if (place === undefined) return false;
      copy.answer(place.operation, { outcome: "fail", status: 409, error_type: "Odd" }, place.at);
      return { op: place.operation.tries[place.at]!.invoke.op };
    },
  },
  {
    name: "another request under a used key is acknowledged as new and is absent",
    kind: "lost",
    workloads: ["idempotency"],
    change: (copy) => {
      const operation = copy.pick(
        copy.operations.filter(({ first, intents, tries }) =>
          first.expect === "reused-key" && tries[0]!.complete?.answer !== undefined &&
          tries[0]!.complete.answer.head !== intents[0]!.snapshot_id
        ),
      );
      if (operation === undefined) return false;
      const answer = operation.tries[0]!.complete!.answer!;
      const head = operation.intents[0]!.snapshot_id!;
      copy.answer(operation, { answer: { ...answer, head, head_parent: null } });
      return { op: operation.op };
    },
  },
];
