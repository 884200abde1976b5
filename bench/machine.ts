/** What the figures were measured on. */

import { denoInside } from "./executables.ts";

/** Machine and versions, in a few words. */
export async function describeMachine(executable: string): Promise<string> {
  const cpu = /^model name\s*:\s*(.*)$/m.exec(await textOf("/proc/cpuinfo"))?.[1] ??
    Deno.build.arch;
  const memory = `${(Deno.systemMemoryInfo().total / 2 ** 30).toFixed(0)} GiB`;
  const version = await new Deno.Command(executable, { args: ["--version"] }).output();
  const tool = new TextDecoder().decode(version.stdout).trim();
  const day = new Date().toISOString().slice(0, 10);
  return `${day}, ${navigator.hardwareConcurrency} cores of ${cpu}, ${memory}, ${tool} ` +
    `(executable on Deno ${await denoInside(executable)}), scripts on Deno ${Deno.version.deno}`;
}

/** Processes that want a core, the mean of the last minute: more than a little, and figures are off. */
export function loadOfLastMinute(): number {
  return Deno.loadavg()[0]!;
}

async function textOf(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch {
    return "";
  }
}
