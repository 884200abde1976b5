/** What a request is answered with, as plain data: enough to answer the same request again. */
import type { TableName } from "../failure.ts";

/** An answer that can be kept under an Idempotency-Key. */
export type Reply =
  | { readonly form: "empty" }
  | { readonly form: "json"; readonly text: string }
  | {
    /** A table that is announced. Its credentials are given anew, and never kept. */
    readonly form: "staged";
    readonly table: TableName;
    /** The metadata as JSON. */
    readonly metadata: string;
  }
  | {
    readonly form: "error";
    readonly status: number;
    readonly type: string;
    readonly message: string;
  }
  | {
    /** The metadata is not kept with the answer: it lies in its file. */
    readonly form: "table" | "commit" | "view";
    readonly table: TableName;
    readonly metadataLocation: string;
  };

/** Keeps the answer to the request at hand; does nothing when nobody may ask for it again. */
export type RecordReply = (reply: Reply) => void;
