/** What is configured of the catalog, from every place: flags, variables, files, pyiceberg's. */
import { UsageError } from "../../errors.ts";
import type { FlagValues } from "../flags.ts";
import { readTextFile } from "../text_file.ts";
import { beats, describeOrigin, type Origin, type Setting } from "./origin.ts";
import {
  pyicebergCatalog,
  pyicebergCatalogs,
  type PyicebergConfig,
  type PyicebergEnvironment,
  type PyicebergNode,
  readPyiceberg,
  saysCatalogs,
} from "./pyiceberg.ts";

const TOKEN_DEFAULT = "dummy";
const TOKEN_VARIABLE = "CATALOG_TOKEN";

/** Flags whose presence means that a catalog has been chosen. */
const CHOOSING_FLAGS = ["uri", "warehouse", "catalog", "token-file"];

/** The token, or the file that holds it. */
export interface TokenSetting {
  /** The place of the token, or of the name of its file. */
  readonly origin: Origin;
  /** Undefined when it stands in a file. */
  readonly value: string | undefined;
  /** The file that holds it. */
  readonly path: string | undefined;
}

/** All that is known of the catalog before it is asked. */
export interface CatalogSettings {
  /** Of the catalog, for messages and for pyiceberg's configuration. */
  readonly name: Setting;
  /** Base URI, or `embedded:DIR`. */
  readonly uri: Setting;
  /** As the catalog knows it. */
  readonly warehouse: Setting;
  /** What the requests to the catalog show. */
  readonly token: TokenSetting;
  /** Of catalog and store, such as `s3.endpoint` and `header.x-tenant`. */
  readonly properties: ReadonlyMap<string, Setting>;
  /** Whether any setting names a catalog. */
  readonly isConfigured: boolean;
  /** Undefined when it was not looked at. */
  readonly pyiceberg: PyicebergConfig | undefined;
  /** What a person should know. */
  readonly notices: readonly string[];
  /** What keeps the catalog from being used. */
  readonly problems: readonly UsageError[];
}

/** Directory of `--uri embedded:DIR`, or undefined for another URI. */
export function embeddedDirectory(uri: string): string | undefined {
  return /^embedded:(.*)$/s.exec(uri)?.[1];
}

/**
 * Brings the settings together. The credentials of a place go only to the catalog that it was
 * written for: pyiceberg's settings of a catalog are left out when another URI is used, and those of
 * the user's files when the project's file names the URI.
 *
 * @throws {UsageError} for a setting or a file that cannot be read.
 */
export async function resolveCatalogSettings(
  values: FlagValues,
  environment: PyicebergEnvironment,
): Promise<CatalogSettings> {
  const notices = values.files.flatMap(({ notice }) => notice === undefined ? [] : [notice]);
  const name = settingOf(values, "catalog");
  const flagUri = settingOf(values, "uri");
  const isEmbedded = embeddedDirectory(flagUri.value) !== undefined;
  const pyiceberg = isEmbedded ? undefined : await readPyiceberg(environment);
  const catalog = new PyicebergCatalog(name.value, pyiceberg);
  const uri = strongest(flagUri, catalog.text("uri"));
  const foreign = catalog.foreignTo(uri);
  if (foreign !== undefined) {
    notices.push(foreign);
    catalog.leaveOut();
  }
  const byProject = uri.origin.source === "project file";
  const reaches = (origin: Origin) =>
    !byProject || (origin.source !== "user file" && origin.source !== "pyiceberg file");
  const token = chooseToken(
    tokensOf(values, { environment, catalog }).filter(({ origin }) => reaches(origin)),
  );
  const all = [...propertiesOf(values), ...catalog.properties()];
  const properties = mergeProperties(all.filter(({ setting }) => reaches(setting.origin)));
  if (byProject && all.some(({ setting }) => !reaches(setting.origin))) {
    notices.push(
      `The catalog is named by ${
        describeOrigin(uri.origin)
      }: properties of your own files are not ` +
        "sent there",
    );
  }
  // The default token is nobody's: a header that was given says more.
  if (token.origin.source !== "default") properties.delete("header.authorization");
  return {
    name,
    uri,
    warehouse: strongest(settingOf(values, "warehouse"), catalog.text("warehouse")),
    token,
    properties,
    isConfigured: CHOOSING_FLAGS.some((flag) => values.source(flag) !== "default") ||
      Boolean(environment.variable(TOKEN_VARIABLE)) || catalog.isThere,
    pyiceberg,
    notices: [...notices, ...unknownName(name, { uri, pyiceberg, catalog })],
    problems: catalog.problems(token),
  };
}

/**
 * The token itself.
 *
 * @throws {UsageError} when its file cannot be read.
 */
export async function readToken(token: TokenSetting): Promise<string> {
  if (token.path === undefined) return token.value!;
  return (await readTextFile(token.path, "token file")).trim();
}

function settingOf(values: FlagValues, flag: string): Setting {
  return { value: values.text(flag)!, origin: values.origin(flag) };
}

/** The first wins where both are of one kind: the tool's own variables beat pyiceberg's. */
function strongest(own: Setting, other: Setting | undefined): Setting {
  return other !== undefined && beats(other.origin.source, own.origin.source) ? other : own;
}

/** A flag beats the variable with the token, which beats the variable that names a file. */
function tokensOf(
  values: FlagValues,
  of: { readonly environment: PyicebergEnvironment; readonly catalog: PyicebergCatalog },
): TokenSetting[] {
  const files = values.allTexts("token-file").map(({ value, origin }): TokenSetting => ({
    origin,
    value: undefined,
    path: value,
  }));
  const variable = of.environment.variable(TOKEN_VARIABLE);
  const fromVariable: TokenSetting[] = variable
    ? [{
      origin: { source: "environment", name: TOKEN_VARIABLE },
      value: variable,
      path: undefined,
    }]
    : [];
  const text = of.catalog.text("token");
  return [...fromVariable, ...files, ...(text === undefined ? [] : [{ ...text, path: undefined }])];
}

function chooseToken(tokens: readonly TokenSetting[]): TokenSetting {
  const none: TokenSetting = {
    origin: { source: "default" },
    value: TOKEN_DEFAULT,
    path: undefined,
  };
  return tokens.reduce(
    (best, token) => beats(token.origin.source, best.origin.source) ? token : best,
    none,
  );
}

interface NamedSetting {
  readonly name: string;
  readonly setting: Setting;
}

/** @throws {UsageError} which shows nothing of the text: it may be a secret. */
function propertiesOf(values: FlagValues): NamedSetting[] {
  return values.allTexts("property").map(({ value: text, origin }) => {
    const at = text.indexOf("=");
    if (at < 1) throw new UsageError("Cannot use --property: it takes KEY=VALUE");
    return { name: text.slice(0, at), setting: { value: text.slice(at + 1), origin } };
  });
}

/** Each property from the strongest place that has it; of one place the last, as with all flags. */
function mergeProperties(all: readonly NamedSetting[]): Map<string, Setting> {
  const merged = new Map<string, Setting>();
  for (const { name, setting } of all) {
    const key = name.toLowerCase().startsWith("header.") ? name.toLowerCase() : name;
    const known = merged.get(key);
    const stays = known !== undefined && (beats(known.origin.source, setting.origin.source) ||
      (known.origin.source === setting.origin.source && known.origin.name !== setting.origin.name));
    if (!stays) merged.set(key, setting);
  }
  return merged;
}

/** A name that nobody knows, where pyiceberg knows others, may be misspelt. */
function unknownName(
  name: Setting,
  of: {
    readonly uri: Setting;
    readonly pyiceberg: PyicebergConfig | undefined;
    readonly catalog: PyicebergCatalog;
  },
): string[] {
  const { uri, pyiceberg, catalog } = of;
  const isOpen = name.origin.source !== "default" && uri.origin.source === "default";
  if (!isOpen || catalog.isThere || pyiceberg === undefined || !saysCatalogs(pyiceberg)) return [];
  const names = pyicebergCatalogs(pyiceberg).join(", ") || "none";
  return [
    `Nothing is configured for the catalog "${name.value}" (pyiceberg's configuration names: ` +
    `${names}); ${uri.value} is used`,
  ];
}

/** pyiceberg's own matters: nothing that is sent to a catalog or a store. */
const OF_PYICEBERG =
  /^(?:uri|warehouse|token|type|credential|scope|audience|resource|oauth2-server-uri|py-.*|rest\.signing-.*)$/;

/** What pyiceberg is told of one catalog. */
class PyicebergCatalog {
  readonly #name: string;
  #entries: ReadonlyMap<string, PyicebergNode>;
  readonly isThere: boolean;

  constructor(name: string, config: PyicebergConfig | undefined) {
    this.#name = name;
    this.#entries = config === undefined ? new Map() : pyicebergCatalog(config, name);
    this.isThere = this.#entries.size > 0;
  }

  /** A plain value, or undefined. */
  text(key: string): Setting | undefined {
    const node = this.#entries.get(key);
    return node?.kind === "text" ? { value: node.value, origin: node.origin } : undefined;
  }

  /** Says that the settings are for another catalog than the one at `uri`, or undefined. */
  foreignTo(uri: Setting): string | undefined {
    const own = this.text("uri");
    if (own === undefined || sameUri(own.value, uri.value)) return undefined;
    return `pyiceberg's settings of "${this.#name}" are for another URI ` +
      `(${describeOrigin(own.origin)}) and are not used`;
  }

  /** Forgets all of it. */
  leaveOut(): void {
    this.#entries = new Map();
  }

  /** What passes on to catalog and store. */
  properties(): NamedSetting[] {
    return [...this.#entries].flatMap(([name, node]) =>
      node.kind === "text" && !OF_PYICEBERG.test(name) && !this.#isRefused(name)
        ? [{ name, setting: { value: node.value, origin: node.origin } }]
        : []
    );
  }

  #isRefused(name: string): boolean {
    return /^(?:auth|ssl|rest\.sigv4-enabled)(?:\.|$)/.test(name);
  }

  /** What of it this tool cannot do. */
  problems(token: TokenSetting): UsageError[] {
    const problems: UsageError[] = [];
    const refuse = (key: string, reason: string, hint: string) => {
      const node = this.#entries.get(key);
      const place = node === undefined || node.kind === "map"
        ? ""
        : ` (${describeOrigin(node.origin)})`;
      problems.push(
        new UsageError(
          `Cannot use pyiceberg's settings of catalog "${this.#name}": ${key}${place} ${reason}`,
          { hint },
        ),
      );
    };
    const type = this.text("type")?.value.toLowerCase();
    if (type !== undefined && type !== "rest") {
      refuse("type", `is "${type}"`, "Only REST catalogs (type: rest) can be loaded into");
    }
    if (this.#entries.has("credential") && token.origin.source === "default") {
      refuse(
        "credential",
        "asks for OAuth2, which is not supported yet",
        "Get a token and give it with --token-file or CATALOG_TOKEN",
      );
    }
    for (const [name, node] of this.#entries) {
      if (name === "auth" || name.startsWith("auth.")) {
        if (token.origin.source === "default") {
          refuse(
            name,
            "is a way to authenticate that is not supported yet",
            "Give a token with --token-file or CATALOG_TOKEN",
          );
        }
      } else if (name === "ssl" || name.startsWith("ssl.")) {
        refuse(
          name,
          "is not supported yet",
          "Certificate authorities are taken from the file that DENO_CERT names",
        );
      } else if (name === "rest.sigv4-enabled" && node.kind === "text") {
        if (node.value.toLowerCase() === "true") {
          refuse(name, "is not supported yet", "Use a catalog that takes a bearer token");
        }
      } else if (node.kind !== "text") {
        refuse(name, "holds more than a value", "Properties are plain, such as s3.endpoint: URL");
      }
    }
    return problems;
  }
}

function sameUri(one: string, other: string): boolean {
  const plain = (uri: string) => uri.replace(/\/+$/, "");
  return plain(one) === plain(other);
}
