/** The command line of `serve`. */
import { FAULT_GRAMMAR } from "../server/faults/fault_grammar.ts";
import { FAULT_SEED_DEFAULT } from "../server/faults/faults.ts";
import { LOST_RACE_ERAS } from "../server/faults/lost_race.ts";
import { STORE_VARIABLES } from "./catalog_choice.ts";
import type { Flag } from "./flags.ts";
import type { VerbDefinition } from "./verb.ts";
import { WAREHOUSE_FLAGS } from "./warehouse_flag.ts";

/** Variable that holds the token itself: no secret stands on a command line. */
export const TOKEN_VARIABLE = "LAKEKEEPER_INGEST_TOKEN";

const WRONG_GROUP = "FOR TESTS ONLY: these make the catalog wrong on purpose";

const SERVE_FLAGS: readonly Flag[] = [
  {
    flags: "--listen <ADDRESS>",
    description: "address and port; port 0 takes a free one; other than loopback needs --token",
    group: "Server",
    fallback: "127.0.0.1:8181",
  },
  ...WAREHOUSE_FLAGS,
  {
    flags: "--token <FILE>",
    description:
      `file with the bearer token that every request must show; ${TOKEN_VARIABLE} holds the token itself`,
    group: "Access",
    path: "file",
    withoutVariables: true,
  },
  {
    flags: "--cert <FILE>",
    description: "certificate chain (PEM), to serve HTTPS",
    path: "file",
    group: "Access",
  },
  {
    flags: "--key <FILE>",
    description: "private key of the certificate (PEM)",
    path: "file",
    group: "Access",
  },
  {
    flags: "--json",
    description: "a log of one JSON object a line on stdout: start, request, stop",
    group: "Output",
  },
  {
    flags: "--trace",
    description: "show method, path and status of every request on stderr",
    group: "Output",
  },
  {
    flags: "-q, --quiet",
    description: "say nothing but warnings and errors",
    group: "Output",
  },
  {
    flags: "--lost-race <STATUS>",
    description:
      "how a lost race is answered: 409, which is right, or 400 or 500 as older Lakekeeper",
    group: WRONG_GROUP,
    fallback: "409",
    values: LOST_RACE_ERAS.map(String),
  },
  {
    flags: "--no-idempotency-keys",
    description: "know no Idempotency-Keys, as many catalogs; the older eras knew none either",
    group: WRONG_GROUP,
  },
  {
    flags: "--fault <RULE>",
    description: "let requests fail, see below; may be repeated",
    group: WRONG_GROUP,
    repeats: true,
  },
  {
    flags: "--fault-seed <N>",
    description: "the same seed lets the nth request of a kind meet the same faults",
    group: WRONG_GROUP,
    fallback: String(FAULT_SEED_DEFAULT),
  },
];

/** The command line of `serve`. */
export const SERVE: VerbDefinition = {
  name: "serve",
  usage: "[flags]",
  description: "Serve an Iceberg REST catalog on a local directory",
  flags: SERVE_FLAGS,
  examples: [
    "lakekeeper-ingest serve",
    "lakekeeper-ingest serve --listen 127.0.0.1:9090 --warehouse demo=./lake",
    "lakekeeper-ingest serve --listen 0.0.0.0:8443 --token token.txt --cert c.pem --key k.pem",
    "lakekeeper-ingest serve --warehouse lake=s3://bucket/lake --credentials sts",
    "lakekeeper-ingest serve --lost-race 500 --fault commit:drop-response=0.1",
  ],
  notes: [
    "The catalog answers under /catalog, where Lakekeeper would. /health says whether it can, to " +
    "anyone; /metrics has its figures for Prometheus. Clients that want OAuth2 get access tokens " +
    "at /catalog/v1/oauth/tokens; their client secret is the token. It ends with Ctrl-C or " +
    "SIGTERM, once the requests under way are answered; a second signal ends it at once.",
    "Fault rules, FOR TESTS ONLY (they break the catalog, and lost-update loses acknowledged " +
    "commits):",
    { lines: FAULT_GRAMMAR.split("\n") },
    "as commit:drop-response=0.1, load:503=0.05;retry-after=1, commit:500=0.1;after, " +
    "any:delay=50ms..200ms, commit:lost-update=0.01",
  ],
  variables: [
    [TOKEN_VARIABLE, "the token itself, in the place of --token"],
    ...STORE_VARIABLES,
  ],
  exitStatus: [
    ["0", "ended by a signal"],
    ["1", "the address cannot be used"],
    ["2", "wrong command line, token or certificate"],
    ["6", "no right to use the address or the directory"],
    ["7", "the directory cannot be used"],
    ["130, 143", "ended at once by a second signal"],
  ],
};
