/** What a comparison tells of itself, as it happens. */
import type { HttpEvent } from "../rest/http.ts";

/** The comparison begins. */
export interface VerifyStartEvent {
  /** The first event of a comparison. */
  readonly type: "start";
  /** Name of the source, as the user gave it. */
  readonly input: string;
  /** `namespace.name`. */
  readonly table: string;
  /** Name of the catalog, as the user calls it. */
  readonly catalog: string;
  /** Address of the catalog, as the user gave it. */
  readonly uri: string;
  /** What the catalog was asked for by `GET /v1/config?warehouse=`. */
  readonly warehouse: string;
  /** The load whose files are compared; absent for all of the table. */
  readonly loadId?: string;
}

/** The state of the table that is compared. */
export interface VerifyTableEvent {
  /** Comes before any row is read. */
  readonly type: "table";
  /** `table-uuid` of the metadata. */
  readonly tableUuid: string;
  /** Where the table lies, as its metadata has it. */
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
  /** At most as many as the user wants to see. */
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
  /** May come at any time. */
  readonly type: "notice";
  /** For stderr, without a secret. */
  readonly message: string;
}

/** How it ended. */
export interface VerifySummaryEvent {
  /** The last event, unless the comparison failed. */
  readonly type: "summary";
  /** Whether both sides hold the same rows, each as often. */
  readonly equal: boolean;
  /** `namespace.name`. */
  readonly table: string;
  /** Records read of the source. */
  readonly sourceRows: number;
  /** Rows read of the table's data files. */
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
  /** From the beginning to this event. */
  readonly elapsedMs: number;
  /** Highest resident memory of the process. */
  readonly peakRssBytes: number;
  /** 0 for equal sides, else 1. */
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
