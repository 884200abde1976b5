import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { fileURLToPath } from "node:url";
import { compileKernel, KERNELS } from "../../tools/kernels.ts";

for (const kernel of KERNELS) {
  Deno.test(`${kernel.output} is what its sources compile to`, async () => {
    const path = fileURLToPath(new URL(`../../${kernel.output}`, import.meta.url));
    const compiled = await compileKernel(kernel);
    assert.ok(
      Buffer.from(compiled).equals(await Deno.readFile(path)),
      `${kernel.output} is not what ${kernel.entry} gives: run deno task kernels`,
    );
  });
}

Deno.test("compileKernel() fails with the compiler's message", async () => {
  const broken = { entry: "lib/input/kernel/none.ts", output: "none.wasm", memoryBase: 1024 };
  await assert.rejects(compileKernel(broken), /Cannot compile .*none\.ts:/);
});
