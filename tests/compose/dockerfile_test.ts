// The Dockerfile's stages, read by a parser: what is in the images, who runs them, and that compose.yaml
// builds from the same file. That they build was not tried, for want of a container engine.

import assert from "node:assert/strict";
import { DockerfileParser, type ModifiableInstruction } from "dockerfile-ast";
import { readCompose } from "./compose_file.ts";

interface Stage {
  readonly name: string;
  readonly image: string;
  /** Keyword and arguments of each instruction after FROM. */
  readonly lines: readonly { readonly keyword: string; readonly text: string }[];
}

const dockerfile = DockerfileParser.parse(
  Deno.readTextFileSync(new URL("../../Dockerfile", import.meta.url)),
);
const stages: Stage[] = [];
for (const instruction of dockerfile.getInstructions()) {
  const keyword = instruction.getKeyword();
  // The parser keeps flags such as --from apart from the arguments.
  const flags = instruction instanceof Object && "getFlags" in instruction
    ? (instruction as ModifiableInstruction).getFlags().map(String)
    : [];
  const text = [...flags, instruction.getArgumentsContent() ?? ""].join(" ");
  if (keyword === "FROM") {
    const [, image = "", name = ""] = text.match(/^(?:--platform=\S+ )?(\S+) AS (\S+)$/) ?? [];
    stages.push({ name, image, lines: [] });
  } else {
    (stages.at(-1)!.lines as { keyword: string; text: string }[]).push({ keyword, text });
  }
}

function stageOf(name: string): Stage {
  const stage = stages.find((it) => it.name === name);
  assert.ok(stage, name);
  return stage;
}

function textsOf(stage: Stage, keyword: string): string[] {
  return stage.lines.filter((it) => it.keyword === keyword).map(({ text }) => text);
}

Deno.test("the Dockerfile has a builder, an image with a shell, and at the end the image by default", () => {
  assert.deepEqual(stages.map(({ name }) => name), ["builder", "shell", "runtime"]);
  for (const { image } of stages) {
    assert.match(image, /:[A-Za-z0-9._-]+$/);
    assert.doesNotMatch(image, /:latest$/);
  }
});

Deno.test("the default image has the executable and its licence on a distroless base, and nothing else", () => {
  const runtime = stageOf("runtime");
  assert.match(runtime.image, /^gcr\.io\/distroless\/cc-debian\d+:nonroot$/);
  assert.deepEqual(textsOf(runtime, "RUN"), []);
  assert.deepEqual(textsOf(runtime, "COPY"), [
    "LICENSE /usr/share/doc/lakekeeper-ingest/LICENSE",
    "--from=builder /lakekeeper-ingest /usr/local/bin/lakekeeper-ingest",
  ]);
  assert.deepEqual(textsOf(runtime, "VOLUME"), ['["/tmp"]']);
});

Deno.test("the default image starts the executable itself, so that signals reach it", () => {
  const runtime = stageOf("runtime");
  assert.deepEqual(textsOf(runtime, "ENTRYPOINT"), ['["/usr/local/bin/lakekeeper-ingest"]']);
  assert.deepEqual(textsOf(runtime, "STOPSIGNAL"), ["SIGTERM"]);
  assert.deepEqual(textsOf(runtime, "CMD"), []);
});

Deno.test("both images run as a user with a number that is not root's", () => {
  for (const name of ["shell", "runtime"]) {
    const users = textsOf(stageOf(name), "USER");
    assert.equal(users.length, 1, name);
    assert.match(users[0]!, /^[1-9]\d*:[1-9]\d*$/, name);
  }
});

Deno.test("the default image has the labels of the OCI, and its version from the build", () => {
  const text = textsOf(stageOf("runtime"), "LABEL").join("\n");
  for (
    const key of ["title", "description", "licenses", "version", "revision", "created", "source"]
  ) {
    assert.ok(text.includes(`org.opencontainers.image.${key}=`), key);
  }
  const given = textsOf(stageOf("runtime"), "ARG");
  for (const [, name] of text.matchAll(/\$(\w+)/g)) assert.ok(given.includes(name!), name);
});

Deno.test("the image with a shell has the executable, the sample and no toolchain", () => {
  const shell = stageOf("shell");
  assert.match(shell.image, /^debian:[a-z]+-slim$/);
  assert.deepEqual(textsOf(shell, "COPY"), [
    "--from=builder /lakekeeper-ingest /usr/local/bin/lakekeeper-ingest",
    "sample_data.csv ./",
  ]);
  for (const text of textsOf(shell, "RUN")) {
    assert.doesNotMatch(text, /\b(deno|node|npm|npx|apt-get|apk)\b/);
  }
});

Deno.test("the images are built from files that are in the project, by a task that it has", async () => {
  const sources = stages.flatMap((stage) => textsOf(stage, "COPY"))
    .filter((text) => !text.startsWith("--from="))
    .flatMap((text) => text.split(" ").slice(0, -1));
  assert.ok(sources.includes("sample_data.csv") && sources.includes("lib"));
  for (const source of sources) await Deno.stat(new URL(`../../${source}`, import.meta.url));
  const [build = ""] = textsOf(stageOf("builder"), "RUN");
  assert.match(
    build,
    /deno task compile --target "\$cpu-unknown-linux-gnu" --output \/lakekeeper-ingest/,
  );
});

Deno.test("compose.yaml builds stages of this Dockerfile, and gives each its own name", () => {
  const built = Object.values(readCompose().services).filter(({ build }) => build !== undefined);
  const images = new Map<string, string>();
  for (const { image = "", build } of built) {
    assert.equal(build!.context, ".");
    assert.ok(stageOf(build!.target));
    assert.equal(images.get(image) ?? build!.target, build!.target, image);
    images.set(image, build!.target);
  }
  assert.equal(images.size, 2);
});
