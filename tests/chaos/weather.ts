/** The seeded plan of what goes wrong between the tool, a catalog and a store. */
import { Draw } from "./draw.ts";
import { answerBytes, type Fault, type FaultPlan, type PassingRequest } from "./proxy.ts";

/** How often something goes wrong. */
export interface Weather {
  readonly name: "calm" | "light" | "rough" | "storm";
  /** Probability of a fault for each request to the catalog. */
  readonly catalog: number;
  /** The same for the store, whose client makes few attempts. */
  readonly store: number;
  /** Runs of requests in which nearly all go wrong: the first one's number, and how many. */
  readonly bursts: ReadonlyArray<{ readonly from: number; readonly count: number }>;
}

/** No faults at all. */
export const CALM: Weather = { name: "calm", catalog: 0, store: 0, bursts: [] };

const IN_A_BURST = 0.85;

/** Draws the weather of a load. */
export function drawWeather(draw: Draw): Weather {
  const name = draw.weighted([[1, "calm"], [4, "light"], [4, "rough"], [2, "storm"]] as const);
  const bursts = draw.chance(0.15)
    ? [{ from: draw.between(3, 60), count: draw.between(10, 40) }]
    : [];
  switch (name) {
    case "calm":
      return { ...CALM, bursts };
    case "light":
      return { name, catalog: 0.05, store: 0.02, bursts };
    case "rough":
      return { name, catalog: 0.15, store: 0.06, bursts };
    case "storm":
      return { name, catalog: 0.35, store: 0.12, bursts };
  }
}

/**
 * The plan of one load: what happens to a request depends on seed, kind and number within its kind
 * alone, and not on the order in which racing workers send them.
 */
export function faultPlan(seed: number, of: "catalog" | "store", weather: Weather): FaultPlan {
  return (request) => {
    const { kind, nthOfKind, nth } = request;
    const draw = new Draw(seed, of, kind, nthOfKind);
    const bursts = weather.bursts.some(({ from, count }) => nth >= from && nth < from + count);
    const probability = bursts ? IN_A_BURST : weather[of];
    if (!draw.chance(probability)) return undefined;
    return of === "catalog" ? catalogFault(draw, request) : storeFault(draw);
  };
}

/** A plan under which a table's first commit comes to the catalog at once, and at most once. */
export function sparingFirstCommits(plan: FaultPlan): FaultPlan {
  return async (request) => {
    const fault = await plan(request);
    const mayComeAgain = fault?.lateMs !== undefined || fault?.forwards === 2;
    if (request.kind !== "commit" || !mayComeAgain) return fault;
    const isFirst = new TextDecoder().decode(request.body).includes(`"snapshot-id":null`);
    return isFirst ? { name: "drop response", reply: "cut" } : fault;
  };
}

type MakeFault = (draw: Draw, request: PassingRequest) => Fault;

const CATALOG_FAULTS: ReadonlyArray<readonly [weight: number, make: MakeFault]> = [
  [10, () => ({ name: "drop request", forwards: 0, reply: "cut" })],
  [14, () => ({ name: "drop response", reply: "cut" })],
  [9, (draw) => ({ name: "delay", delayMs: draw.between(5, 120) })],
  [9, () => ({ name: "cut body", reply: "cutBody" })],
  [8, (draw) => ({ name: "double", forwards: 2, reply: draw.pick(["first", "last"] as const) })],
  [5, (draw) => ({ name: "double late", lateMs: draw.between(10, 800) })],
  [8, (draw) => ({ name: "land late", forwards: 0, lateMs: draw.between(10, 1500), reply: "cut" })],
  [5, (draw) => ({
    name: "504, land late",
    forwards: 0,
    lateMs: draw.between(10, 1500),
    reply: errorAnswer(504, draw),
  })],
  // Later than the tool looks for it: the load is being resumed by then.
  [1.5, (draw) => ({
    name: "land very late",
    forwards: 0,
    lateMs: draw.between(3000, 8000),
    reply: "cut",
  })],
  [6, (draw) => ({ name: "429", forwards: 0, reply: errorAnswer(429, draw) })],
  [14, (draw) => {
    const status = draw.pick([500, 502, 503, 504]);
    return { name: `${status} before`, forwards: 0, reply: errorAnswer(status, draw) };
  }],
  [14, (draw) => {
    const status = draw.pick([500, 502, 503, 504]);
    return { name: `${status} after`, reply: errorAnswer(status, draw) };
  }],
  [4, (draw) => {
    const forwards = draw.pick([0, 1] as const);
    return { name: forwards === 0 ? "HTML before" : "HTML after", forwards, reply: html(draw) };
  }],
  [2, () => ({ name: "empty 200 after", reply: answerBytes({ status: 200 }) })],
];

function catalogFault(draw: Draw, request: PassingRequest): Fault {
  return draw.weighted(CATALOG_FAULTS)(draw, request);
}

const STORE_FAULTS: ReadonlyArray<readonly [weight: number, make: (draw: Draw) => Fault]> = [
  [10, () => ({ name: "store: drop request", forwards: 0, reply: "cut" })],
  [10, () => ({ name: "store: drop response", reply: "cut" })],
  [8, (draw) => ({ name: "store: delay", delayMs: draw.between(5, 120) })],
  [8, () => ({ name: "store: cut body", reply: "cutBody" })],
  [4, () => ({ name: "store: double", forwards: 2 })],
  [5, () => ({ name: "store: 500 before", forwards: 0, reply: xml(500, "InternalError") })],
  [5, () => ({ name: "store: 500 after", reply: xml(500, "InternalError") })],
  [8, () => ({ name: "store: 503 SlowDown", forwards: 0, reply: xml(503, "SlowDown") })],
  [3, (draw) => ({
    name: "store: land late",
    forwards: 0,
    lateMs: draw.between(10, 800),
    reply: "cut",
  })],
];

function storeFault(draw: Draw): Fault {
  return draw.weighted(STORE_FAULTS)(draw);
}

const ERROR_TYPES: Readonly<Record<number, string>> = {
  429: "TooManyRequestsException",
  500: "InternalServerError",
  502: "BadGateway",
  503: "ServiceUnavailableException",
  504: "GatewayTimeout",
};

/** An answer of the REST spec's error form, or one without a body. */
function errorAnswer(status: number, draw: Draw): Uint8Array {
  const wait = draw.pick([undefined, undefined, "0", "1"]);
  const mayWait = status === 429 || status === 503;
  const headers = {
    "content-type": "application/json",
    ...(mayWait && wait !== undefined ? { "retry-after": wait } : {}),
  };
  if (draw.chance(0.2)) return answerBytes({ status, headers });
  const error = { message: "made by the chaos proxy", type: ERROR_TYPES[status], code: status };
  return answerBytes({ status, headers, body: JSON.stringify({ error }) });
}

/** A page of a proxy that knows nothing of catalogs. */
function html(draw: Draw): Uint8Array {
  const status = draw.pick([200, 500, 502, 502, 503, 504]);
  return answerBytes({
    status,
    headers: { "content-type": "text/html" },
    body: `<!doctype html><title>${status}</title><h1>Something went wrong</h1>`,
  });
}

function xml(status: number, code: string): Uint8Array {
  return answerBytes({
    status,
    headers: { "content-type": "application/xml" },
    body: `<?xml version="1.0"?><Error><Code>${code}</Code><Message>made by the chaos proxy` +
      `</Message><Resource>/</Resource><RequestId>1</RequestId></Error>`,
  });
}
