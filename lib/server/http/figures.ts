/** The server's figures. Their labels are from closed lists. */
import { isCommit, isMetricsReport, type Operation } from "./operations.ts";
import { Count, Histogram, type Labels, type Metric } from "./prometheus.ts";

/** What is counted of an answered request. */
export interface CountedRequest extends Operation {
  /** Status that the client got; 0 when a fault left it without an answer. */
  readonly status: number;
  /** Status that the work came to, which may be another one. */
  readonly resultStatus: number;
  /** From the request's head to its answer's head. */
  readonly elapsedMs: number;
  /** Answered as before, by its Idempotency-Key. */
  readonly isReplay: boolean;
  /** A commit of it has lost its race. */
  readonly hasLostRace: boolean;
  /** Names of the faults that have struck it, such as `drop-response`. */
  readonly faults: readonly string[];
}

/** Seconds; a commit on a local disk takes some milliseconds, one on S3 some hundred. */
const BOUNDS_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const PREFIX = "lakekeeper_ingest_";

/** Counts requests. */
export class Figures {
  readonly #requests = counter("requests_total", {
    help: "Requests answered; status 0 is no answer, as a fault asked for",
    labeled: true,
  });
  readonly #seconds = new Histogram({
    name: `${PREFIX}request_duration_seconds`,
    help: "Time from a request's head to its answer",
    bounds: BOUNDS_S,
  });
  readonly #inFlight = new Count({
    name: `${PREFIX}requests_in_flight`,
    help: "Requests under way",
    type: "gauge",
  });
  readonly #commits = counter("commits_total", {
    help: "Commits made, each of one table or of several",
  });
  readonly #conflicts = counter("commit_conflicts_total", { help: "Commits that lost their race" });
  readonly #replays = counter("replays_total", {
    help: "Requests answered as before, by their Idempotency-Key",
  });
  readonly #faults = counter("faults_total", {
    help: "Faults that struck, as --fault asks for",
    labeled: true,
  });
  readonly #reports = counter("metrics_reports_total", { help: "Metrics reports received" });
  readonly #build = new Count({
    name: `${PREFIX}build_info`,
    help: "What runs; always 1",
    type: "gauge",
    labeled: true,
  });

  /**
   * Starts at zero.
   *
   * @param build labels of the figure that says what runs, such as its version.
   */
  constructor(build: Labels) {
    this.#build.add(build);
  }

  /** A request has come. */
  began(): void {
    this.#inFlight.add();
  }

  /** A request has been answered. */
  ended(request: CountedRequest): void {
    const { method, route, status, resultStatus, isReplay } = request;
    this.#inFlight.add({}, -1);
    this.#requests.add({ method, route, status: String(status) });
    this.#seconds.observe({ method, route }, request.elapsedMs / 1000);
    if (isReplay) this.#replays.add();
    if (request.hasLostRace) this.#conflicts.add();
    for (const fault of request.faults) this.#faults.add({ fault });
    const isDone = resultStatus >= 200 && resultStatus < 300 && !isReplay;
    if (isDone && isCommit(request)) this.#commits.add();
    if (isDone && isMetricsReport(request)) this.#reports.add();
  }

  /** All figures in Prometheus' text format. */
  text(): string {
    const metrics: Metric[] = [
      this.#build,
      this.#requests,
      this.#seconds,
      this.#inFlight,
      this.#commits,
      this.#conflicts,
      this.#replays,
      this.#faults,
      this.#reports,
    ];
    return metrics.map((metric) => metric.text()).join("");
  }
}

function counter(
  name: string,
  of: { readonly help: string; readonly labeled?: boolean },
): Count {
  return new Count({ name: PREFIX + name, type: "counter", ...of });
}
