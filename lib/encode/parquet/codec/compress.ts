/** What every codec does. */

/**
 * Compresses the bytes of one page. The answer may be a view of what was given, and lasts until the
 * next call only.
 */
export type Compress = (bytes: Uint8Array) => Uint8Array;

/** The same, where a stronger level takes more time. */
export type CompressAtLevel = (bytes: Uint8Array, level: number) => Uint8Array;
