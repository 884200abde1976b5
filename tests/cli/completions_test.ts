// The scripts of completions, as far as they can be judged without a shell: the real shells complete
// in tests/real/shells_real.ts.

import assert from "node:assert/strict";
import { bashCompletions } from "../../lib/cli/completions/bash.ts";
import { fishCompletions } from "../../lib/cli/completions/fish.ts";
import { wordsOf } from "../../lib/cli/completions/words.ts";
import { zshCompletions } from "../../lib/cli/completions/zsh.ts";
import { allDefinitions } from "../../lib/cli/definitions.ts";

const DEFINITIONS = await allDefinitions();
const WORDS = wordsOf(DEFINITIONS);

for (
  const [shell, script] of [
    ["bash", bashCompletions(WORDS)],
    ["zsh", zshCompletions(WORDS)],
    ["fish", fishCompletions(WORDS)],
  ] as const
) {
  Deno.test(`the script for ${shell} has every verb, every flag and every value of a closed set`, () => {
    for (const { name, flags, operands } of WORDS) {
      assert.ok(script.includes(name), name);
      for (const { long, short, choices } of flags) {
        // fish writes names without dashes.
        const words = [long, ...(short === undefined ? [] : [short])];
        for (const word of words) {
          const bare = shell === "fish"
            ? ` ${word.replace(/^--/, "-l ").replace(/^-(?=.$)/, "-s ")} `
            : word;
          assert.ok(script.includes(bare), `${name} ${word}`);
        }
        if (choices.length > 0) assert.ok(script.includes(choices.join(" ")), `${name} ${long}`);
      }
      for (const { values } of operands) {
        if (values !== undefined) assert.ok(script.includes(values.join(" ")), name);
      }
    }
  });

  Deno.test(`the script for ${shell} starts no program of the tool's own`, () => {
    const code = script.replaceAll(/^\s*#.*$/gm, "");
    assert.doesNotMatch(code, /\$\(\s*lakekeeper-ingest|`|\beval\b/);
  });
}

Deno.test("wordsOf() keeps the first clause of a description", () => {
  for (const { name, meaning, flags } of WORDS) {
    assert.match(meaning, /^[A-Z][^;:(]+$/, name);
    for (const flag of flags) {
      assert.match(flag.meaning, /^[^;:(]+$/, `${name} ${flag.long}`);
      assert.ok(flag.meaning.length <= 90, `${name} ${flag.long}: ${flag.meaning}`);
    }
  }
});

Deno.test("a flag that names a file or directory says so", () => {
  for (const { name, flags } of WORDS) {
    for (const { long, value, path } of flags) {
      if (value === "FILE") assert.equal(path, "file", `${name} ${long}`);
      if (value === "DIR") assert.equal(path, "directory", `${name} ${long}`);
    }
  }
});
