// The functions of `parse_kernel.wasm`, in AssemblyScript.
// @ts-nocheck: another language, which its own compiler checks.
export { fieldBytes, parseBinaries, parseFixed, parseStrings, parseUuids } from "./bytes.ts";
export { parseDecimals } from "./decimals.ts";
export { parseBooleans, parseDoubles, parseFloats } from "./floating.ts";
export { parseInts, parseLongs } from "./integers.ts";
export { plainKinds } from "./kinds.ts";
export { missedPowers, tellOfPowers } from "./nearest_double.ts";
export { parseDates, parseTimes, parseTimestamps } from "./temporal.ts";
export { nextBatch } from "./tokenize.ts";
export { isUtf8 } from "./utf8.ts";
