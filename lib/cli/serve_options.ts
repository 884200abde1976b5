/** The flags of `serve` as options of the server. */
import { UsageError } from "../errors.ts";
import { parseFaultRule } from "../server/faults/fault_grammar.ts";
import { LOST_RACE_ERAS, type LostRaceEra } from "../server/faults/lost_race.ts";
import type { ServerOptions } from "../server/serve.ts";
import { buildInfo } from "./build_info.ts";
import type { FlagValues } from "./flags.ts";
import { TOKEN_VARIABLE } from "./serve_flags.ts";
import { readTextFile } from "./text_file.ts";
import { parseChoice, parseCount } from "./values.ts";
import { readWarehouses } from "./warehouse_flag.ts";

/** What `serve` is to do. */
export interface ServeChoice {
  /** All of the server's options but who is told of its requests. */
  readonly server: Omit<ServerOptions, "onRequest">;
  /** The flags that make the catalog wrong on purpose, as they were given. */
  readonly wrong: readonly string[];
}

/**
 * Reads the flags, and the files that they name.
 *
 * @throws {UsageError}
 */
export async function readServeFlags(
  values: FlagValues,
  environment: (name: string) => string | undefined,
): Promise<ServeChoice> {
  const token = await readToken(values, environment);
  const tls = await readTls(values);
  const lostRace = readEra(values.text("lost-race")!);
  const hasNoKeys = values.isOn("no-idempotency-keys");
  const rules = values.texts("fault").map(parseFaultRule);
  const seed = parseCount(values.text("fault-seed")!, { flag: "--fault-seed", min: 0 });
  const { version, commit, deno, target } = buildInfo();
  return {
    server: {
      ...readListen(values.text("listen")!),
      warehouses: readWarehouses(values),
      figures: { version, commit, deno, target },
      lostRace,
      ...(hasNoKeys ? { idempotencyKeys: false } : {}),
      ...(token === undefined ? {} : { token }),
      ...(tls === undefined ? {} : { tls }),
      ...(rules.length === 0 ? {} : { faults: { rules, seed } }),
    },
    wrong: [
      ...(lostRace === 409 ? [] : [`--lost-race ${lostRace}`]),
      ...rules.map(({ text }) => `--fault "${text}"`),
      ...(rules.length === 0 ? [] : [`--fault-seed ${seed}`]),
    ],
  };
}

function readListen(text: string): { readonly host: string; readonly port: number } {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3] ?? NaN);
  if (match === null || port > 65_535) {
    throw new UsageError(`Cannot listen on "${text}": it takes ADDRESS:PORT, as 127.0.0.1:8181`);
  }
  return { host: match[1] ?? match[2]!, port };
}

/** A flag beats the variable. */
async function readToken(
  values: FlagValues,
  environment: (name: string) => string | undefined,
): Promise<string | undefined> {
  const path = values.text("token");
  if (path !== undefined) return (await readTextFile(path, "token file")).trim();
  const token = environment(TOKEN_VARIABLE);
  if (token === undefined || token === "") return undefined;
  if (token.trim() === "") throw new UsageError(`Cannot use ${TOKEN_VARIABLE}: it is empty`);
  return token.trim();
}

async function readTls(values: FlagValues): Promise<ServerOptions["tls"]> {
  const cert = values.text("cert");
  const key = values.text("key");
  if (cert === undefined && key === undefined) return undefined;
  if (cert === undefined || key === undefined) {
    throw new UsageError("Cannot serve HTTPS: --cert and --key go together");
  }
  return {
    cert: await readTextFile(cert, "certificate"),
    key: await readTextFile(key, "private key"),
  };
}

function readEra(text: string): LostRaceEra {
  return parseChoice(text, { flag: "--lost-race", choices: LOST_RACE_ERAS });
}
