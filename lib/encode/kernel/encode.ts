// The functions of `encode_kernel.wasm`, in AssemblyScript.
// @ts-nocheck: another language, which its own compiler checks.
export { countNans, countNulls } from "./counts.ts";
export { buildDictionary, entriesSeen, writeEntries } from "./dictionary.ts";
export { findExtremes, findExtremesOf } from "./extremes.ts";
export { writeIndexes } from "./indexes.ts";
export { narrowDecimals, writeBits, writeFixed, writeVariable } from "./plain.ts";
