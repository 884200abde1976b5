/** Random histories: those of a catalog that is right are never blamed, and each wrong one is. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { checkHistory } from "../../lib/probe/check/checker.ts";
import { WORKLOADS } from "../../lib/probe/history.ts";
import { found } from "./handmade.ts";
import { type Play, play } from "./model_catalog.ts";
import { mutate, MUTATIONS } from "./mutations.ts";

/** Histories that are right, and mutated ones of each kind of mutation. */
const RUNS = Number(Deno.env.get("CHECKER_RUNS") ?? 1_500);
const RUNS_EACH = Math.ceil(RUNS / MUTATIONS.length);
const SEED = Number(Deno.env.get("CHECKER_SEED") ?? Math.floor(Math.random() * 2 ** 31));
console.log(
  `random histories: CHECKER_SEED=${SEED} deno test -A tests/probe/checker_property_test.ts replays`,
);

const PLAY: fc.Arbitrary<Play> = fc.record({
  seed: fc.nat(),
  workload: fc.constantFrom(...WORKLOADS),
  writers: fc.integer({ min: 2, max: 6 }),
  rounds: fc.integer({ min: 1, max: 5 }),
  mode: fc.constantFrom<Play["mode"]>("rounds", "rounds", "free"),
  whole: fc.boolean(),
  faults: fc.constantFrom(0, 0, 20, 60),
  keys: fc.boolean(),
}).map(fitting);

/** Only appends run freely, and one writer knows what is stale. */
function fitting(drawn: Play): Play {
  return {
    ...drawn,
    mode: drawn.workload === "append" ? drawn.mode : "rounds",
    writers: drawn.workload === "stale" ? 1 : drawn.writers,
  };
}

Deno.test("checkHistory() blames no history of a catalog that is right", () => {
  const verdicts = new Map<string, number>();
  fc.assert(
    fc.property(PLAY, (drawn) => {
      const verdict = checkHistory(play(drawn), { minConflicts: 0 });
      assert.deepEqual(found(verdict), []);
      if (verdict.verdict !== "valid") {
        assert.match(
          verdict.reason!,
          /: (nothing was acknowledged|no assertion was sent that could not hold)$/,
        );
      }
      verdicts.set(verdict.verdict, (verdicts.get(verdict.verdict) ?? 0) + 1);
    }),
    { numRuns: RUNS, seed: SEED },
  );
  const valid = verdicts.get("valid") ?? 0;
  assert.ok(valid > RUNS * 0.8, `only ${valid} of ${RUNS} were valid`);
});

for (const mutation of MUTATIONS) {
  const { name, kind, workloads } = mutation;
  Deno.test(`checkHistory() tells "${kind}", and nothing else, when ${name}`, () => {
    const drawn = workloads === undefined
      ? PLAY
      : fc.tuple(PLAY, fc.constantFrom(...workloads)).map(([play, workload]) =>
        fitting({ ...play, workload })
      );
    fc.assert(
      fc.property(drawn, fc.nat(), (drawn, where) => {
        const mutated = mutate(play(drawn), { mutation, where });
        fc.pre(mutated !== undefined);
        const verdict = checkHistory(mutated!.records, { minConflicts: 0 });
        assert.equal(verdict.verdict, "violation");
        assert.deepEqual(
          verdict.violations.map((violation) => violation.kind),
          [mutated!.kind ?? kind],
          found(verdict).join("; "),
        );
        if (mutated!.op === undefined) return;
        const { ops } = verdict.violations[0]!;
        assert.ok(ops.includes(mutated!.op), `${mutated!.op} is not among ${ops}`);
      }),
      { numRuns: RUNS_EACH, seed: SEED, maxSkipsPerRun: 200 },
    );
  });
}
