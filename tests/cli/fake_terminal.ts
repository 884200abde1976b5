// A terminal that keeps what is written to it.

import type { Output, Terminal } from "../../lib/cli/terminal.ts";

/** Both streams as texts. */
export interface FakeTerminal extends Terminal {
  readonly written: { out: string; err: string };
}

/** Makes one; it is no terminal, knows no colours and shows UTF-8 unless told otherwise. */
export function fakeTerminal(
  options: {
    readonly usesUnicode?: boolean;
    readonly usesColor?: boolean;
    readonly columns?: number;
  } = {},
): FakeTerminal {
  const written = { out: "", err: "" };
  const output = (stream: "out" | "err"): Output => ({
    isTerminal: false,
    usesColor: options.usesColor ?? false,
    animates: false,
    columns: () => options.columns ?? 80,
    write: (text) => {
      written[stream] += text;
    },
  });
  return {
    out: output("out"),
    err: output("err"),
    usesUnicode: options.usesUnicode ?? true,
    written,
  };
}
