// "Did you mean".

import assert from "node:assert/strict";
import fc from "fast-check";
import { nearest } from "../../lib/cli/nearest.ts";

const WORDS = ["ingest", "generate", "serve", "probe", "verify", "man"];

Deno.test("nearest() finds the word behind one or two slips", () => {
  const slips = {
    prob: "probe",
    proeb: "probe",
    serev: "serve",
    genrate: "generate",
    ignest: "ingest",
    veryfi: "verify",
    men: "man",
  };
  for (const [slip, word] of Object.entries(slips)) assert.equal(nearest(slip, WORDS), word);
});

Deno.test("nearest() keeps silent about words that are far from all", () => {
  for (const word of ["orders", "x", "sales", "mice"]) {
    assert.equal(nearest(word, WORDS), undefined);
  }
});

Deno.test("nearest() prefers fewer edits to the order of the list", () => {
  assert.equal(nearest("serv", ["swerve", "serve"]), "serve");
});

Deno.test("nearest() finds any word with one letter changed", () => {
  const slip = fc.constantFrom(...WORDS.filter((word) => word.length > 3)).chain((word) =>
    fc.tuple(fc.constant(word), fc.nat(word.length - 1), fc.constantFrom("0", "#"))
  );
  fc.assert(fc.property(slip, ([word, at, letter]) => {
    assert.equal(nearest(word.slice(0, at) + letter + word.slice(at + 1), WORDS), word);
  }));
});
