/** Groups of the catalog's operations: what `--fault` can be aimed at. */

/** Groups of operations; `any` is all of them. */
export const FAULT_TARGETS = [
  "any",
  "config",
  "token",
  "list",
  "namespace",
  "create",
  "load",
  "commit",
  "drop",
  "rename",
  "credentials",
  "sign",
  "metrics",
  "view",
] as const;

/** One of {@link FAULT_TARGETS}. */
export type FaultTarget = typeof FAULT_TARGETS[number];

const TABLES = "/v1/{prefix}/namespaces/{namespace}/tables";

/** By what the path says; the first that fits counts. */
const TARGETS: ReadonlyArray<readonly [RegExp, Exclude<FaultTarget, "any">]> = [
  [/^GET \/v1\/config$/, "config"],
  [/^POST \/v1\/oauth\/tokens$/, "token"],
  [/^POST \S+\/transactions\/commit$/, "commit"],
  [/^POST \S+\/tables\/\{table\}$/, "commit"],
  [/^(?:GET|HEAD) \S+\/tables\/\{table\}$/, "load"],
  [/^DELETE \S+\/tables\/\{table\}$/, "drop"],
  [/^GET \S+\/credentials$/, "credentials"],
  [/^POST \S+\/sign$/, "sign"],
  [/^POST \S+\/metrics$/, "metrics"],
  [/^POST \S+\/tables\/rename$/, "rename"],
  [/^POST \S+\/(?:tables|register)$/, "create"],
  [/^GET \S+\/(?:namespaces|tables|views)$/, "list"],
  [/\/(?:views|register-view)(?:\/|$)/, "view"],
  [/^[A-Z]+ \S+\/namespaces(?:\/\{namespace\}(?:\/properties)?)?$/, "namespace"],
];

/** The kind of a request. */
export interface Operation {
  /** The method, one of a closed list. */
  readonly method: string;
  /** Template of the path, such as `/v1/{prefix}/namespaces`; one of a closed list. */
  readonly route: string;
}

/** Methods that have a name of their own in figures: a client may make up as many as it likes. */
const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"]);

/** The method, or `other`. */
export function knownMethod(method: string): string {
  return METHODS.has(method) ? method : "other";
}

/** The group that an operation is in; undefined for what no fault may strike, as `/health`. */
export function faultTargetOf({ method, route }: Operation): FaultTarget | undefined {
  const text = `${method} ${route}`;
  return TARGETS.find(([pattern]) => pattern.test(text))?.[1];
}

/** Whether an operation commits to one table or to several. */
export function isCommit({ method, route }: Operation): boolean {
  return method === "POST" &&
    (route === `${TABLES}/{table}` || route === "/v1/{prefix}/transactions/commit");
}

/** Whether an operation brings a metrics report. */
export function isMetricsReport({ method, route }: Operation): boolean {
  return method === "POST" && route === `${TABLES}/{table}/metrics`;
}
