/** Entry of an encoding Web Worker. */
import { serveEncoding } from "./encode_jobs.ts";

serveEncoding();
