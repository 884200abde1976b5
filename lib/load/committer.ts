/**
 * A writer on a table: keeps its own view of it, as an independent client would, and renews it when
 * a race is lost.
 */
import { MAIN_BRANCH } from "../table/append.ts";
import { toBigInt } from "../table/json.ts";
import { branchHead, defaultPartitionSpec, type TableMetadata } from "../table/metadata.ts";
import { Commit } from "./commit.ts";
import { prepareManifests, type WrittenManifests } from "./commit_files.ts";
import type { CommitContext, CommitResult, ReadyChunk } from "./commit_context.ts";
import { type Evidence, findEvidence } from "./evidence.ts";
import { misfitOfTable, type WrittenFor } from "./fitness.ts";
import { type Finding, look } from "./look.ts";
import { Pace } from "./pace.ts";
import type { OwnCommit, Refreshed, Writer } from "./writer.ts";

/** Commits chunks to a table; one commit at a time. */
export class Committer implements Writer {
  /** From 0; told with each commit. */
  readonly number: number;
  /** Shared with the load's other writers. */
  readonly context: CommitContext;
  /** What the files are written for; a later default changes nothing in them. */
  readonly writtenFor: WrittenFor;
  /** Its own: it has seen only its own commits. */
  readonly pace: Pace;
  #metadata: TableMetadata;
  #isStale = false;
  #hasWonLast = false;
  /**
   * Is told of the table as it will be while a commit is on its way that is likely to be taken: one
   * of a writer without others beside it, or whose last one was taken at once; then of undefined.
   */
  onExpected: (metadata: TableMetadata | undefined) => void = () => {};
  readonly #isAlone: boolean;

  /**
   * Takes the table as it was loaded for its first base.
   *
   * @param options.number tells the load's writers apart, from 0.
   * @param options.isAlone whether it is the load's only writer. @default {false}
   */
  constructor(
    context: CommitContext,
    options: {
      readonly metadata: TableMetadata;
      readonly number: number;
      readonly isAlone?: boolean;
    },
  ) {
    const { metadata, isAlone = false } = options;
    this.#isAlone = isAlone;
    this.number = options.number;
    this.context = context;
    this.pace = new Pace(context.backoff);
    this.#metadata = metadata;
    this.writtenFor = {
      columns: context.columns,
      spec: defaultPartitionSpec(metadata),
      tableUuid: metadata["table-uuid"],
      formatVersion: metadata["format-version"],
    };
  }

  /**
   * Commits chunks as one snapshot.
   *
   * @param manifests of the chunks, by {@linkcode prepare} of any writer, when they are written ahead.
   * @throws {StorageError | AuthError | CatalogError} when manifest files cannot be written, or the
   * table cannot be loaded before the first post; nothing is committed then, and nothing left.
   */
  commit(
    chunks: readonly ReadyChunk[],
    manifests?: Promise<WrittenManifests>,
  ): Promise<CommitResult> {
    return this.run(this.announce(chunks, manifests));
  }

  /** Makes a commit that any writer of the load may {@linkcode run}. */
  announce(chunks: readonly ReadyChunk[], manifests?: Promise<WrittenManifests>): Commit {
    const { context, writtenFor: { spec } } = this;
    return new Commit(chunks, { context, spec, manifests });
  }

  /** Runs a commit, as {@linkcode commit} would. */
  async run(commit: Commit): Promise<CommitResult> {
    const result = await commit.run(this);
    this.#hasWonLast = result.state === "committed" && result.attempts === 1;
    return result;
  }

  /**
   * Writes the manifests of chunks, which do not depend on the table's head, before their commit.
   *
   * @throws {StorageError | AuthError} when they cannot be written; none is left behind then.
   */
  prepare(chunks: readonly ReadyChunk[]): Promise<WrittenManifests> {
    // A writer without others beside it has its lists written ahead, and all is synced with them.
    return prepareManifests(chunks, { writer: this, sync: !this.#isAlone });
  }

  expect(metadata: TableMetadata | undefined): void {
    if (this.#isAlone || this.#hasWonLast) this.onExpected(metadata);
  }

  get isStale(): boolean {
    return this.#isStale;
  }

  base(): TableMetadata {
    return this.#metadata;
  }

  adopt(metadata: TableMetadata, snapshotId: bigint): void {
    // A replayed answer may show a later table, with commits in it that nobody has looked at.
    if (headOf(metadata) === snapshotId) this.#take(metadata);
    else this.doubt();
  }

  doubt(): void {
    this.#isStale = true;
  }

  async refresh(own?: OwnCommit): Promise<Refreshed> {
    const { catalog, table, loadId, recorded } = this.context;
    // Until it is taken for the new base.
    this.doubt();
    const loaded = await catalog.loadTable(table, {
      mainBackTo: headOf(this.#metadata),
      ids: own === undefined ? [] : [own.snapshotId],
    });
    if (loaded === undefined) return impossible("the table has been dropped meanwhile");
    const { metadata } = loaded;
    if (metadata["table-uuid"] !== this.writtenFor.tableUuid) {
      return impossible(misfitOfTable(metadata, this.writtenFor)!);
    }
    const finding = look(metadata, {
      baseHead: headOf(this.#metadata),
      loadId,
      ...(own === undefined ? {} : { snapshotId: own.snapshotId }),
    });
    // Where the history is cut, the head's manifests tell what is in the table.
    const evidence = finding.isWhole ? undefined : await this.#findEvidence(metadata);
    recorded.add(finding.entries.flatMap((entry) => entry.ranges));
    recorded.add((evidence?.ranges ?? []).map((range) => ({ ...range, digest: undefined })));
    const landed = landedAs(finding, { evidence, own });
    if (landed !== undefined) {
      this.#take(metadata);
      return { kind: "landed", ...landed };
    }
    if (finding.isRolledBack) {
      return {
        ...impossible("it was committed, and someone has rolled the branch back behind it"),
        isInUse: true,
      };
    }
    const { isProof } = evidence ?? { isProof: true };
    const misfit = misfitOfTable(metadata, this.writtenFor);
    if (misfit !== undefined) return { ...impossible(misfit), isProof };
    this.#take(metadata);
    const schemaId = metadata["current-schema-id"];
    return { kind: "absent", head: headOf(metadata), schemaId, isProof };
  }

  async #findEvidence(metadata: TableMetadata): Promise<Evidence> {
    const { loadId, manifests, store } = this.context;
    const base = await manifests.manifestsOf(this.#metadata);
    return await findEvidence(metadata, { base, loadId, manifests, store });
  }

  #take(metadata: TableMetadata): void {
    this.#metadata = metadata;
    this.#isStale = false;
  }
}

/** How our commit stands in the table, when it does. */
function landedAs(
  finding: Finding,
  of: { readonly evidence: Evidence | undefined; readonly own: OwnCommit | undefined },
): { readonly sequenceNumber: bigint; readonly manifestList: string | undefined } | undefined {
  const { own } = finding;
  if (own !== undefined) {
    const sequenceNumber = toBigInt(own["sequence-number"] ?? 0);
    return { sequenceNumber, manifestList: own["manifest-list"] };
  }
  const file = of.own?.files.find((path) => of.evidence?.files.has(path));
  if (file === undefined) return undefined;
  return { sequenceNumber: of.evidence!.files.get(file)!, manifestList: undefined };
}

function impossible(reason: string): Extract<Refreshed, { kind: "impossible" }> {
  return { kind: "impossible", reason, isInUse: false, isProof: true };
}

function headOf(metadata: TableMetadata): bigint | undefined {
  const head = branchHead(metadata, MAIN_BRANCH);
  return head === undefined ? undefined : toBigInt(head["snapshot-id"]);
}
