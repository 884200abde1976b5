// Finds records and fields. Where a batch has no quote, all separators of 64 bytes are found at once
// and the records are looked at afterwards; else fields are searched one by one.
// @ts-nocheck: another language, which its own compiler checks.
import {
  BATCH_ARE_SHORT,
  BATCH_COLUMNS,
  BATCH_DELIMITER,
  BATCH_END,
  BATCH_FIELD_COUNT,
  BATCH_FIELDS_AT,
  BATCH_POSITION,
  BATCH_PROBLEM,
  BATCH_PROBLEM_AT,
  BATCH_QUOTED,
  BATCH_ROWS,
  BATCH_ROWS_MAX,
  BATCH_STRIDE,
  PROBLEM_FIELD_COUNT,
  PROBLEM_TEXT_AFTER_QUOTE,
  PROBLEM_UNTERMINATED_QUOTE,
} from "./layout.ts";

const QUOTE: u8 = 0x22;
const LF: u8 = 0x0a;
const CR: u8 = 0x0d;

/** When fields have no more on average, more than four of them end in most of 64 bytes. */
const SHORT_FIELD_BYTES = 14;

/** Fills the batch with the next records; it is left without any at the chunk's end or problem. */
export function nextBatch(batch: usize): void {
  store<i32>(batch, 0, BATCH_ROWS);
  if (load<i32>(batch, BATCH_PROBLEM) != 0) return;
  // The line feed behind the chunk is no record.
  if (load<usize>(batch, BATCH_POSITION) >= load<usize>(batch, BATCH_END)) return;
  if (load<i32>(batch, BATCH_QUOTED) == 0) takeUnquoted(batch);
  if (load<i32>(batch, BATCH_ROWS) < load<i32>(batch, BATCH_ROWS_MAX)) takeFieldwise(batch);
}

// @inline
function storeField(out: usize, start: usize, end: usize): void {
  store<u64>(out, <u64> start | (<u64> end << 32));
}

/**
 * Takes records up to a quote, or none when one of them is blank or has another number of fields:
 * that is for the search field by field.
 */
function takeUnquoted(batch: usize): void {
  const delimiters = i8x16.splat(load<u8>(batch, BATCH_DELIMITER));
  const feeds = i8x16.splat(LF);
  const quotes = i8x16.splat(QUOTE);
  const fields = load<usize>(batch, BATCH_FIELDS_AT);
  const stride = load<usize>(batch, BATCH_STRIDE);
  const rowsMax = load<i32>(batch, BATCH_ROWS_MAX);
  const outEnd = fields + <usize> rowsMax * stride;
  // The line feed behind the chunk is a separator, too.
  const end = load<usize>(batch, BATCH_END) + 1;
  let at = load<usize>(batch, BATCH_POSITION);
  let start = at;
  let out = fields;
  const areShort = load<i32>(batch, BATCH_ARE_SHORT) != 0;
  // Line feeds; a batch cannot have so many that 16 bits do not count them.
  let feedCounts = i16x8.splat(0);
  while (out < outEnd && at < end) {
    const a = v128.load(at, 0);
    const b = v128.load(at, 16);
    const c = v128.load(at, 32);
    const d = v128.load(at, 48);
    const quoteBytes = v128.or(
      v128.or(i8x16.eq(a, quotes), i8x16.eq(b, quotes)),
      v128.or(i8x16.eq(c, quotes), i8x16.eq(d, quotes)),
    );
    if (v128.any_true(quoteBytes)) break;
    const feedsA = i8x16.eq(a, feeds);
    const feedsB = i8x16.eq(b, feeds);
    const feedsC = i8x16.eq(c, feeds);
    const feedsD = i8x16.eq(d, feeds);
    // A lane that compares equal is -1.
    const feedSums = i8x16.add(i8x16.add(feedsA, feedsB), i8x16.add(feedsC, feedsD));
    feedCounts = i16x8.sub(feedCounts, i16x8.extadd_pairwise_i8x16_s(feedSums));
    const maskA = <u64> i8x16.bitmask(v128.or(feedsA, i8x16.eq(a, delimiters)));
    const maskB = <u64> i8x16.bitmask(v128.or(feedsB, i8x16.eq(b, delimiters)));
    const maskC = <u64> i8x16.bitmask(v128.or(feedsC, i8x16.eq(c, delimiters)));
    const maskD = <u64> i8x16.bitmask(v128.or(feedsD, i8x16.eq(d, delimiters)));
    let mask = (maskA | (maskB << 16)) | ((maskC << 32) | (maskD << 48));
    if (mask != 0) {
      const count = <i32> popcnt(mask);
      const nextStart = at + 64 - <usize> clz(mask);
      // Four at a time, though there may be fewer, and where fields are short eight: not to guess how
      // many there are costs less than to write some that do not count.
      let to = out;
      let left = count;
      let more = areShort || left > 4;
      for (;;) {
        const p0 = at + <usize> ctz(mask);
        storeField(to, start, p0);
        mask &= mask - 1;
        const p1 = at + <usize> ctz(mask);
        storeField(to + 8, p0 + 1, p1);
        mask &= mask - 1;
        const p2 = at + <usize> ctz(mask);
        storeField(to + 16, p1 + 1, p2);
        mask &= mask - 1;
        const p3 = at + <usize> ctz(mask);
        storeField(to + 24, p2 + 1, p3);
        mask &= mask - 1;
        start = p3 + 1;
        if (more) {
          const p4 = at + <usize> ctz(mask);
          storeField(to + 32, start, p4);
          mask &= mask - 1;
          const p5 = at + <usize> ctz(mask);
          storeField(to + 40, p4 + 1, p5);
          mask &= mask - 1;
          const p6 = at + <usize> ctz(mask);
          storeField(to + 48, p5 + 1, p6);
          mask &= mask - 1;
          const p7 = at + <usize> ctz(mask);
          storeField(to + 56, p6 + 1, p7);
          mask &= mask - 1;
          start = p7 + 1;
        }
        left -= 8;
        if (left <= 0) break;
        to += 64;
        more = true;
      }
      start = nextStart;
      out += <usize> count << 3;
    }
    at += 64;
  }
  // The next batch will be like this one.
  const bytes = at - load<usize>(batch, BATCH_POSITION);
  store<i32>(batch, <i32> (((out - fields) >> 3) * SHORT_FIELD_BYTES > bytes), BATCH_ARE_SHORT);
  acceptRecords(batch, out, sumOf(feedCounts));
}

function sumOf(counts: v128): i32 {
  const sums = i32x4.extadd_pairwise_i16x8_u(counts);
  return i32x4.extract_lane(sums, 0) + i32x4.extract_lane(sums, 1) +
    i32x4.extract_lane(sums, 2) + i32x4.extract_lane(sums, 3);
}

/**
 * Looks whether the fields that end before `out` are records: each has its number of fields if the
 * last one ends with a line feed and there are as many line feeds as records.
 *
 * @param feedCount line feeds among the ends of all fields
 */
function acceptRecords(batch: usize, out: usize, feedCount: i32): void {
  const fields = load<usize>(batch, BATCH_FIELDS_AT);
  const stride = load<usize>(batch, BATCH_STRIDE);
  const end = load<usize>(batch, BATCH_END);
  let rows = <i32> ((out - fields) / stride);
  rows = min(rows, load<i32>(batch, BATCH_ROWS_MAX));
  const rowsEnd = fields + <usize> rows * stride;
  if (rows == 0) return;
  let feedsWanted = rows;
  for (let field = rowsEnd; field < out; field += 8) {
    if (load<u8>(load<usize>(field, 4)) == LF) feedsWanted++;
  }
  if (feedsWanted != feedCount) return;
  let fieldEnd: usize = 0;
  for (let last = fields + stride - 8; last < rowsEnd; last += stride) {
    fieldEnd = load<usize>(last, 4);
    if (load<u8>(fieldEnd) != LF) return;
    if (load<u8>(fieldEnd - 1) == CR && fieldEnd > load<usize>(last)) {
      store<usize>(last, fieldEnd - 1, 4);
    }
  }
  store<i32>(batch, rows, BATCH_ROWS);
  store<usize>(batch, min(fieldEnd + 1, end), BATCH_POSITION);
}

/** Takes further records, a field at a time. */
function takeFieldwise(batch: usize): void {
  const delimiter = load<u8>(batch, BATCH_DELIMITER);
  const delimiters = i8x16.splat(delimiter);
  const feeds = i8x16.splat(LF);
  const quotes = i8x16.splat(QUOTE);
  const columns = load<i32>(batch, BATCH_COLUMNS);
  const rowsMax = load<i32>(batch, BATCH_ROWS_MAX);
  const end = load<usize>(batch, BATCH_END);
  let rows = load<i32>(batch, BATCH_ROWS);
  let at = load<usize>(batch, BATCH_POSITION);
  let out = load<usize>(batch, BATCH_FIELDS_AT) + <usize> rows * load<usize>(batch, BATCH_STRIDE);
  let seenQuotes = 0;
  while (rows < rowsMax && at < end) {
    if (columns > 1) {
      const byte = load<u8>(at);
      if (byte == LF) {
        at++;
        continue;
      }
      if (byte == CR && load<u8>(at + 1) == LF) {
        at += 2;
        continue;
      }
    }
    const recordStart = at;
    let column = 0;
    for (;;) {
      const start = at;
      let fieldEnd = at;
      let isLast = false;
      if (load<u8>(at) == QUOTE) {
        seenQuotes = 1;
        at++;
        for (;;) {
          const mask = i8x16.bitmask(i8x16.eq(v128.load(at), quotes));
          if (mask == 0) {
            at += 16;
            if (at >= end) break;
            continue;
          }
          at += <usize> ctz(mask);
          if (at >= end || load<u8>(at + 1) != QUOTE) break;
          at += 2;
        }
        if (at >= end) {
          stop(batch, recordStart, start, PROBLEM_UNTERMINATED_QUOTE);
          break;
        }
        at++;
        fieldEnd = at;
        const byte = load<u8>(at);
        if (byte != delimiter) {
          isLast = true;
          if (byte == CR && load<u8>(at + 1) == LF) at++;
          else if (byte != LF) {
            stop(batch, recordStart, start, PROBLEM_TEXT_AFTER_QUOTE);
            break;
          }
        }
      } else {
        // A line feed stands behind the chunk at the latest.
        for (;;) {
          const bytes = v128.load(at);
          const mask = i8x16.bitmask(
            v128.or(i8x16.eq(bytes, delimiters), i8x16.eq(bytes, feeds)),
          );
          if (mask != 0) {
            at += <usize> ctz(mask);
            break;
          }
          at += 16;
        }
        fieldEnd = at;
        if (load<u8>(at) == LF) {
          isLast = true;
          if (at > start && load<u8>(at - 1) == CR) fieldEnd--;
        }
      }
      if (column < columns) {
        storeField(out, start, fieldEnd);
        out += 8;
      }
      column++;
      at++;
      if (isLast) break;
    }
    if (load<i32>(batch, BATCH_PROBLEM) != 0) break;
    if (column != columns) {
      stop(batch, recordStart, recordStart, PROBLEM_FIELD_COUNT);
      store<i32>(batch, column, BATCH_FIELD_COUNT);
      break;
    }
    rows++;
  }
  store<i32>(batch, rows, BATCH_ROWS);
  store<i32>(batch, seenQuotes, BATCH_QUOTED);
  if (load<i32>(batch, BATCH_PROBLEM) == 0) store<usize>(batch, min(at, end), BATCH_POSITION);
}

function stop(batch: usize, recordStart: usize, at: usize, problem: i32): void {
  store<usize>(batch, recordStart, BATCH_POSITION);
  store<usize>(batch, at, BATCH_PROBLEM_AT);
  store<i32>(batch, problem, BATCH_PROBLEM);
}
