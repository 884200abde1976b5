/**
 * What `deno task compile` knows about a build. The compile step replaces this file in its own copy
 * of the sources, never here, so the checkout stays clean and running from source still works.
 */

/** Where an executable came from. */
export interface BuildStamp {
  /** Full commit id, with `-dirty` after it when the sources differed from that commit. */
  readonly commit: string;
  /** Date of the commit or of the build, as RFC 3339 in UTC. */
  readonly date: string;
}

/** Undefined when the tool runs from source. */
export const BUILD_STAMP: BuildStamp | undefined = undefined;
