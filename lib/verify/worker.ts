/** Entry of a comparing Web Worker: takes chunks and data files, hashes their rows. */
import { serveJobs } from "../encode/worker_side.ts";
import { compareRows } from "./compare_rows.ts";
import type { CompareAnswer, CompareSetup, CompareTask } from "./job.ts";

serveJobs<CompareSetup, CompareTask, CompareAnswer>(({ job, task }, { setup, store }) =>
  compareRows(job, { task, setup, store })
);
