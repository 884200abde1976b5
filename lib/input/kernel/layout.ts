// What TypeScript and the kernels tell each other in memory: offsets within two blocks of 32-bit
// words. Both languages read this file.

/** Block of a tokenizer: where the batch's fields are stored. */
export const BATCH_FIELDS_AT = 0;
/** Bytes of a record's fields: eight a column. */
export const BATCH_STRIDE = 4;
/** Records in the batch. */
export const BATCH_ROWS = 8;
/** Address behind the last record that was given out. */
export const BATCH_POSITION = 12;
/** Address behind the chunk. A line feed stands there unless one stands before it. */
export const BATCH_END = 16;
/** The byte between two fields. */
export const BATCH_DELIMITER = 20;
/** Fields that a record has to have. */
export const BATCH_COLUMNS = 24;
/** Most records of a batch. */
export const BATCH_ROWS_MAX = 28;
/** Whether the batch before had quoted fields. */
export const BATCH_QUOTED = 32;
/** What ended the chunk: 0 for nothing, or one of the three below. */
export const BATCH_PROBLEM = 36;
/** Address of what is wrong. */
export const BATCH_PROBLEM_AT = 40;
/** Fields that the record with too few or too many of them has. */
export const BATCH_FIELD_COUNT = 44;
/** Whether the fields of the batch before were short. */
export const BATCH_ARE_SHORT = 48;
/** Bytes of the whole block. */
export const BATCH_BLOCK_BYTES = 64;

/** A record has too few or too many fields. */
export const PROBLEM_FIELD_COUNT = 1;
/** Something other than a delimiter or a line end follows a closing quote. */
export const PROBLEM_TEXT_AFTER_QUOTE = 2;
/** The chunk ends within quotes. */
export const PROBLEM_UNTERMINATED_QUOTE = 3;

/** Bytes that a field takes: the addresses of its first byte and behind its last one. */
export const FIELD_BYTES = 8;
/** So many fields more than it holds are written behind a batch, and not read. */
export const FIELDS_OVER = 80;
/** Zeros behind a chunk, so that reading on finds nothing. */
export const CHUNK_OVER_BYTES = 80;
/** Bytes that may be written behind the bytes of a string column. */
export const BYTES_OVER = 16;

/** Block of a column: where its values are. */
export const COLUMN_VALUES = 0;
/** Its validity bitmap; all set where no row has been yet. */
export const COLUMN_VALIDITY = 4;
/** Its offsets, of a string or binary column. */
export const COLUMN_OFFSETS = 8;
/** Rows that it has from the batches before. */
export const COLUMN_ROWS = 12;
/** Where its field stands in a record, times eight. */
export const COLUMN_FIELD = 16;
/** Nulls among its rows so far. */
export const COLUMN_NULL_COUNT = 20;
/** Whether null does not fit. */
export const COLUMN_REQUIRED = 24;
/** Whether an empty unquoted field is null. */
export const COLUMN_EMPTY_IS_NULL = 28;
/** Address of the texts that stand for null, 0 for none. */
export const COLUMN_NULL_TEXTS = 32;
/** Bytes of values so far, of a string or binary column. */
export const COLUMN_USED = 36;
/** Bytes of values for which there is room. */
export const COLUMN_ROOM = 40;
/** Whether a kernel stopped because there is no room, and not because of a field. */
export const COLUMN_NEEDS_ROOM = 44;
/** Scale of a decimal, bytes of a fixed, or 1 when a zone is demanded. */
export const COLUMN_PARAMETER = 48;
/** Precision of a decimal, or digits of a second. */
export const COLUMN_PARAMETER_2 = 52;
/** Bytes of the whole block. */
export const COLUMN_BLOCK_BYTES = 64;

/**
 * Null texts: 256 bytes, 1 for each byte that a text starts with; then for each text its length as a
 * 32-bit word and its bytes, filled up to whole words; then the length 0.
 */
export const NULL_TEXTS_FIRST_BYTES = 256;

/**
 * The least power of ten in the table of doubles is 10^-290. Times this or the greatest, no 64-bit
 * number comes near the least or the greatest double.
 */
export const POWER_NEGATIVE_MAX = 290;
/** The greatest power of ten in the table. */
export const POWER_MAX = 280;
/** Bytes of a power: the low, then the high half of its first 128 bits. */
export const POWER_BYTES = 16;
/** Address of the table, behind the kernels' constants; it is filled when it is first wanted. */
export const POWERS_AT = 49_152;

/** Fields that a batch aims at. Their positions take 32 KiB, so they stay in the cache. */
export const BATCH_FIELDS = 4096;
/** Address of a byte for each row of a batch, behind the powers: what a column notes for itself. */
export const NOTES_AT = 58_368;

// What a column's values were seen to be. A column may have seen several.

/** One of the two words. */
export const SAW_BOOLEAN = 1;
/** A whole number of 64 bits. */
export const SAW_LONG = 2;
/** A long that a double does not hold exactly. */
export const SAW_WIDE_LONG = 4;
/** A number with a point or an exponent, none of whose digits a double loses. */
export const SAW_DOUBLE = 8;
/** A day. */
export const SAW_DATE = 16;
/** A day and a time of it. */
export const SAW_TIMESTAMP = 32;
/** A timestamp with a zone. */
export const SAW_TIMESTAMPTZ = 64;
/** Anything else. */
export const SAW_STRING = 128;

/** The kinds stand above the row in what `plainKinds` gives; a batch has fewer rows than that. */
export const KINDS_SHIFT = 16;
