/**
 * The first commit of a table: one at a time within a load. Its assertion says that the branch does
 * not exist, and there are catalogs that do not hold it (Nessie 0.99): they accept two first commits,
 * and the second replaces the first.
 */
import { Places } from "./lanes.ts";

/** The turn to make a table's first commit. */
export interface FirstCommitTurn {
  /** Whether another writer of this load has made it meanwhile: the base must be read again. */
  readonly isOver: boolean;
  /** Ends the turn; `accepted` when the commit was, or may have been, carried out. */
  end(accepted: boolean): void;
}

/** Hands out turns; one for all writers of a load. */
export class FirstCommit {
  readonly #places = new Places(1);
  #isOver = false;

  /** Waits for the turn. */
  async turn(): Promise<FirstCommitTurn> {
    await this.#places.take();
    return {
      isOver: this.#isOver,
      end: (accepted) => {
        this.#isOver ||= accepted;
        this.#places.give();
      },
    };
  }
}
