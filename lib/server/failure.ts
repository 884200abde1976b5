/** A request that is answered with an error body (REST spec, `ErrorModel`). */
import { MetadataError } from "../table/metadata_error.ts";

/** Ends a request with a status, an error type that clients know, and a message for people. */
export class RequestFailure extends Error {
  /** Name of the class, for logs. */
  override readonly name = "RequestFailure";
  /** HTTP status, 400 or above. */
  readonly status: number;
  /** Name of the exception that clients raise, such as `NoSuchTableException`. */
  readonly type: string;

  /**
   * Most have a function below that makes them.
   *
   * @param message for people: it stands in the body as it is, so it holds no secret
   */
  constructor(status: number, type: string, message: string) {
    super(message);
    this.status = status;
    this.type = type;
  }
}

/**
 * Another process has answered the request with this Idempotency-Key just now, so nothing was changed
 * here; its answer is this one's, too.
 */
export class AlreadyAnswered extends RequestFailure {
  constructor() {
    super(
      503,
      "ServiceUnavailableException",
      "Cannot answer: the same request has just been answered",
    );
  }
}

/** 400: the request is wrong whenever it is sent. */
export function badRequest(message: string): RequestFailure {
  return new RequestFailure(400, "BadRequestException", message);
}

/** 404 for a namespace. */
export function noSuchNamespace(namespace: readonly string[]): RequestFailure {
  const name = namespace.join(".");
  return new RequestFailure(
    404,
    "NoSuchNamespaceException",
    `Namespace does not exist: ${name}`,
  );
}

/** 404 for a table. */
export function noSuchTable(table: TableName): RequestFailure {
  return new RequestFailure(
    404,
    "NoSuchTableException",
    `Table does not exist: ${formatTableName(table)}`,
  );
}

/** 404 for a file that a table or a request names; clients tell it from a missing table by its type. */
export function noSuchFile(location: string): RequestFailure {
  return new RequestFailure(
    404,
    "NotFoundException",
    `Failed to open input stream for file: ${location}`,
  );
}

/** 404 for a view. */
export function noSuchView(view: TableName): RequestFailure {
  return new RequestFailure(
    404,
    "NoSuchViewException",
    `View does not exist: ${formatTableName(view)}`,
  );
}

/** 409 for a commit that another one has overtaken. */
export function lostRace(message: string): RequestFailure {
  return new RequestFailure(409, "CommitFailedException", message);
}

/** A table's identifier. */
export interface TableName {
  /** Levels from the top; at least one. */
  readonly namespace: readonly string[];
  /** Name within the namespace; views are named by the same type. */
  readonly name: string;
}

/** The identifier as people write it. */
export function formatTableName(table: TableName): string {
  return [...table.namespace, table.name].join(".");
}

/** The failure that an error stands for, or undefined for one that nobody expected. */
export function failureOf(error: unknown): RequestFailure | undefined {
  if (error instanceof RequestFailure) return error;
  if (error instanceof MetadataError) {
    return error.kind === "invalid" ? badRequest(error.message) : lostRace(error.message);
  }
  return undefined;
}
