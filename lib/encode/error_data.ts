/** Errors across the border of a worker, where classes are lost. */
import {
  AuthError,
  EXIT_CODE,
  InputError,
  type InputPlace,
  StorageError,
  ToolError,
} from "../errors.ts";

/** An error that crossed from a worker. */
export interface ErrorData {
  /** Name of its class. */
  readonly name: string;
  /** As it is shown. */
  readonly message: string;
  /** Of a {@linkcode ToolError}, else undefined. */
  readonly exitCode: number | undefined;
  /** What to do next, where that is known. */
  readonly hint: string | undefined;
  /** An {@linkcode InputError} has it: the place of the fault, an `InputPlace`. */
  readonly place: Readonly<Record<string, unknown>> | undefined;
}

/** Takes an error apart. */
export function toErrorData(error: unknown): ErrorData {
  const known = error instanceof ToolError ? error : undefined;
  return {
    name: error instanceof Error ? error.name : "Error",
    message: error instanceof Error ? error.message : String(error),
    exitCode: known?.exitCode,
    hint: known?.hint,
    place: known instanceof InputError ? { ...known.place } : undefined,
  };
}

/** Puts it together again, of the class that it was. */
export function fromErrorData(data: ErrorData): ToolError {
  const hint = data.hint === undefined ? {} : { hint: data.hint };
  switch (data.name) {
    case "InputError":
      return new InputError(data.message, { ...hint, place: (data.place ?? {}) as InputPlace });
    case "AuthError":
      return new AuthError(data.message, hint);
    case "StorageError":
      return new StorageError(data.message, hint);
    default:
      return new ToolError(data.message, data.exitCode ?? EXIT_CODE.failed, hint);
  }
}
