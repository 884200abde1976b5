/**
 * Finds the members of JSON objects and the items of arrays in a text without parsing their values:
 * of an answer of many megabytes a client needs a few values only.
 */

const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
const OPEN_BRACKET = 91;
const BACKSLASH = 92;
const CLOSE_BRACKET = 93;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;
const SPACE = 32;

/**
 * Goes through the members of the object that begins at or behind `at`.
 *
 * @param visit is told where a member's value begins, and gives back where it ends, so that nothing
 * is read twice: by {@linkcode endOfValue}, or by going through its members in turn.
 * @returns where the object ends.
 * @throws {SyntaxError} when there is none, or it does not end. Values are not checked.
 */
export function eachMember(
  text: string,
  at: number,
  visit: (key: string, start: number) => number,
): number {
  let index = expect(text, skipBlanks(text, at), OPEN_BRACE);
  index = skipBlanks(text, index);
  if (text.charCodeAt(index) === CLOSE_BRACE) return index + 1;
  while (true) {
    const keyEnd = endOfString(text, index);
    const raw = text.slice(index + 1, keyEnd - 1);
    const key = raw.includes("\\") ? JSON.parse(`"${raw}"`) as string : raw;
    const start = skipBlanks(text, expect(text, skipBlanks(text, keyEnd), COLON));
    index = skipBlanks(text, visit(key, start));
    if (text.charCodeAt(index) === CLOSE_BRACE) return index + 1;
    index = skipBlanks(text, expect(text, index, COMMA));
  }
}

/**
 * Goes through the items of the array that begins at or behind `at`.
 *
 * @param visit as that of {@linkcode eachMember}.
 * @returns where the array ends.
 * @throws {SyntaxError} when there is none, or it does not end. Values are not checked.
 */
export function eachItem(text: string, at: number, visit: (start: number) => number): number {
  let index = skipBlanks(text, expect(text, skipBlanks(text, at), OPEN_BRACKET));
  if (text.charCodeAt(index) === CLOSE_BRACKET) return index + 1;
  while (true) {
    index = skipBlanks(text, visit(index));
    if (text.charCodeAt(index) === CLOSE_BRACKET) return index + 1;
    index = skipBlanks(text, expect(text, index, COMMA));
  }
}

/**
 * Where the text of a value ends that begins at `start`.
 *
 * @throws {SyntaxError} when it does not end. What it is made of is not checked.
 */
export function endOfValue(text: string, start: number): number {
  const first = text.charCodeAt(start);
  if (first === QUOTE) return endOfString(text, start);
  if (first === OPEN_BRACE || first === OPEN_BRACKET) return endOfNested(text, start);
  let index = start;
  while (index < text.length && !endsScalar(text.charCodeAt(index))) index++;
  if (index === start) throw wrong(text, start);
  return index;
}

function endsScalar(code: number): boolean {
  return code === COMMA || code === CLOSE_BRACE || code === CLOSE_BRACKET || code <= SPACE;
}

function endOfString(text: string, start: number): number {
  let index = expect(text, start, QUOTE);
  while ((index = text.indexOf('"', index)) !== -1) {
    let slashes = 0;
    while (text.charCodeAt(index - 1 - slashes) === BACKSLASH) slashes++;
    index++;
    // A quote behind an odd number of them is escaped.
    if (slashes % 2 === 0) return index;
  }
  throw wrong(text, text.length);
}

function endOfNested(text: string, start: number): number {
  let depth = 0;
  for (let index = start; index < text.length; index++) {
    switch (text.charCodeAt(index)) {
      case QUOTE:
        index = endOfString(text, index) - 1;
        break;
      case OPEN_BRACE:
      case OPEN_BRACKET:
        depth++;
        break;
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        if (--depth === 0) return index + 1;
    }
  }
  throw wrong(text, text.length);
}

function skipBlanks(text: string, at: number): number {
  let index = at;
  while (text.charCodeAt(index) <= SPACE) index++;
  return index;
}

function expect(text: string, at: number, code: number): number {
  if (text.charCodeAt(at) !== code) throw wrong(text, at);
  return at + 1;
}

function wrong(text: string, at: number): SyntaxError {
  const found = at >= text.length ? "the end" : `"${text.slice(at, at + 1)}"`;
  return new SyntaxError(`Cannot read JSON: unexpected ${found} at ${at}`);
}
