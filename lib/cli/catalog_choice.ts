/** Which catalog a command uses: the one configured, else the default URL, else the embedded one. */
import { CatalogError, UsageError } from "../errors.ts";
import { startInProcessCatalog } from "../server/in_process.ts";
import type { CatalogTarget } from "../load/options.ts";
import type { Flag, FlagValues } from "./flags.ts";
import { readTextFile } from "./text_file.ts";

/** Where Lakekeeper and `serve` listen unless told otherwise. */
export const CATALOG_URL_DEFAULT = "http://localhost:8181/catalog";

/** Directory of the embedded catalog's warehouse when nothing names another. */
export const WAREHOUSE_DIRECTORY_DEFAULT = "./warehouse";

const TOKEN_DEFAULT = "dummy";

/** The flags that name a catalog. */
export const CATALOG_FLAGS: readonly Flag[] = [
  {
    flags: "--uri <URI>",
    description: "Iceberg REST catalog, or embedded:DIR for a catalog of the tool's own",
    group: "Catalog",
    fallback: CATALOG_URL_DEFAULT,
    originalVariables: ["CATALOG_URL"],
  },
  {
    flags: "--warehouse <NAME>",
    description: "warehouse of the catalog",
    group: "Catalog",
    fallback: "demo",
    originalVariables: ["WAREHOUSE"],
  },
  {
    flags: "--catalog <NAME>",
    description: "name of the catalog in messages",
    group: "Catalog",
    fallback: "my_catalog",
    originalVariables: ["CATALOG_NAME"],
  },
  {
    flags: "--token-file <FILE>",
    description: "file with the bearer token; CATALOG_TOKEN holds the token itself",
    group: "Catalog",
  },
  {
    flags: "--property <KEY=VALUE>",
    description: "catalog or store property, such as s3.endpoint=http://…; may be repeated",
    group: "Catalog",
    repeats: true,
  },
];

/** Settings whose presence means that a catalog has been chosen. */
const CHOOSING_FLAGS = ["uri", "warehouse", "catalog", "token-file"];

/** The catalog in use; `close` ends the embedded one. */
export interface ChosenCatalog {
  readonly target: CatalogTarget;
  /** What a person should know about the choice. */
  readonly notice: string | undefined;
  /** How the tables can be read later, when the catalog ends with this command. */
  readonly afterwards: string | undefined;
  close(): Promise<void>;
}

/** What the choice depends on beside the flags. */
export interface ChoiceEnvironment {
  readonly variable: (name: string) => string | undefined;
  /** Names of all variables that are set. */
  readonly variableNames: () => readonly string[];
  /** Whether nothing at all listens where the default URL points. */
  readonly defaultRefuses: () => Promise<boolean>;
}

/**
 * Chooses the catalog. The embedded one is taken only when no setting names a catalog and the
 * default URL's port refuses connections; a configured catalog that does not answer is an error
 * later, never a reason for another.
 *
 * @throws {UsageError} when a setting cannot be read.
 */
export async function chooseCatalog(
  values: FlagValues,
  environment: ChoiceEnvironment,
): Promise<ChosenCatalog> {
  const uri = values.text("uri")!;
  const common = {
    name: values.text("catalog")!,
    warehouse: values.text("warehouse")!,
    token: await readToken(values, environment),
    properties: readProperties(values.texts("property")),
  };
  const embedded = /^embedded:(.*)$/s.exec(uri);
  if (embedded !== null) {
    if (embedded[1] === "") {
      throw new UsageError('Cannot use --uri "embedded:": it takes a directory, embedded:DIR');
    }
    return await openEmbedded(embedded[1]!, { ...common, notice: undefined });
  }
  checkUri(uri);
  if (isConfigured(values, environment) || !(await environment.defaultRefuses())) {
    return {
      target: { ...common, uri },
      notice: undefined,
      afterwards: undefined,
      close: () => Promise.resolve(),
    };
  }
  const pyiceberg = await findPyicebergConfiguration(environment);
  if (pyiceberg !== undefined) {
    throw new CatalogError(
      `Cannot choose a catalog: pyiceberg is configured (${pyiceberg}), which this version does ` +
        `not read, and nothing answers at ${CATALOG_URL_DEFAULT}`,
      { hint: "Name the catalog with --uri, or give --uri embedded:DIR for one of the tool's own" },
    );
  }
  return await openEmbedded(WAREHOUSE_DIRECTORY_DEFAULT, {
    ...common,
    notice: `No catalog is configured and none answers at ${CATALOG_URL_DEFAULT}: using the ` +
      `embedded catalog in ${WAREHOUSE_DIRECTORY_DEFAULT} (choose another with --uri or CATALOG_URL)`,
  });
}

/** A password in a URI would be shown with every message that names the catalog. */
function checkUri(uri: string): void {
  const url = URL.parse(uri);
  if (url !== null && (url.username !== "" || url.password !== "")) {
    throw new UsageError("Cannot use a catalog URI that holds a user name or a password", {
      hint: "Give a token with --token-file or CATALOG_TOKEN",
    });
  }
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new UsageError(
      `Cannot use --uri "${uri}": it takes http://…, https://… or embedded:DIR`,
    );
  }
}

async function openEmbedded(
  directory: string,
  options: Omit<CatalogTarget, "uri"> & { readonly notice: string | undefined },
): Promise<ChosenCatalog> {
  const { notice, ...common } = options;
  const running = await startInProcessCatalog({
    warehouseDirectory: directory,
    warehouseName: common.warehouse,
  });
  return {
    target: { ...common, uri: running.uri },
    notice,
    afterwards: `Read it with any Iceberg client: lakekeeper-ingest serve --warehouse ` +
      `${common.warehouse}=${directory}`,
    close: () => running.close(),
  };
}

function isConfigured(values: FlagValues, environment: ChoiceEnvironment): boolean {
  return CHOOSING_FLAGS.some((name) => values.source(name) !== "default") ||
    tokenVariable(environment) !== undefined;
}

function tokenVariable(environment: ChoiceEnvironment): string | undefined {
  return environment.variable("CATALOG_TOKEN") || undefined;
}

/** A flag beats the variable, which beats the variable that names a file. */
async function readToken(values: FlagValues, environment: ChoiceEnvironment): Promise<string> {
  const fromVariable = tokenVariable(environment);
  const path = values.text("token-file");
  if (fromVariable !== undefined && values.source("token-file") !== "flag") return fromVariable;
  if (path === undefined) return TOKEN_DEFAULT;
  return (await readTextFile(path, "token file")).trim();
}

function readProperties(texts: readonly string[]): Record<string, string> {
  const properties: Record<string, string> = {};
  for (const text of texts) {
    const at = text.indexOf("=");
    if (at < 1) throw new UsageError("Cannot use --property: it takes KEY=VALUE");
    properties[text.slice(0, at)] = text.slice(at + 1);
  }
  return properties;
}

/** Where pyiceberg would find a configuration, or undefined. */
async function findPyicebergConfiguration(
  environment: ChoiceEnvironment,
): Promise<string | undefined> {
  const variable = environment.variableNames().find((name) =>
    /^PYICEBERG_(CATALOG__|DEFAULT_CATALOG$)/.test(name)
  );
  if (variable !== undefined) return `the variable ${variable}`;
  const home = environment.variable("HOME") || environment.variable("USERPROFILE");
  for (const directory of [environment.variable("PYICEBERG_HOME"), home, "."]) {
    if (!directory) continue;
    const path = `${directory}/.pyiceberg.yaml`;
    const found = await Deno.stat(path).then((info) => info.isFile, () => false);
    if (found) return path;
  }
  return undefined;
}

/** Whether both loopback addresses refuse a connection to the default URL's port. */
export async function defaultRefuses(): Promise<boolean> {
  const port = Number(new URL(CATALOG_URL_DEFAULT).port);
  const refusals = await Promise.all(
    ["127.0.0.1", "::1"].map((hostname) => refuses(hostname, port)),
  );
  return refusals.every((refused) => refused);
}

/** A port that neither accepts nor refuses in this time belongs to somebody. */
const CONNECT_MS_MAX = 2000;

async function refuses(hostname: string, port: number): Promise<boolean> {
  // Refused, or an address family that this machine does not have: either way nobody is there.
  const attempt = Deno.connect({ hostname, port }).then((connection) => {
    connection.close();
    return false;
  }, () => true);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const giveUp = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), CONNECT_MS_MAX);
  });
  try {
    return await Promise.race([attempt, giveUp]);
  } finally {
    clearTimeout(timer);
  }
}

/** The process's own environment. */
export const processEnvironment: ChoiceEnvironment = {
  variable: (name) => Deno.env.get(name),
  variableNames: () => Object.keys(Deno.env.toObject()),
  defaultRefuses,
};
