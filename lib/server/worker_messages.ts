/** What the embedded catalog's worker and the thread that started it tell each other. */

import type { ServerOptions } from "./serve.ts";

/** To the worker. Functions cannot be sent. */
export type ToWorker =
  | {
    readonly kind: "start";
    readonly options: ServerOptions;
  }
  | { readonly kind: "close" };

/** From the worker. */
export type FromWorker =
  | { readonly kind: "started"; readonly uri: string }
  | {
    readonly kind: "failed";
    readonly message: string;
    readonly hint?: string;
    readonly exitCode?: number;
  }
  | { readonly kind: "closed" };
