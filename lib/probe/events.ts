/** What a probe tells while it runs; the views are made of this. The findings stand in the history. */
import type { HttpEvent } from "../rest/http.ts";
import type { Workload } from "./history.ts";

/** A probe begins. */
export interface ProbeStartEvent {
  readonly type: "start";
  readonly catalog: string;
  readonly uri: string;
  readonly warehouse: string;
  readonly namespace: string;
  readonly runs: number;
  readonly seed: number;
}

/** A run begins. */
export interface RunStartEvent {
  readonly type: "run_start";
  /** From 1. */
  readonly run: number;
  readonly workload: Workload;
  readonly writers: number;
  readonly mode: "rounds" | "free";
  readonly commits: number;
}

/** How far a run has come; at most a few a second. */
export interface RunProgressEvent {
  readonly type: "progress";
  readonly run: number;
  /** Rounds done, or commits acknowledged of those wanted. */
  readonly done: number;
  readonly total: number;
}

/** A run has ended, and its tables have been read. */
export interface RunEndEvent {
  readonly type: "run_end";
  readonly run: number;
  readonly attempts: number;
  readonly acknowledged: number;
  /** Why the catalog was not asked. */
  readonly notOffered?: string;
  readonly elapsedMs: number;
}

/** Something that a person should know, though the probe goes on. */
export interface ProbeNoticeEvent {
  readonly type: "notice";
  readonly message: string;
}

/** Any event of a probe. */
export type ProbeEvent =
  | ProbeStartEvent
  | RunStartEvent
  | RunProgressEvent
  | RunEndEvent
  | ProbeNoticeEvent
  | HttpEvent;

/** Takes events. */
export type EmitProbe = (event: ProbeEvent) => void;
