/** What a probe tells while it runs; the views are made of this. The findings stand in the history. */
import type { HttpEvent } from "../rest/http.ts";
import type { Workload } from "./history.ts";

/** A probe begins. */
export interface ProbeStartEvent {
  /** The first event of a probe. */
  readonly type: "start";
  /** The catalog's name, as the user calls it (`--catalog`). */
  readonly catalog: string;
  /** Address of the catalog, as the user gave it. */
  readonly uri: string;
  /** What the catalog is asked for by `GET /v1/config?warehouse=`. */
  readonly warehouse: string;
  /** Levels joined by dots. */
  readonly namespace: string;
  /** Runs that are planned; a probe that is interrupted begins fewer. */
  readonly runs: number;
  /** Decides the order in which the writers of a round are sent off; from 0 to 2^53 - 1. */
  readonly seed: number;
}

/** A run begins. */
export interface RunStartEvent {
  /** Comes before the run's tables are made. */
  readonly type: "run_start";
  /** From 1. */
  readonly run: number;
  /** What the writers race with. */
  readonly workload: Workload;
  /** Writers that race, each on a connection of its own. */
  readonly writers: number;
  /** `rounds`: all start each round together, on one base. `free`: each goes on at once. */
  readonly mode: "rounds" | "free";
  /** Rounds, or commits of each writer. */
  readonly commits: number;
}

/** How far a run has come; at most a few a second. */
export interface RunProgressEvent {
  /** Comes between a run's beginning and its end. */
  readonly type: "progress";
  /** Number of the run, from 1. */
  readonly run: number;
  /** Rounds done, or commits acknowledged of those wanted. */
  readonly done: number;
  /** What `done` comes to when nothing goes wrong. */
  readonly total: number;
}

/** A run has ended, and its tables have been read. */
export interface RunEndEvent {
  /** The last event of a run. */
  readonly type: "run_end";
  /** Number of the run, from 1. */
  readonly run: number;
  /** Requests answered or given up, resends too. */
  readonly attempts: number;
  /** Answers with success, those to resends too. */
  readonly acknowledged: number;
  /** Why the catalog was not asked. */
  readonly notOffered?: string;
  /** From the run's beginning to the last final read. */
  readonly elapsedMs: number;
}

/** Something that a person should know, though the probe goes on. */
export interface ProbeNoticeEvent {
  /** May come at any time. */
  readonly type: "notice";
  /** For stderr, without a secret. */
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
