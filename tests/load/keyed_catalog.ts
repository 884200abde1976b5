/** A catalog that knows Idempotency-Keys, made of one that does not by the proxy before it. */
import type { FaultPlan, ProxiedRequest } from "../fault_proxy.ts";
import type { RawResponse } from "../raw_http.ts";

/** The catalog's plan, and what was asked of it. */
export interface KeyedCatalog {
  readonly plan: FaultPlan;
  /** Keys of the commits in order; null where one had none. */
  readonly keys: ReadonlyArray<string | null>;
  /** Bodies of the commits, in the same order. */
  readonly bodies: readonly string[];
}

/**
 * Tells of a lifetime of keys, and answers a commit whose key has had a final answer with that
 * answer (REST spec, "Idempotency-Key"); everything else goes by `plan`.
 *
 * @param options.isOffered false for a catalog that does not tell of keys.
 */
export function keyedCatalog(
  plan: FaultPlan,
  options: { readonly isOffered?: boolean } = {},
): KeyedCatalog {
  const keys: Array<string | null> = [];
  const bodies: string[] = [];
  const answers = new Map<string, RawResponse>();
  const planned = async (request: ProxiedRequest) => {
    if (request.target.includes("/v1/config") && options.isOffered !== false) {
      return { rewrite: withLifetime };
    }
    if (!request.isCommit) return await plan(request);
    const key = request.headers.get("idempotency-key");
    keys.push(key);
    bodies.push(request.body);
    const known = answers.get(key ?? "");
    if (known !== undefined) return { forwards: 0, reply: known };
    const fault = await plan(request) ?? {};
    return {
      ...fault,
      rewrite: (answer: RawResponse) => {
        if (key !== null && answer.status < 500) answers.set(key, answer);
        return fault.rewrite?.(answer) ?? answer;
      },
    };
  };
  return { plan: planned, keys, bodies };
}

function withLifetime(answer: RawResponse): RawResponse {
  const body = typeof answer.body === "string"
    ? answer.body
    : new TextDecoder().decode(answer.body);
  const config = JSON.parse(body);
  return { ...answer, body: JSON.stringify({ ...config, "idempotency-key-lifetime": "PT30M" }) };
}
