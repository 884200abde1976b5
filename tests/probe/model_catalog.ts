/**
 * A little catalog that is right, in memory, and writers that race for it in simulated time: histories
 * that a checker must not blame. Requests and answers get lost, come late and are sent again.
 */
// deno-lint-ignore-file camelcase -- fields are named as the history has them
import { SeededRandom } from "../../lib/random.ts";
import type {
  AnswerRecord,
  CompleteRecord,
  FinalRecord,
  HistoryRecord,
  IntentRecord,
  InvokeRecord,
  SnapshotRecord,
  Workload,
} from "../../lib/probe/history.ts";
import { Handmade } from "./handmade.ts";

/** What is played. */
export interface Play {
  readonly seed: number;
  readonly workload: Workload;
  readonly writers: number;
  readonly rounds: number;
  readonly mode: "rounds" | "free";
  /** The catalog shows the whole history; else the current snapshot only, without its parent. */
  readonly whole: boolean;
  /** How many of a hundred requests meet with a fault. */
  readonly faults: number;
  /** Requests have keys. */
  readonly keys: boolean;
}

interface Table {
  readonly name: string;
  readonly uuid: string;
  readonly snapshots: SnapshotRecord[];
  readonly files: { path: string; snapshot_id: string; sequence_number: number; rows: number }[];
  readonly columns: { id: number; name: string }[];
  readonly properties: Record<string, string>;
  schemaId: number;
}

type Request = Pick<InvokeRecord, "kind" | "intents" | "writer"> & {
  readonly round?: number;
  readonly idempotency_key?: string;
  readonly resend_of?: number;
  readonly expect?: "conflict" | "reused-key";
};

type Answer = Omit<CompleteRecord, "type" | "op" | "time_us">;

const CONFLICT: Answer = { outcome: "fail", status: 409, error_type: "CommitFailedException" };

/** Plays, and gives the whole history. */
export function play(options: Play): HistoryRecord[] {
  return new Model(options).play();
}

class Model {
  readonly #play: Play;
  readonly #random: SeededRandom;
  readonly #tables = new Map<string, Table>();
  readonly #answers = new Map<string, Answer>();
  readonly #inProgress = new Set<string>();
  readonly #records: HistoryRecord[] = [];
  #events: { readonly atUs: number; readonly order: number; readonly act: () => void }[] = [];
  #order = 0;
  #nowUs = 0;
  #op = 0;
  #id = 0;

  constructor(play: Play) {
    this.#play = play;
    this.#random = new SeededRandom(play.seed);
  }

  play(): HistoryRecord[] {
    const { workload, rounds, writers, mode } = this.#play;
    const perRound = workload === "create" || workload === "first-commit";
    const names = perRound
      ? Array.from({ length: rounds }, (_, round) => `ns.t${round}`)
      : workload === "multi-table"
      ? ["ns.a", "ns.b"]
      : ["ns.t"];
    const base = new Handmade(workload, { writers, mode, commits: rounds, tables: names });
    this.#records.push(...base.records);
    if (workload !== "create") { for (const name of names) this.#make(name); }
    if (mode === "free") this.#playFree(rounds);
    else {
      for (let round = 0; round < rounds; round++) {
        this.#playRound(round, perRound ? [names[round]!] : names);
        this.#settle();
      }
    }
    for (const name of names) this.#records.push(this.#read(name));
    const timeUs = this.#nowUs + 1;
    this.#records.push({ type: "end", time_us: timeUs, records: this.#records.length });
    return this.#records;
  }

  #chance(percent: number): boolean {
    return this.#random.below(100) < percent;
  }

  #after(us: number, act: () => void): void {
    this.#events.push({ atUs: this.#nowUs + us, order: this.#order++, act });
  }

  /** Lets time pass until nothing is under way. */
  #settle(): void {
    while (this.#events.length > 0) {
      const next = this.#events.reduce((one, other) =>
        other.atUs < one.atUs || other.atUs === one.atUs && other.order < one.order ? other : one
      );
      this.#events = this.#events.filter((event) => event !== next);
      this.#nowUs = Math.max(this.#nowUs, next.atUs);
      next.act();
    }
    this.#nowUs += 10;
  }

  #make(name: string): Table {
    const table: Table = {
      name,
      uuid: `uuid-${++this.#id}`,
      snapshots: [],
      files: [],
      columns: [{ id: 1, name: "id" }],
      properties: {},
      schemaId: 0,
    };
    this.#tables.set(name, table);
    return table;
  }

  #playRound(round: number, names: readonly string[]): void {
    const { workload, writers } = this.#play;
    const draft = (writer: number): Request => ({
      writer,
      round,
      ...this.#request(workload, { writer, names }),
    });
    const requests = Array.from({ length: writers }, (_, writer) => draft(writer));
    if (workload === "stale") this.#playStale(requests[0]!, names[0]!, round);
    else if (workload === "idempotency") this.#playKeys(requests[0]!);
    else {for (const request of requests) {
        this.#after(this.#random.below(300), () => this.#send(request));
      }}
  }

  /** One request, then one whose assertion is old. */
  #playStale(request: Request, name: string, round: number): void {
    this.#send({ ...request, intents: [this.#append(name)] });
    this.#settle();
    const old = this.#tables.get(name)!.snapshots.at(-2)?.snapshot_id ?? null;
    if (this.#tables.get(name)!.snapshots.length === 0) return;
    this.#send({
      writer: 0,
      round,
      kind: "commit",
      intents: [this.#append(name, { parent: old })],
      expect: "conflict",
    });
  }

  /** The same request again, in flight or after, and another one under its key. */
  #playKeys(request: Request): void {
    const keyed = { ...request, idempotency_key: `key-${++this.#id}` };
    const op = this.#send(keyed);
    if (this.#chance(50)) {
      this.#after(this.#random.below(200), () => this.#send({ ...keyed, resend_of: op }));
    }
    this.#settle();
    this.#send({ ...keyed, resend_of: op });
    this.#settle();
    const [intent] = keyed.intents;
    if (this.#answers.has(keyed.idempotency_key) && this.#chance(50)) {
      this.#send({ ...keyed, intents: [this.#append(intent!.table)], expect: "reused-key" });
    }
  }

  /** Each writer goes on at once until it has made its commits, or has tried often enough. */
  #playFree(commits: number): void {
    const { workload, writers } = this.#play;
    const names = [...this.#tables.keys()];
    for (let writer = 0; writer < writers; writer++) {
      let left = commits;
      let tries = commits * 4;
      const next = () => {
        if (left === 0 || tries-- === 0) return;
        const request = { writer, ...this.#request(workload, { writer, names }) };
        this.#send(request, (outcome) => {
          if (outcome === "ok") left--;
          next();
        });
      };
      this.#after(this.#random.below(300), next);
    }
    this.#settle();
  }

  #request(
    workload: Workload,
    { writer, names }: { readonly writer: number; readonly names: readonly string[] },
  ): Pick<Request, "kind" | "intents" | "idempotency_key" | "expect"> {
    const key = this.#play.keys ? { idempotency_key: `key-${++this.#id}` } : {};
    const [name] = names as [string, ...string[]];
    switch (workload) {
      case "create":
        return { kind: "create", intents: [{ table: name, requirements: [] }], ...key };
      case "multi-table":
        return { kind: "transaction", intents: names.map((each) => this.#append(each)), ...key };
      case "schema":
        return {
          kind: "commit",
          intents: [writer % 2 === 0 ? this.#column(name) : this.#append(name)],
          ...key,
        };
      case "properties": {
        const value = `value-${++this.#id}`;
        const isStale = this.#chance(20);
        const requirements = isStale
          ? [{ type: "assert-current-schema-id", "current-schema-id": 99 }]
          : [];
        const intent = { table: name, properties: { [`p${this.#random.below(2)}`]: value } };
        return {
          kind: "commit",
          intents: [{ ...intent, requirements }],
          ...(isStale ? { expect: "conflict" as const } : {}),
        };
      }
      default:
        return { kind: "commit", intents: [this.#append(name)], ...key };
    }
  }

  #append(name: string, options: { readonly parent?: string | null } = {}): IntentRecord {
    const table = this.#tables.get(name)!;
    const head = table.snapshots.at(-1);
    const parent = options.parent === undefined ? head?.snapshot_id ?? null : options.parent;
    const id = String(7_000_000_000_000_000_000n + BigInt(++this.#id));
    const files = Array.from({ length: 1 + this.#random.below(2) }, (_, at) => ({
      path: `${name}/${id}-${at}.parquet`,
      rows: 1 + this.#random.below(5),
    }));
    return {
      table: name,
      snapshot_id: id,
      parent_snapshot_id: parent,
      sequence_number: (head?.sequence_number ?? 0) + 1,
      manifest_list: `${name}/${id}.avro`,
      files,
      requirements: [
        { type: "assert-table-uuid", uuid: table.uuid },
        { type: "assert-ref-snapshot-id", ref: "main", "snapshot-id": parent },
        { type: "assert-current-schema-id", "current-schema-id": table.schemaId },
      ],
    };
  }

  #column(name: string): IntentRecord {
    const { schemaId, columns } = this.#tables.get(name)!;
    return {
      table: name,
      columns: [`c${++this.#id}`],
      requirements: [
        { type: "assert-current-schema-id", "current-schema-id": schemaId },
        { type: "assert-last-assigned-field-id", "last-assigned-field-id": columns.at(-1)!.id },
      ],
    };
  }

  /** Sends a request over a network that has its moods. @returns the operation's number */
  #send(request: Request, done: (outcome: CompleteRecord["outcome"]) => void = () => {}): number {
    const op = ++this.#op;
    const { run } = { run: 1 };
    this.#records.push({ type: "invoke", run, op, time_us: this.#nowUs, ...request });
    const wayUs = () => 1 + this.#random.below(100);
    const complete = (answer: Answer) => {
      this.#records.push({ type: "complete", op, time_us: this.#nowUs, ...answer });
      done(answer.outcome);
    };
    /** The writer gives up waiting, and may send the same again. */
    const giveUp = () => {
      const again = { ...request, resend_of: request.resend_of ?? op };
      if (this.#chance(10)) done("unknown");
      else complete({ outcome: "unknown", status: null, message: "timed out" });
      const mayResend = request.expect === undefined && request.kind !== "create" &&
        request.intents[0]!.properties === undefined;
      if (mayResend && this.#chance(60)) this.#after(5, () => this.#send(again));
    };
    const fate = this.#chance(this.#play.faults) ? this.#random.below(6) : -1;
    switch (fate) {
      case 0: // The request is lost.
        this.#after(200, giveUp);
        break;
      case 1: // The answer is lost.
        this.#after(wayUs(), () => this.#evaluate(request));
        this.#after(200, giveUp);
        break;
      case 2: // The request comes after the writer has given up.
        this.#after(200, giveUp);
        this.#after(210 + wayUs(), () => this.#evaluate(request));
        break;
      case 3: // Too many requests.
        this.#after(wayUs(), () => complete({ outcome: "fail", status: 429 }));
        break;
      case 4: // Carried out, and then something fails; a refusal stays a refusal.
        this.#after(wayUs(), () => {
          const answer = this.#evaluate(request);
          this.#after(
            wayUs(),
            () => complete(answer.outcome === "ok" ? { outcome: "unknown", status: 500 } : answer),
          );
        });
        break;
      default: {
        // Slow, or as it should be.
        const key = request.idempotency_key;
        this.#after(fate === 5 ? 400 : wayUs(), () => {
          if (key !== undefined && this.#inProgress.has(key)) {
            const answer = {
              outcome: "fail",
              status: 409,
              error_type: "RequestInProgress",
            } as const;
            this.#after(wayUs(), () => complete(answer));
            return;
          }
          if (key !== undefined) this.#inProgress.add(key);
          this.#after(wayUs(), () => {
            const answer = this.#evaluate(request);
            if (key !== undefined) this.#inProgress.delete(key);
            this.#after(wayUs(), () => complete(answer));
          });
        });
      }
    }
    return op;
  }

  /** What a catalog does that is right: all requirements, then all changes, at one moment. */
  #evaluate(request: Request): Answer {
    const key = request.idempotency_key;
    const stored = key === undefined ? undefined : this.#answers.get(key);
    if (stored !== undefined) return stored;
    const answer = request.kind === "create" ? this.#create(request) : this.#commit(request);
    if (key !== undefined && answer.outcome === "ok") this.#answers.set(key, answer);
    return answer;
  }

  #create({ intents }: Request): Answer {
    const name = intents[0]!.table;
    if (this.#tables.has(name)) return { ...CONFLICT, error_type: "AlreadyExistsException" };
    return { outcome: "ok", status: 200, answer: this.#answerOf(this.#make(name)) };
  }

  #commit({ intents, kind }: Request): Answer {
    const holds = intents.every((intent) => {
      const table = this.#tables.get(intent.table)!;
      return intent.requirements.every((requirement) => isHeld(table, requirement));
    });
    if (!holds) return CONFLICT;
    for (const intent of intents) apply(this.#tables.get(intent.table)!, intent);
    if (kind === "transaction") return { outcome: "ok", status: 204 };
    const answer = this.#answerOf(this.#tables.get(intents[0]!.table)!);
    return { outcome: "ok", status: 200, answer };
  }

  #answerOf(table: Table): AnswerRecord {
    const head = table.snapshots.at(-1);
    return {
      table: table.name,
      table_uuid: table.uuid,
      head: head?.snapshot_id ?? null,
      head_parent: this.#play.whole ? head?.parent_snapshot_id ?? null : null,
      last_sequence_number: head?.sequence_number ?? 0,
      metadata_location: null,
    };
  }

  #read(name: string): FinalRecord {
    const found = { type: "final", run: 1, time_us: this.#nowUs, table: name } as const;
    const table = this.#tables.get(name);
    if (table === undefined) return { ...found, missing: true };
    const { whole } = this.#play;
    const head = table.snapshots.at(-1);
    const shown = whole
      ? table.snapshots
      : table.snapshots.slice(-1).map((last) => ({ ...last, parent_snapshot_id: null }));
    return structuredClone({
      ...found,
      table_uuid: table.uuid,
      head: head?.snapshot_id ?? null,
      last_sequence_number: head?.sequence_number ?? 0,
      snapshots: shown,
      history_complete: whole,
      snapshot_log: shown.map(({ snapshot_id, timestamp_ms }) => ({ snapshot_id, timestamp_ms })),
      refs: head === undefined ? {} : { main: head.snapshot_id },
      columns: table.columns,
      properties: table.properties,
      files: table.files,
      rows_counted: table.files.reduce((sum, { rows }) => sum + rows, 0),
    });
  }
}

function isHeld(table: Table, requirement: Readonly<Record<string, unknown>>): boolean {
  switch (requirement.type) {
    case "assert-table-uuid":
      return requirement.uuid === table.uuid;
    case "assert-ref-snapshot-id":
      return requirement["snapshot-id"] === (table.snapshots.at(-1)?.snapshot_id ?? null);
    case "assert-current-schema-id":
      return requirement["current-schema-id"] === table.schemaId;
    default:
      return requirement["last-assigned-field-id"] === table.columns.at(-1)!.id;
  }
}

function apply(table: Table, intent: IntentRecord): void {
  for (const name of intent.columns ?? []) {
    table.columns.push({ id: table.columns.at(-1)!.id + 1, name });
    table.schemaId++;
  }
  Object.assign(table.properties, intent.properties);
  if (intent.snapshot_id === undefined) return;
  const sequence_number = intent.sequence_number!;
  for (const { path, rows } of intent.files!) {
    table.files.push({ path, rows, snapshot_id: intent.snapshot_id, sequence_number });
  }
  table.snapshots.push({
    snapshot_id: intent.snapshot_id,
    parent_snapshot_id: intent.parent_snapshot_id!,
    sequence_number,
    timestamp_ms: 1_700_000_000_000 + table.snapshots.length,
    manifest_list: intent.manifest_list!,
    schema_id: table.schemaId,
    summary: {
      "total-data-files": String(table.files.length),
      "total-records": String(table.files.reduce((sum, { rows }) => sum + rows, 0)),
    },
  });
}
