/** The tools that the benchmark compares with: installed once, by pinned version, and started. */
import { installOnce } from "../tests/real/parts/cache.ts";
import { mustRun } from "../tests/real/parts/child.ts";
import { installPython } from "../tests/real/parts/python.ts";
import { installSpark, type Spark } from "../tests/real/parts/spark.ts";

const PEERS = new URL("peers/", import.meta.url).pathname;

/** Path of a script beside the peers' requirements. */
export function peerScript(name: string): string {
  return `${PEERS}${name}`;
}

/** Where the peers are. */
export interface Peers {
  /** Python with pyiceberg 0.9.1. */
  readonly original: string;
  /** Python with the newest pyiceberg and with the newest DuckDB that has an Iceberg extension. */
  readonly newest: string;
  /** Python with the newest DuckDB. */
  readonly duckdb: string;
  /** Path of sling's program, or why there is none. */
  readonly sling: string | Absent;
  readonly spark: Spark | Absent;
}

/** A peer that cannot be had here. */
export interface Absent {
  readonly reason: string;
}

/** Whether a peer is one that cannot be had. */
export function isAbsent(peer: unknown): peer is Absent {
  return typeof peer === "object" && peer !== null && "reason" in peer;
}

/**
 * Installs what is not there yet.
 *
 * @throws {Error} when one of those cannot be had that a target is set against.
 */
export async function installPeers(): Promise<Peers> {
  return {
    original: await installPackages("bench-original", "requirements_original.txt"),
    newest: await installPython(),
    duckdb: await installPackages("bench-duckdb", "requirements_duckdb.txt"),
    sling: await orReason(installSling),
    spark: await orReason(installSpark),
  };
}

async function installPackages(name: string, requirementsFile: string): Promise<string> {
  const requirements = peerScript(requirementsFile);
  const directory = await installOnce({
    name,
    key: await Deno.readTextFile(requirements),
    install: async (target) => {
      await mustRun("python3", ["-m", "venv", target]);
      const args = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"];
      await mustRun(`${target}/bin/python`, [...args, "-r", requirements]);
    },
  });
  return `${directory}/bin/python`;
}

async function installSling(): Promise<string> {
  const python = await installPackages("bench-sling", "requirements_sling.txt");
  const script = "import sling_linux_amd64 as package; print(package.__path__[0])";
  const directory = (await mustRun(python, ["-c", script])).trim();
  return `${directory}/bin/sling-linux-amd64`;
}

async function orReason<T>(install: () => Promise<T>): Promise<T | Absent> {
  try {
    return await install();
  } catch (error) {
    const [reason = "it cannot be installed"] = String(
      error instanceof Error ? error.message : error,
    ).split("\n");
    return { reason };
  }
}
