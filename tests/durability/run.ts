/**
 * `deno task durability`: `serve` is killed with `kill -9` again and again while writers change its
 * tables, and started again on what it left. The last line counts what must not be; the exit code is
 * 0 when all of it is 0.
 */
import { areCounts, drawSeed, readGiven } from "../run_flags.ts";
import { Draw } from "../chaos/draw.ts";
import { freePort } from "../real/parts/child.ts";
import { SCHEMA } from "../server/support.ts";
import { type FoundWarehouse, OWN, readWarehouse, SHARED } from "./found.ts";
import { describe, type Fate, Model, type Operation } from "./model.ts";
import { type ServerProcess, spawnServer } from "./server_process.ts";
import { Writer } from "./writer.ts";

const HELP = `deno task durability [flags]: kill -9 of serve under load

  --kills N         kills under load (default: 50)
  --seed S          of the requests and of the moments (default: drawn)
  --writers N       clients (default: 6)
  --serve FLAGS     more flags of serve, parted by spaces
  --verbose         a line for each kill
`;

interface Flags {
  readonly kills: number;
  readonly seed: number;
  readonly writers: number;
  readonly serve: readonly string[];
  readonly verbose: boolean;
}

const SWITCHES = ["--verbose"];
const VALUED = ["--kills", "--seed", "--writers", "--serve"];

function readFlags(args: readonly string[]): Flags | undefined {
  const given = readGiven(args, { valued: VALUED, switches: SWITCHES });
  if (given === undefined) return undefined;
  const flags: Flags = {
    kills: given.number("--kills", 50),
    seed: given.number("--seed", drawSeed()),
    writers: given.number("--writers", 6),
    serve: (given.text("--serve") ?? "").split(" ").filter((word) => word !== ""),
    verbose: given.isOn("--verbose"),
  };
  const isWhole = areCounts([flags.kills, flags.seed, flags.writers]);
  return isWhole && flags.writers > 0 ? flags : undefined;
}

/** Tables that all writers share, with the ways in which metadata files are kept. */
const SHARED_TABLES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  plain: {},
  packed: { "write.metadata.compression-codec": "gzip" },
  short: {
    "write.metadata.delete-after-commit.enabled": "true",
    "write.metadata.previous-versions-max": "3",
  },
};

/** In so many rounds two servers share the warehouse. */
const TWO_SERVERS_SHARE = 0.3;
/** In so many rounds a server is killed while it starts, too. */
const EARLY_KILL_SHARE = 0.25;
const PROGRESS_MS = 10_000;

async function main(args: readonly string[]): Promise<number> {
  const flags = readFlags(args);
  if (flags === undefined) {
    console.error(HELP);
    return 2;
  }
  console.log(
    `durability: ${flags.kills} kills from seed ${flags.seed}; again: deno task durability ` +
      `--kills ${flags.kills} --seed ${flags.seed} (the requests are the same, what a kill meets is not)`,
  );
  const directory = await Deno.makeTempDir({ prefix: "lakekeeper-ingest-durability-" });
  const run = new Run(flags, `${directory}/warehouse`);
  const progress = setInterval(() => console.log(run.progress()), PROGRESS_MS);
  try {
    await run.play();
  } finally {
    clearInterval(progress);
    await run.stop();
    for (const line of run.account()) console.log(line);
    if (run.isSound) await Deno.remove(directory, { recursive: true });
    else console.log(`The warehouse is kept: ${directory}`);
  }
  console.log(String(run));
  return run.isSound ? 0 : 1;
}

/** Requests that were cut off, with what has become of them. */
type Cut = ReadonlyArray<{ writer: Writer; operation: Operation; fate: Fate }>;

class Run {
  readonly #model = new Model();
  readonly #flags: Flags;
  readonly #directory: string;
  readonly #draw: Draw;
  readonly #writers: readonly Writer[];
  readonly #ports = [freePort(), freePort()];
  readonly #startMs = performance.now();
  #servers: ServerProcess[] = [];
  #kills = 0;
  #earlyKills = 0;
  #repaired = 0;
  #resent = 0;
  #isDone = false;

  constructor(flags: Flags, directory: string) {
    this.#flags = flags;
    this.#directory = directory;
    this.#draw = new Draw(flags.seed, "kills");
    this.#writers = Array.from({ length: flags.writers }, (_, index) =>
      new Writer({
        name: `w${index}`,
        draw: new Draw(flags.seed, "writer", index),
        model: this.#model,
        shared: Object.keys(SHARED_TABLES),
      }));
  }

  async play(): Promise<void> {
    await this.#start(1);
    await this.#makeTables();
    let cut: Cut = [];
    while (this.#kills < this.#flags.kills) {
      if (this.#kills > 0) {
        await this.#killEarly();
        await this.#start(this.#draw.chance(TWO_SERVERS_SHARE) ? 2 : 1);
        await this.#settle(cut);
      }
      cut = await this.#killUnderLoad();
    }
    await this.#start(1);
    await this.#settle(cut);
    await this.#checkAnswers();
    this.#isDone = true;
  }

  /** Starts servers on what is there. A start that needs a second try is one too many. */
  async #start(count: number): Promise<void> {
    const spawned = this.#ports.slice(0, count).map((port) => this.#spawn(port));
    this.#servers = spawned;
    const starts = await Promise.allSettled(spawned.map((server) => server.ready()));
    const failed = starts.find((start) => start.status === "rejected");
    if (failed === undefined) return;
    this.#repaired += 1;
    throw new Error(`Cannot start serve on what kill ${this.#kills} has left`, {
      cause: failed.reason,
    });
  }

  #spawn(port: number) {
    const { serve: flags } = this.#flags;
    return spawnServer({ directory: this.#directory, port, flags });
  }

  async #killEarly(): Promise<void> {
    if (!this.#draw.chance(EARLY_KILL_SHARE)) return;
    const server = this.#spawn(this.#ports[0]!);
    await sleep(this.#draw.between(20, 400));
    await server.kill();
    this.#earlyKills += 1;
  }

  async #killUnderLoad(): Promise<Cut> {
    const answersBefore = this.#answers();
    const writing = Promise.all(
      this.#writers.map((writer, index) =>
        writer.run(this.#servers[index % this.#servers.length]!.uri)
      ),
    );
    if (this.#draw.chance(0.5)) await Promise.race([sleep(this.#draw.between(5, 500)), writing]);
    else await this.#untilAnswers(answersBefore + this.#draw.between(1, 150), writing);
    const count = this.#servers.length;
    await this.stop();
    await writing;
    this.#kills += 1;
    const asked = this.#writers.map((writer) => this.#model.pending(writer.name));
    const found = await this.#look();
    const fates = this.#model.judge(found, this.#writers.map((writer) => writer.name));
    const cut = this.#writers.flatMap((writer, index) => {
      const operation = asked[index];
      const fate = fates.get(writer.name);
      return operation === undefined || fate === undefined ? [] : [{ writer, operation, fate }];
    });
    if (this.#flags.verbose) {
      const answers = this.#answers() - answersBefore;
      const ends = cut.map(({ operation, fate }) => `${operation.label} ${fate}`).join(", ");
      console.log(`kill ${this.#kills}: ${count} servers, ${answers} answers; cut: ${ends}`);
    }
    return cut;
  }

  /**
   * Sends the keyed requests that were cut off again: those that had been carried out must be
   * answered and change nothing, the others must be carried out, and only once.
   */
  async #settle(cut: Cut): Promise<void> {
    const keyed = cut.filter(({ operation }) => operation.key !== undefined);
    const present = keyed.filter(({ fate }) => fate === "present");
    const absent = keyed.filter(({ fate }) => fate === "absent");
    await this.#changesNothing(async () => {
      for (const { writer, operation } of present) {
        const status = await this.#resend(writer, operation);
        if (status < 300) continue;
        this.#model.note("doubled", `${status} for a resent and finished ${describe(operation)}`);
      }
    });
    const statuses = new Map<Operation, number>();
    for (const { writer, operation } of absent) {
      const status = await this.#resend(writer, operation);
      statuses.set(operation, status);
      if (status < 300) this.#model.done(writer.name);
      else this.#model.refused(writer.name);
      if (status < 300 || (status === 409 && operation.mayLose)) continue;
      this.#model.note("lost", `${status} for a resent ${describe(operation)}`);
    }
    await this.#changesNothing(async () => {
      for (const { writer, operation } of absent) {
        const status = await this.#resend(writer, operation);
        if (status === statuses.get(operation)) continue;
        this.#model.note("doubled", `${status} for a third ${describe(operation)}`);
      }
    });
  }

  async #resend(writer: Writer, operation: Operation): Promise<number> {
    this.#resent += 1;
    const servers = this.#servers;
    return await writer.resend(servers[this.#resent % servers.length]!.uri, operation);
  }

  async #changesNothing(work: () => Promise<void>): Promise<void> {
    const before = await this.#look();
    await work();
    const { pointers } = await this.#look();
    for (const name of new Set([...before.pointers.keys(), ...pointers.keys()])) {
      if (before.pointers.get(name) === pointers.get(name)) continue;
      this.#model.note("doubled", `"${name}" has moved when a finished request was sent again`);
    }
  }

  async #look(): Promise<FoundWarehouse> {
    const found = await readWarehouse(this.#directory);
    for (const damage of found.damages) this.#model.note("torn", damage);
    return found;
  }

  /** After the last kill: what lies on the disk is what the server shows. */
  async #checkAnswers(): Promise<void> {
    const found = await this.#look();
    this.#model.judge(found, this.#writers.map((writer) => writer.name));
    const { uri } = this.#servers[0]!;
    for (const [name, pointer] of found.pointers) {
      const [namespace = "", table = ""] = name.split(".");
      for (const kind of ["tables", "views"]) {
        const response = await fetch(`${uri}/v1/namespaces/${namespace}/${kind}/${table}`);
        const body = await response.json();
        if (response.status === 404) continue;
        if (body["metadata-location"] === pointer) break;
        this.#model.note("torn", `"${name}" is shown as ${JSON.stringify(body).slice(0, 200)}`);
      }
    }
  }

  async #makeTables(): Promise<void> {
    const { uri } = this.#servers[0]!;
    for (const name of [SHARED, OWN]) await make(`${uri}/v1/namespaces`, { namespace: [name] });
    for (const [name, properties] of Object.entries(SHARED_TABLES)) {
      const body = { name, schema: SCHEMA, properties };
      await make(`${uri}/v1/namespaces/${SHARED}/tables`, body);
    }
  }

  async #untilAnswers(count: number, writing: Promise<unknown>): Promise<void> {
    let hasEnded = false;
    const end = () => {
      hasEnded = true;
    };
    writing.then(end, end);
    const deadlineMs = Date.now() + 10_000;
    while (!hasEnded && this.#answers() < count && Date.now() < deadlineMs) await sleep(1);
  }

  #answers(): number {
    return this.#writers.reduce((sum, writer) => sum + writer.answers, 0);
  }

  /** Kills the servers that run. */
  async stop(): Promise<void> {
    const servers = this.#servers;
    this.#servers = [];
    await Promise.all(servers.map((server) => server.kill()));
  }

  get isSound(): boolean {
    const { lost, torn, doubled } = this.#model.counts;
    return this.#isDone && lost + torn + doubled + this.#repaired === 0;
  }

  progress(): string {
    const seconds = Math.round((performance.now() - this.#startMs) / 1000);
    return `${seconds} s: ${this}, of ${this.#flags.kills}`;
  }

  /** What was done, for the one who reads the log. */
  account(): string[] {
    const { findings, counts: { unfinished } } = this.#model;
    const seconds = ((performance.now() - this.#startMs) / 1000).toFixed(1);
    return [
      ...findings.map((finding) => `!!! ${finding.slice(0, 500)}`),
      `${this.#answers()} answers to ${this.#flags.writers} writers in ${seconds} s; ` +
      `${this.#earlyKills} more kills while serve started`,
      `of the unfinished requests ${unfinished.present} were found done and ` +
      `${unfinished.absent} not; ${this.#resent} were sent again under their keys`,
    ];
  }

  toString(): string {
    const { acknowledged, unfinished, lost, torn, doubled } = this.#model.counts;
    return `kills ${this.#kills}, acknowledged ${acknowledged}, lost ${lost}, torn ${torn}, ` +
      `doubled ${doubled}, unfinished ${unfinished.present + unfinished.absent}, ` +
      `repaired ${this.#repaired}`;
  }
}

async function make(url: string, body: unknown): Promise<void> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`Cannot make ${url}: ${response.status} ${text}`);
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

if (import.meta.main) Deno.exit(await main(Deno.args));
