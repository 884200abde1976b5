/** Small files that flags name: tokens, certificates. */
import { UsageError } from "../errors.ts";

/**
 * Reads a file that a flag names.
 *
 * @param what the file in words, such as `token file`.
 * @throws {UsageError} when it cannot be read, or holds nothing but space.
 */
export async function readTextFile(path: string, what: string): Promise<string> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(`Cannot read the ${what} "${path}": ${reason}`, { cause });
  }
  if (text.trim() === "") throw new UsageError(`Cannot use the ${what} "${path}": it is empty`);
  return text;
}
