/** Chromium from Debian's packages, driven by playwright-core: the browser of the report's tests. */
import { type Browser, chromium } from "playwright-core";
import { hasCommand, mustRun } from "./child.ts";

/** Names under which distributions have it. */
const COMMANDS = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

/**
 * Finds Chromium, or installs it by apt-get.
 *
 * @returns its command.
 */
export async function installChromium(): Promise<string> {
  const found = await findChromium();
  if (found !== undefined) return found;
  if (!await hasCommand("apt-get")) {
    throw new Error(`Cannot install "chromium": there is no apt-get; install Chromium by hand`);
  }
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  await mustRun("apt-get", ["update", "-qq"], { env });
  await mustRun(
    "apt-get",
    ["install", "-y", "-qq", "--no-install-recommends", "chromium", "fonts-dejavu-core"],
    { env },
  );
  const installed = await findChromium();
  if (installed === undefined) {
    throw new Error(`Cannot find "chromium": the package "chromium" brought none`);
  }
  return installed;
}

async function findChromium(): Promise<string | undefined> {
  for (const command of COMMANDS) if (await hasCommand(command)) return command;
  return undefined;
}

/** Starts a headless browser; the caller closes it. */
export async function startChromium(): Promise<Browser> {
  const command = await installChromium();
  const path = (await mustRun("sh", ["-c", `command -v ${command}`])).trim();
  return await chromium.launch({
    executablePath: path,
    // Its sandbox wants a user of its own, and root, as in a container, is none.
    chromiumSandbox: Deno.uid() !== 0,
  });
}
