/** actionlint, which judges GitHub workflows. */
import { installOnce } from "./cache.ts";
import { mustRun } from "./child.ts";

const MODULE = "github.com/rhysd/actionlint/cmd/actionlint@v1.7.12";

/** Builds it by `go install`. @returns the path of its executable. */
export async function installActionlint(): Promise<string> {
  const directory = await installOnce({
    name: "actionlint-1.7.12",
    key: MODULE,
    install: async (target) => {
      await mustRun("go", ["install", MODULE], { env: { GOBIN: target }, runMsMax: 15 * 60_000 });
    },
  });
  return `${directory}/actionlint`;
}
