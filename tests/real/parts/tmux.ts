/** A terminal under tmux: keys go in, and what a person sees comes out. */
import { mustRun, runCommand } from "./child.ts";

/** A running terminal. */
export interface TmuxSession {
  /** Sends keys by tmux's names, such as `Tab`, or texts as they are. */
  send(...keys: readonly string[]): Promise<void>;
  /** What stands on the screen and has been scrolled out of it, without trailing blanks. */
  screen(): Promise<string>;
  /** The same with colours: their codes begin with a visible sign, `␛[`. */
  colors(): Promise<string>;
  /**
   * Waits until the screen shows something.
   *
   * @returns the screen.
   * @throws {Error} with the screen when it does not come in time.
   */
  until(isThere: (screen: string) => boolean): Promise<string>;
  close(): Promise<void>;
}

/** How a terminal is opened. */
export interface TmuxOptions {
  readonly columns: number;
  readonly lines?: number;
  readonly cwd: string;
  /** The whole environment, beside what tmux sets (`TERM`). */
  readonly env: Readonly<Record<string, string>>;
  readonly command: readonly string[];
}

const WAIT_MS_MAX = 60_000;
const POLL_MS = 50;
/** So much may be scrolled out. */
const HISTORY_LINES = 2_000;

/** Opens a terminal with a tmux server of its own, which no other session sees. */
export async function openTmux(options: TmuxOptions): Promise<TmuxSession> {
  const { columns, lines = 50, cwd, env, command } = options;
  const directory = await Deno.makeTempDir({ prefix: "lakekeeper_ingest_tmux_" });
  const base = ["-S", `${directory}/socket`, "-f", "/dev/null"];
  // UTF-8 whatever the locale here: `-u` says so of the client, and tmux believes it of itself.
  const run = (args: readonly string[]) =>
    mustRun("tmux", ["-u", ...base, ...args], { env: { LC_ALL: "C.UTF-8" } });
  const quoted = ["env", "-i", ...Object.entries(env).map(([name, value]) => `${name}=${value}`)]
    .concat(command)
    .map((word) => `'${word.replaceAll("'", `'\\''`)}'`)
    .join(" ");
  const size = ["-x", String(columns), "-y", String(lines)];
  await run([
    ...["start-server", ";", "set-option", "-g", "history-limit", String(HISTORY_LINES), ";"],
    ...["set-option", "-g", "remain-on-exit", "on", ";"],
    ...["new-session", "-d", ...size, "-c", cwd, quoted],
  ]);
  const capture = async (...more: readonly string[]) => {
    const text = await run(["capture-pane", "-p", "-J", "-S", `-${HISTORY_LINES}`, ...more]);
    return text.split("\n").map((line) => line.trimEnd()).join("\n").trimEnd();
  };
  const screen = () => capture();
  return {
    screen,
    colors: async () => (await capture("-e")).replaceAll("\x1b", "␛"),
    async send(...keys) {
      await run(["send-keys", ...keys]);
    },
    async until(isThere) {
      const endMs = Date.now() + WAIT_MS_MAX;
      for (;;) {
        const text = await screen();
        if (isThere(text)) return text;
        if (Date.now() > endMs) throw new Error(`The screen does not come; it shows:\n${text}`);
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      }
    },
    async close() {
      await runCommand("tmux", [...base, "kill-server"]);
      await Deno.remove(directory, { recursive: true }).catch(() => {});
    },
  };
}
