/** UUIDs of version 7 (RFC 9562, 5.7): they begin with the time, so they sort by it. */

/** A new one; `nowMs` is the time since the epoch. */
export function uuidV7(nowMs: number = Date.now()): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  new DataView(bytes.buffer).setBigUint64(
    0,
    BigInt(nowMs) << 16n | BigInt(bytes[6]! << 8 | bytes[7]!),
  );
  bytes[6] = (bytes[6]! & 0x0f) | 0x70;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)]
    .join("-");
}

/** The time in ms of a UUID of version 7, or undefined for any other text. */
export function timeOfUuidV7(text: string): number | undefined {
  const match = /^([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.exec(
    text,
  );
  return match === null ? undefined : parseInt(match[1]! + match[2]!, 16);
}
