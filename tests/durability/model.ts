/** What must be in a warehouse: an account of every request that was acknowledged or cut off. */

/** Something that belongs to one writer, with the last mark that was set on it. */
export interface Owned {
  readonly kind: "table" | "view" | "namespace";
  /** The operation that made it. */
  readonly born: string;
  /** The last operation that changed it. */
  readonly mark: string;
}

/** A writer's own things by name. */
export type OwnedThings = ReadonlyMap<string, Owned>;

/** What an operation does to a table that all writers share. */
export interface Effect {
  readonly table: string;
  readonly snapshotId?: bigint;
  /** A property that this writer alone sets, and its new value. */
  readonly property?: readonly [key: string, value: string];
}

/** A request with what it does when it is carried out. */
export interface Operation {
  readonly id: string;
  /** For people, such as `rename table`. */
  readonly label: string;
  readonly method: "POST" | "DELETE";
  /** Below `/v1/`. */
  readonly path: string;
  readonly body: string | undefined;
  /** Its Idempotency-Key. */
  readonly key: string | undefined;
  /** Whether another writer may be faster, so that 409 is an answer. */
  readonly mayLose: boolean;
  /** The writer's things after it. */
  readonly own: (before: OwnedThings) => OwnedThings;
  readonly effects: readonly Effect[];
}

/** A shared table as it was found. */
export interface FoundTable {
  /** From the first to the head of main. */
  readonly chain: readonly bigint[];
  readonly properties: Readonly<Record<string, string>>;
}

/** What was found in a warehouse whose servers are dead. */
export interface Found {
  /** The things of a writer. */
  owned(writer: string): OwnedThings;
  readonly shared: ReadonlyMap<string, FoundTable>;
  /** Whether a success is kept under this key. */
  hasSuccess(key: string): boolean;
}

/** Counts of a run; all but the first two must stay 0. */
export interface Counts {
  acknowledged: number;
  /** Cut off, and found done or not done. */
  unfinished: { present: number; absent: number };
  /** Acknowledged and gone. */
  lost: number;
  /** Half of an operation, or what nobody has asked for. */
  torn: number;
  /** Carried out more than once. */
  doubled: number;
}

/** Whether an operation that was cut off has been carried out. */
export type Fate = "present" | "absent";

/** The account of one run. */
export class Model {
  readonly counts: Counts = {
    acknowledged: 0,
    unfinished: { present: 0, absent: 0 },
    lost: 0,
    torn: 0,
    doubled: 0,
  };
  /** What is wrong, for people. */
  readonly findings: string[] = [];
  readonly #owned = new Map<string, OwnedThings>();
  readonly #snapshots = new Map<string, Set<bigint>>();
  readonly #properties = new Map<string, Map<string, string>>();
  readonly #pending = new Map<string, Operation>();

  /** The things of a writer. */
  owned(writer: string): OwnedThings {
    return this.#owned.get(writer) ?? new Map();
  }

  /** The operation that was cut off, if any. */
  pending(writer: string): Operation | undefined {
    return this.#pending.get(writer);
  }

  /** An operation goes out. */
  begin(writer: string, operation: Operation): void {
    this.#pending.set(writer, operation);
  }

  /** It was refused: nothing of it may be found. */
  refused(writer: string): void {
    this.#pending.delete(writer);
  }

  /** It was acknowledged, or found: all of it must be there from now on. */
  done(writer: string, how: "acknowledged" | "found" = "acknowledged"): void {
    const operation = this.#pending.get(writer)!;
    this.#pending.delete(writer);
    if (how === "acknowledged") this.counts.acknowledged += 1;
    this.#owned.set(writer, operation.own(this.owned(writer)));
    for (const { table, snapshotId, property } of operation.effects) {
      if (snapshotId !== undefined) this.#snapshotsOf(table).add(snapshotId);
      if (property !== undefined) this.#propertiesOf(table).set(...property);
    }
  }

  /** Notes something wrong. */
  note(kind: "lost" | "torn" | "doubled", finding: string): void {
    this.counts[kind] += 1;
    this.findings.push(`${kind}: ${finding}`);
  }

  /**
   * Compares everything with what was found after a kill. Operations that were cut off and found are
   * counted as done; of those with a key the others stay pending.
   *
   * @returns the fate of each operation that was cut off, by writer.
   */
  judge(found: Found, writers: readonly string[]): Map<string, Fate> {
    const fates = new Map<string, Fate>();
    const unsure = new Map(this.#pending);
    for (const writer of writers) {
      const fate = this.#judgeWriter(writer, found);
      if (fate !== undefined) fates.set(writer, fate);
    }
    for (const [table, state] of found.shared) this.#judgeShared(table, state, unsure);
    for (const table of this.#snapshots.keys()) {
      if (!found.shared.has(table)) this.note("lost", `the table "${table}"`);
    }
    return fates;
  }

  #judgeWriter(writer: string, found: Found): Fate | undefined {
    const operation = this.#pending.get(writer);
    const before = this.owned(writer);
    const actual = found.owned(writer);
    if (operation === undefined) {
      this.#sameOwned(writer, before, actual);
      return undefined;
    }
    const after = operation.own(before);
    const fate = fateOf(operation, { found, before, after, actual });
    if (operation.key !== undefined && found.hasSuccess(operation.key) !== (fate === "present")) {
      const place = fate === "present" ? "is there without its reply" : "has a reply and is absent";
      this.note("torn", `${describe(operation)} ${place}`);
    }
    if (fate === "torn") this.note("torn", `half of ${describe(operation)}`);
    if (fate === "absent") {
      this.#sameOwned(writer, before, actual);
      this.counts.unfinished.absent += 1;
      if (operation.key === undefined) this.refused(writer);
      return "absent";
    }
    this.#sameOwned(writer, after, actual);
    this.counts.unfinished.present += 1;
    this.done(writer, "found");
    return "present";
  }

  /** Whatever differs is noted, and then taken as it is, so that it is noted once. */
  #sameOwned(writer: string, expected: OwnedThings, actual: OwnedThings): void {
    for (const name of new Set([...expected.keys(), ...actual.keys()])) {
      const [wanted, is] = [expected.get(name), actual.get(name)];
      if (sameThing(wanted, is)) continue;
      this.note("lost", `"${name}" should be ${textOf(wanted)} and is ${textOf(is)}`);
    }
    this.#owned.set(writer, actual);
  }

  #judgeShared(table: string, state: FoundTable, unsure: ReadonlyMap<string, Operation>): void {
    const wanted = this.#snapshotsOf(table);
    const chain = new Set(state.chain);
    const cut = [...unsure.values()].flatMap((operation) => operation.effects)
      .filter((effect) => effect.table === table);
    for (const id of wanted) {
      if (chain.has(id)) continue;
      wanted.delete(id);
      this.note("lost", `snapshot ${id} of "${table}"`);
    }
    for (const id of chain) {
      if (wanted.has(id) || cut.some((effect) => effect.snapshotId === id)) continue;
      wanted.add(id);
      this.note("torn", `snapshot ${id} of "${table}" was never acknowledged`);
    }
    const properties = this.#propertiesOf(table);
    for (const [key, value] of properties) {
      const is = state.properties[key];
      if (is === value) continue;
      if (is === undefined) properties.delete(key);
      else properties.set(key, is);
      this.note("lost", `"${key}" of "${table}" should be ${value} and is ${is}`);
    }
  }

  #snapshotsOf(table: string): Set<bigint> {
    return getOrMake(this.#snapshots, table, () => new Set<bigint>());
  }

  #propertiesOf(table: string): Map<string, string> {
    return getOrMake(this.#properties, table, () => new Map<string, string>());
  }
}

/** An operation in words. */
export function describe(operation: Operation): string {
  const key = operation.key === undefined ? "without a key" : "with a key";
  return `${operation.label} ${operation.id} (${operation.method} ${operation.path}, ${key})`;
}

function fateOf(operation: Operation, states: {
  readonly found: Found;
  readonly before: OwnedThings;
  readonly after: OwnedThings;
  readonly actual: OwnedThings;
}): Fate | "torn" {
  const { found, before, after, actual } = states;
  const parts = operation.effects.flatMap(({ table, snapshotId, property }) => {
    const state = found.shared.get(table);
    return [
      ...(snapshotId === undefined ? [] : [state?.chain.includes(snapshotId) ?? false]),
      ...(property === undefined ? [] : [state?.properties[property[0]] === property[1]]),
    ];
  });
  if (!sameThings(before, after)) parts.push(!sameThings(before, actual));
  if (parts.every((isThere) => isThere)) return "present";
  return parts.some((isThere) => isThere) ? "torn" : "absent";
}

function sameThings(left: OwnedThings, right: OwnedThings): boolean {
  return left.size === right.size &&
    [...left].every(([name, thing]) => sameThing(thing, right.get(name)));
}

function sameThing(left: Owned | undefined, right: Owned | undefined): boolean {
  return left?.kind === right?.kind && left?.born === right?.born && left?.mark === right?.mark;
}

function textOf(thing: Owned | undefined): string {
  return thing === undefined ? "absent" : `a ${thing.kind} of ${thing.born}, marked ${thing.mark}`;
}

function getOrMake<T>(map: Map<string, T>, key: string, make: () => T): T {
  let value = map.get(key);
  if (value === undefined) map.set(key, value = make());
  return value;
}
