// Reads compose.yaml for its tests: merge keys applied, variables as they are without an environment.

import { fileURLToPath } from "node:url";
import { parse } from "yaml";

/** The project's compose.yaml. */
export const COMPOSE_PATH = fileURLToPath(new URL("../../compose.yaml", import.meta.url));

/** The parts of a service that the tests look at. */
export interface Service {
  readonly image?: string;
  readonly entrypoint?: string[];
  readonly command?: string[];
  readonly environment?: Record<string, string>;
  readonly ports?: string[];
  readonly profiles?: string[];
  readonly volumes?: string[];
  readonly networks?: string[] | Record<string, { readonly aliases?: string[] } | null>;
  readonly user?: string;
  readonly init?: boolean;
  readonly restart?: string;
  readonly healthcheck?: { readonly test: string[] };
  readonly "depends_on"?: Record<string, { readonly condition: string }>;
  readonly "read_only"?: boolean;
  readonly "cap_drop"?: string[];
  readonly build?: { readonly context: string; readonly target: string };
}

/** The parts of the file that the tests look at. */
export interface ComposeFile {
  readonly services: Record<string, Service>;
  readonly networks: Record<string, unknown>;
  readonly volumes: Record<string, unknown>;
}

/** Reads and parses the file. */
export function readCompose(): ComposeFile {
  return parse(Deno.readTextFileSync(COMPOSE_PATH), { merge: true });
}

/** The service of that name. Throws when there is none. */
export function serviceOf(compose: ComposeFile, name: string): Service {
  const service = compose.services[name];
  if (service === undefined) throw new Error(`compose.yaml has no service "${name}"`);
  return service;
}

/** The names of a service and of all that it waits for. */
export function startedFor(compose: ComposeFile, name: string): Set<string> {
  const started = new Set<string>();
  const visit = (one: string) => {
    if (started.has(one)) return;
    started.add(one);
    for (const needed of Object.keys(serviceOf(compose, one).depends_on ?? {})) visit(needed);
  };
  visit(name);
  return started;
}

/** A value as Compose sees it when no variable is set: `${NAME:-default}` is the default. */
export function withDefaults(value: string): string {
  return value.replace(/\$\{[A-Z_]+:-([^}]*)\}/g, "$1");
}

/** The shell script of a one-shot container, as its shell gets it (`$$` is Compose's escape). */
export function scriptOf(service: Service): string {
  const [script = ""] = service.command ?? [];
  return script.replaceAll("$$", "$");
}
