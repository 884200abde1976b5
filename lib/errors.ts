/**
 * The failures that end a command, one small class per kind that a caller tells apart, each with
 * the exit code that design calls for. Every room may import this file. Expected results (the
 * outcome of a commit, a chunk that failed) are values, not exceptions.
 *
 * A message says action, object and reason, and never holds a secret.
 */

/** Exit codes of the tool. They are part of its interface and are never renumbered. */
export const EXIT_CODE = {
  ok: 0,
  failed: 1,
  usage: 2,
  input: 3,
  unknown: 4,
  conflicts: 5,
  auth: 6,
  unreachable: 7,
  /** A probe has found that the catalog breaks a promise. */
  violation: 10,
  /** A probe cannot tell. */
  undecided: 11,
  interrupted: 130,
  terminated: 143,
} as const;

/** Options of every error of this file. */
export interface ToolErrorOptions {
  /** What the reader can do next. */
  readonly hint?: string;
  /** The error that led to this one. */
  readonly cause?: unknown;
}

/** Ends a command with a message for people, an exit code and, where there is one, a hint. */
export class ToolError extends Error {
  /** Name of the class; it tells errors apart that come from a worker, where classes are lost. */
  override readonly name: string = "ToolError";
  /** One of {@linkcode EXIT_CODE}: what the command ends with. */
  readonly exitCode: number;
  /** What the reader can do next; undefined when nothing is known that would help. */
  readonly hint: string | undefined;

  /**
   * For what no class below stands for; most throw one of those.
   *
   * @param message action, object and reason, without a secret
   * @param exitCode one of {@linkcode EXIT_CODE}
   */
  constructor(message: string, exitCode: number, options: ToolErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.exitCode = exitCode;
    this.hint = options.hint;
  }
}

/** The command line or the configuration is wrong (exit 2). */
export class UsageError extends ToolError {
  /** As in {@linkcode ToolError}. */
  override readonly name = "UsageError";
  /** Its exit code is 2. */
  constructor(message: string, options: ToolErrorOptions = {}) {
    super(message, EXIT_CODE.usage, options);
  }
}

/** The input file is not there, or is no file (exit 1, as the original did). */
export class MissingInputError extends ToolError {
  /** As in {@linkcode ToolError}. */
  override readonly name = "MissingInputError";
  /** Its exit code is 1. */
  constructor(message: string, options: ToolErrorOptions = {}) {
    super(message, EXIT_CODE.failed, options);
  }
}

/** Where in the input a bad value stands. Lines and columns count from 1. */
export interface InputPlace {
  /** Path or name of the input, as the user gave it. */
  readonly file?: string;
  /** Physical line of the field's or record's first byte: a record may go over several lines. */
  readonly line?: number;
  /** Name of the CSV column. */
  readonly column?: string;
  /** The value as it stands in the file, shortened. */
  readonly value?: string;
  /** The type that was expected, as an Iceberg type string. */
  readonly expected?: string;
}

/** The content of the input is wrong (exit 3). */
export class InputError extends ToolError {
  /** As in {@linkcode ToolError}. */
  override readonly name = "InputError";
  /** Where the bad value stands; empty when it is the input as a whole. */
  readonly place: InputPlace;
  /** Its exit code is 3. */
  constructor(message: string, options: ToolErrorOptions & { readonly place?: InputPlace } = {}) {
    super(message, EXIT_CODE.input, options);
    this.place = options.place ?? {};
  }
}

/** Input and table do not fit each other, or the table is of a kind not written to (exit 3). */
export class SchemaError extends ToolError {
  /** As in {@linkcode ToolError}. */
  override readonly name = "SchemaError";
  /** Its exit code is 3. */
  constructor(message: string, options: ToolErrorOptions = {}) {
    super(message, EXIT_CODE.input, options);
  }
}

/** The catalog or the store refuses the caller (exit 6). */
export class AuthError extends ToolError {
  /** As in {@linkcode ToolError}. */
  override readonly name = "AuthError";
  /** Its exit code is 6. */
  constructor(message: string, options: ToolErrorOptions = {}) {
    super(message, EXIT_CODE.auth, options);
  }
}

/** The catalog cannot be reached, or answers with what no Iceberg catalog answers (exit 7). */
export class CatalogError extends ToolError {
  /** As in {@linkcode ToolError}. */
  override readonly name = "CatalogError";
  /** HTTP status, where there was an answer. */
  readonly status: number | undefined;
  /** The `type` of the error body, where there was one. */
  readonly type: string | undefined;
  /** Its exit code is 7 unless another one is given, such as 1 for a table that is not there. */
  constructor(
    message: string,
    options: ToolErrorOptions & {
      readonly status?: number;
      readonly type?: string;
      readonly exitCode?: number;
    } = {},
  ) {
    super(message, options.exitCode ?? EXIT_CODE.unreachable, options);
    this.status = options.status;
    this.type = options.type;
  }
}

/** The store cannot be read or written (exit 7). */
export class StorageError extends ToolError {
  /** As in {@linkcode ToolError}. */
  override readonly name = "StorageError";
  /** Its exit code is 7 unless another one is given, such as 1 for a damaged file. */
  constructor(message: string, options: ToolErrorOptions & { readonly exitCode?: number } = {}) {
    super(message, options.exitCode ?? EXIT_CODE.unreachable, options);
  }
}
