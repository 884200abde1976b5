/** The flags of `serve` that say which warehouses there are, and how clients reach their files. */
import { UsageError } from "../errors.ts";
import { isS3Location } from "../server/places/s3_location.ts";
import { CREDENTIAL_MODES, type CredentialMode } from "../server/storage/vending.ts";
import type { WarehouseOptions } from "../server/warehouse.ts";
import { WAREHOUSE_DIRECTORY_DEFAULT } from "./catalog_choice.ts";
import type { Flag, FlagValues } from "./flags.ts";
import { parseChoice } from "./values.ts";

const NAME_DEFAULT = "demo";
/** It stands in paths of requests. */
// deno-lint-ignore no-control-regex -- control characters are what it refuses
const NAME = /^(?!\.{1,2}$)[^\x00-\x1f\x7f]{1,63}$/;
const GROUP = "Warehouses";

/** Flags about warehouses. */
export const WAREHOUSE_FLAGS: readonly Flag[] = [
  {
    flags: "--warehouse <[NAME=]PLACE>",
    description:
      "directory or s3://BUCKET/PREFIX of a warehouse, and the name that clients give it; may be repeated with other names",
    group: GROUP,
    fallback: `${NAME_DEFAULT}=${WAREHOUSE_DIRECTORY_DEFAULT}`,
    withoutVariables: true,
    repeats: true,
  },
  {
    flags: "--state-dir <DIR>",
    description: "where the databases of warehouses on S3 lie, each in a directory of its name",
    path: "directory",
    group: GROUP,
    fallback: WAREHOUSE_DIRECTORY_DEFAULT,
  },
  {
    flags: "--allow-location <PREFIX>",
    description:
      "also allow tables below this location, as file:/tmp/ or s3://BUCKET/PREFIX; may be repeated",
    group: GROUP,
    repeats: true,
  },
  {
    flags: "--credentials <KIND>",
    description:
      "what clients get for files on S3: none, as they have keys; static, the server's own keys; sts, keys for one table; sign, signatures only",
    group: GROUP,
    fallback: "none",
    values: CREDENTIAL_MODES,
  },
  {
    flags: "--sts-endpoint <URL>",
    description: "where STS answers (AWS_ENDPOINT_URL_STS, else where S3 does)",
    group: GROUP,
  },
  {
    flags: "--sts-role-arn <ARN>",
    description: "role that STS is asked for (AWS_ROLE_ARN)",
    group: GROUP,
  },
];

/**
 * The warehouses that the flags name.
 *
 * @throws {UsageError}
 */
export function readWarehouses(values: FlagValues): WarehouseOptions[] {
  // The default is one text, a flag that repeats gives several.
  const texts = values.source("warehouse") === "default"
    ? [values.text("warehouse")!]
    : values.texts("warehouse");
  const warehouses = texts.map(readWarehouse);
  const allowed = values.texts("allow-location");
  const credentials = readCredentials(values.text("credentials")!);
  const stateDirectory = values.text("state-dir")!;
  const endpoint = values.text("sts-endpoint");
  const roleArn = values.text("sts-role-arn");
  const isS3 = warehouses.map(({ root }) => isS3Location(root));
  if (credentials !== "none" && !isS3.includes(true)) {
    throw new UsageError(`Cannot use --credentials ${credentials}: no warehouse lies on S3`);
  }
  for (const location of allowed) {
    if (isS3.includes(isS3Location(location))) continue;
    throw new UsageError(
      `Cannot use --allow-location "${location}": no warehouse lies on that kind of store`,
    );
  }
  return warehouses.map((warehouse, index) => {
    const allowLocations = allowed.filter((location) => isS3Location(location) === isS3[index]);
    if (!isS3[index]) return { ...warehouse, allowLocations };
    return {
      ...warehouse,
      allowLocations,
      stateDirectory,
      credentials,
      sts: {
        ...(endpoint === undefined ? {} : { endpoint }),
        ...(roleArn === undefined ? {} : { roleArn }),
      },
    };
  });
}

/**
 * Reads `[NAME=]PLACE`. What comes before a `=` is a name only when it holds no slash, so that a path
 * may have one.
 *
 * @throws {UsageError}
 */
export function readWarehouse(
  text: string,
): { readonly name: string; readonly root: string } {
  const match = /^([^=/\\]*)=(.*)$/s.exec(text);
  const name = match === null ? NAME_DEFAULT : match[1]!;
  const root = match === null ? text : match[2]!;
  if (name === "" || root === "") {
    throw new UsageError(
      `Cannot use --warehouse "${text}": it takes PLACE or NAME=PLACE`,
      { hint: "A place is a directory, or s3://BUCKET/PREFIX" },
    );
  }
  if (!NAME.test(name)) {
    throw new UsageError(`Cannot use "${name}" as the name of a warehouse`, {
      hint: "It takes 1 to 63 characters, no control characters, and not dots alone",
    });
  }
  return { name, root };
}

function readCredentials(text: string): CredentialMode {
  return parseChoice(text, { flag: "--credentials", choices: CREDENTIAL_MODES });
}
