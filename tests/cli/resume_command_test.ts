/** The command that finishes a load. */
import assert from "node:assert/strict";
import { resumeCommand } from "../../lib/cli/resume_command.ts";

/** Arguments of a load, and the command that resumes it under the id L. */
const COMMANDS: ReadonlyArray<readonly [readonly string[], string]> = [
  [["a.csv"], "a.csv"],
  [["a.csv", "--workers", "8"], "a.csv --workers 8"],
  [["a.csv", "--load-id", "L", "--quiet"], "a.csv --quiet"],
  [["--load-id=L", "a.csv"], "a.csv"],
  [["--load-id", "auto", "a.csv"], "a.csv"],
  [["my file.csv", "--delimiter", ";"], "'my file.csv' --delimiter ';'"],
  [["it's.csv", "--null-value", ""], "'it'\\''s.csv' --null-value ''"],
  [["$HOME/`x`.csv", "--table", "a*b"], "'$HOME/`x`.csv' --table 'a*b'"],
  [["--rows", "1m", "--seed", "7"], "--rows 1m --seed 7"],
  [["données.csv"], "'données.csv'"],
  [["a\nb.csv"], "'a\nb.csv'"],
  // A file of a verb's name, and one behind the end of the flags.
  [["clean"], "clean"],
  [["--", "--odd.csv"], "-- --odd.csv"],
];

for (const [args, words] of COMMANDS) {
  Deno.test(`resumeCommand() of ${JSON.stringify(args)} is the same load under its id`, () => {
    assert.equal(resumeCommand(args, "L"), `lakekeeper-ingest --load-id L ${words}`);
  });
}

Deno.test("resumeCommand() is read by a shell as the arguments that were given", async () => {
  for (const [args] of COMMANDS) {
    const command = resumeCommand(args, "L").replace("lakekeeper-ingest", "printf '%s\\0'");
    const output = await new Deno.Command("sh", { args: ["-c", command] }).output();
    const words = new TextDecoder().decode(output.stdout).split("\0").slice(0, -1);
    const kept = args.filter((arg, at) =>
      !arg.startsWith("--load-id") && args[at - 1] !== "--load-id"
    );
    assert.deepEqual(words, ["--load-id", "L", ...kept]);
  }
});
