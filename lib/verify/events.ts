/** What a comparison tells of itself, as it happens. */
import type { HttpEvent } from "../rest/http.ts";

/** The comparison begins. */
export interface VerifyStartEvent {
  readonly type: "start";
  readonly input: string;
  readonly table: string;
  /** Name of the catalog, as the user calls it. */
  readonly catalog: string;
  readonly uri: string;
  readonly warehouse: string;
  /** The load whose files are compared; absent for all of the table. */
  readonly loadId?: string;
}

/** The state of the table that is compared. */
export interface VerifyTableEvent {
  readonly type: "table";
  readonly tableUuid: string;
  readonly location: string;
  /** Decimal text; null when the table has no snapshot. */
  readonly snapshotId: string | null;
  /** Data files that are read. */
  readonly files: number;
  /** Rows in them, by their manifests. */
  readonly rows: number;
}

/** A row that one side has more often than the other. */
export interface DifferenceEvent {
  readonly type: "difference";
  /** Times that the source has it. */
  readonly source: number;
  /** Times that the table has it. */
  readonly table: number;
  /** First physical lines of the source that hold it. */
  readonly lines: readonly number[];
  /** Its values as texts, shortened: null as `null`, texts in quotes. */
  readonly values: ReadonlyArray<{ readonly column: string; readonly value: string }>;
}

/** Something that a person should know. */
export interface VerifyNoticeEvent {
  readonly type: "notice";
  readonly message: string;
}

/** How it ended. */
export interface VerifySummaryEvent {
  readonly type: "summary";
  readonly equal: boolean;
  readonly table: string;
  readonly sourceRows: number;
  readonly tableRows: number;
  /**
   * Rows that the source has and the table has not, each as often as it is missing; absent when the
   * differing rows were not looked for.
   */
  readonly missingRows?: number;
  /** Rows that the table has beyond those of the source, counted likewise. */
  readonly surplusRows?: number;
  /** False when more rows may differ than were counted. */
  readonly isCountWhole: boolean;
  readonly elapsedMs: number;
  /** Highest resident memory of the process. */
  readonly peakRssBytes: number;
  readonly exitCode: number;
}

/** Any of them. */
export type VerifyEvent =
  | VerifyStartEvent
  | VerifyTableEvent
  | DifferenceEvent
  | VerifyNoticeEvent
  | HttpEvent
  | VerifySummaryEvent;

/** Takes an event. */
export type EmitVerify = (event: VerifyEvent) => void;
