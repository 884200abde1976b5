/**
 * What a load needs only when a chunk is encoded: Avro, manifests, commits. `run.ts` loads it while
 * the first chunk is, so that a short load does not wait for it.
 */
export { warmUp } from "./commit_files.ts";
export { Committer } from "./committer.ts";
export { lastLook } from "./last_look.ts";
