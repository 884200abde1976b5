/** PostgreSQL from Debian's packages, as a throw-away cluster in a temporary folder. */
import { freePort, hasCommand, mustRun, runCommand, type Server, startServer } from "./child.ts";

/** A running PostgreSQL. */
export interface Postgres extends Server {
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** A JDBC URL of its database, without user and password. */
  readonly jdbcUrl: string;
}

const USER = "lab";
const PASSWORD = "lab-password";

/**
 * Finds PostgreSQL's programs, or installs them by apt-get.
 *
 * @returns the folder that holds `initdb` and `postgres`.
 */
export async function installPostgres(): Promise<string> {
  const found = await findPrograms();
  if (found !== undefined) return found;
  if (!await hasCommand("apt-get")) {
    throw new Error(`Cannot install "postgresql": there is no apt-get; install PostgreSQL by hand`);
  }
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  await mustRun("apt-get", ["update", "-qq"], { env });
  await mustRun("apt-get", ["install", "-y", "-qq", "--no-install-recommends", "postgresql"], {
    env,
  });
  const installed = await findPrograms();
  if (installed === undefined) {
    throw new Error(`Cannot find "initdb": the package "postgresql" brought none`);
  }
  return installed;
}

async function findPrograms(): Promise<string | undefined> {
  // Debian keeps initdb off PATH; other systems have pg_config.
  const script = `ls -d /usr/lib/postgresql/*/bin/initdb 2>/dev/null | sort -V | tail -n 1`;
  const debian = (await runCommand("sh", ["-c", script])).stdout.trim();
  if (debian !== "") return debian.slice(0, -"/initdb".length);
  if (!await hasCommand("initdb") || !await hasCommand("pg_config")) return undefined;
  return (await mustRun("pg_config", ["--bindir"])).trim();
}

/**
 * Starts an empty cluster on a free port of the loopback interface.
 *
 * @param options.durable waits for the disk at each commit, which tests have no need of.
 */
export async function startPostgres(
  options: { readonly durable?: boolean } = {},
): Promise<Postgres> {
  const programs = await installPostgres();
  const directory = await Deno.makeTempDir({ prefix: "lakekeeper-ingest-postgres-" });
  const port = freePort();
  const isRoot = Deno.uid() === 0;
  try {
    await Deno.writeTextFile(`${directory}/password`, `${PASSWORD}\n`);
    // PostgreSQL refuses to run as root.
    if (isRoot) await mustRun("chown", ["-R", "postgres", directory]);
    const data = `${directory}/data`;
    const initArgs = ["-D", data, "-A", "scram-sha-256", "-U", USER, "--no-sync"];
    // The locale of whoever runs the tests may not exist on the machine.
    initArgs.push("--locale=C", "--encoding=UTF8", `--pwfile=${directory}/password`);
    const init = [`${programs}/initdb`, ...initArgs];
    const asUser = isRoot
      ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--", ...init]
      : init;
    await mustRun(asUser[0]!, asUser.slice(1), { cwd: directory });
    const settings = [
      "listen_addresses=127.0.0.1",
      `unix_socket_directories=${directory}`,
      `port=${port}`,
      `fsync=${options.durable === true ? "on" : "off"}`,
    ];
    const server = await startServer({
      name: "postgres",
      command: `${programs}/postgres`,
      args: ["-D", data, ...settings.flatMap((setting) => ["-c", setting])],
      cwd: directory,
      logDirectory: directory,
      ...(isRoot ? { user: "postgres" } : {}),
      // SIGINT is PostgreSQL's fast shutdown; SIGTERM would wait for every client.
      stopSignal: "SIGINT",
      isReady: async () => {
        const args = ["-q", "-h", "127.0.0.1", "-p", String(port)];
        return (await runCommand(`${programs}/pg_isready`, args)).code === 0;
      },
    });
    return {
      ...server,
      port,
      user: USER,
      password: PASSWORD,
      jdbcUrl: `jdbc:postgresql://127.0.0.1:${port}/postgres`,
      stop: async () => {
        await server.stop();
        await Deno.remove(directory, { recursive: true }).catch(() => {});
      },
    };
  } catch (error) {
    await Deno.remove(directory, { recursive: true }).catch(() => {});
    throw error;
  }
}
