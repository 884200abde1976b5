/**
 * Shapes of request bodies: each makes values that are right, and values that are surely wrong in one
 * place, so that a request with such a value has to be refused.
 */
import fc from "fast-check";

/** What a value must look like. */
export interface Shape {
  readonly right: fc.Arbitrary<unknown>;
  readonly wrong: fc.Arbitrary<unknown>;
}

/** JSON text that no value of JavaScript stands for, such as `1e400`. */
export function rawJson(text: string): unknown {
  return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(text);
}

const OF_EACH_TYPE: Readonly<Record<string, readonly unknown[]>> = {
  null: [null],
  boolean: [true, false],
  number: [0, 1, -1, 1.5, 2n ** 63n, -(2n ** 63n) - 1n, rawJson("1e400"), rawJson("-0.1e-7")],
  string: ["", "x", "1", "NaN", "null", "a".repeat(20_000), "'; DROP TABLE tables; --"],
  array: [[], [null], [[]], ["x"], [1]],
  object: [{}, { x: 1 }, { constructor: 1 }, { "": null }],
};

/** Values of any JSON type but one. */
export function notOf(type: keyof typeof OF_EACH_TYPE): fc.Arbitrary<unknown> {
  const others = Object.entries(OF_EACH_TYPE).filter(([name]) => name !== type);
  return fc.oneof(...others.map(([, values]) => fc.constantFrom(...values)));
}

/** A shape of some right values and some wrong ones, and of a JSON type. */
export function shape(
  type: keyof typeof OF_EACH_TYPE,
  right: readonly unknown[],
  wrong: readonly unknown[] = [],
): Shape {
  return {
    right: fc.constantFrom(...right),
    wrong: wrong.length === 0
      ? notOf(type)
      : fc.oneof(notOf(type), { arbitrary: fc.constantFrom(...wrong), weight: 2 }),
  };
}

/** Any text. */
export const TEXT = shape("string", ["text", "ü", "a".repeat(300)], ["\ud800", "a\udc00b"]);
export const FLAG = shape("boolean", [true, false]);

const NO_INT = [1.5, 2 ** 31, 2n ** 63n, -(2n ** 31n) - 1n, rawJson("1e400"), rawJson("-1e400")];
const NO_LONG = [1.5, 2n ** 63n, -(2n ** 63n) - 1n, 10n ** 30n, rawJson("1e400")];

/** A 32-bit integer that is not negative; `wrong` are others that are not right either. */
export function int(right: readonly number[], wrong: readonly unknown[] = [-1, -2]): Shape {
  return shape("number", right, [...NO_INT, ...wrong]);
}

/** A 64-bit integer that is not negative. */
export function long(
  right: readonly (number | bigint)[],
  wrong: readonly unknown[] = [-1],
): Shape {
  return shape("number", right, [...NO_LONG, ...wrong]);
}

/** One of some words. */
export function word(...words: readonly string[]): Shape {
  return shape("string", words, ["", "other", `${words[0]} `, `${words[0]}\u0000`, "\ud800"]);
}

/** The name of a table, a view or a level of a namespace. */
export function nameOf(...names: readonly string[]): Shape {
  return shape("string", names, WRONG_NAMES);
}

/** Names that nothing may have. */
export const WRONG_NAMES: readonly string[] = [
  ...["", ".", "..", "a\u0000b", "a\nb", "\u007f", "a\u001fb", "\ud800", "x\udfff"],
  ...["n".repeat(256), "n".repeat(100_000)],
];

/** An array of one to three items; wrong ones have a wrong item, or are none. */
export function list(item: Shape): Shape {
  return {
    right: fc.array(item.right, { minLength: 1, maxLength: 3 }),
    wrong: fc.oneof(
      notOf("array"),
      {
        // The wrong one last: what comes after it could make good for it.
        arbitrary: fc.tuple(fc.array(item.right, { maxLength: 2 }), item.wrong)
          .map(([items, wrong]) => [...items, wrong]),
        weight: 3,
      },
    ),
  };
}

/** An array that must not be empty. */
export function fullList(item: Shape): Shape {
  const { right, wrong } = list(item);
  return { right, wrong: fc.oneof({ arbitrary: wrong, weight: 9 }, fc.constant([])) };
}

/** An object of strings. */
export function textMap(
  right: Readonly<Record<string, string>> = { a: "b" },
  wrong: readonly Readonly<Record<string, unknown>>[] = [],
): Shape {
  return shape("object", [right, {}], [
    ...[{ a: 1 }, { a: null }, { a: {} }, { a: ["b"] }, { a: "b", c: true }],
    ...[{ a: "\ud800" }, { "\udc00": "a" }, ...wrong],
  ]);
}

/**
 * An object. Wrong ones are none, or lack a required field, or have one wrong field; `null` in an
 * optional field counts as absent.
 */
export function object(
  required: Readonly<Record<string, Shape>>,
  optional: Readonly<Record<string, Shape>> = {},
): Shape {
  const rights = Object.fromEntries(
    Object.entries({ ...required, ...optional }).map(([key, { right }]) => [key, right]),
  );
  const right = fc.record(rights, { requiredKeys: Object.keys(required) });
  const spoiled = [
    ...Object.entries(required).map(([key, { wrong }]) => spoil(right, key, wrong)),
    ...Object.entries(optional).map(([key, { wrong }]) =>
      spoil(right, key, wrong.filter((value) => value !== null))
    ),
  ];
  const lacking = Object.keys(required).map((key) =>
    right.map((value) => Object.fromEntries(Object.entries(value).filter(([name]) => name !== key)))
  );
  return {
    right,
    wrong: fc.oneof(
      notOf("object"),
      ...(lacking.length === 0 ? [] : [{ arbitrary: fc.oneof(...lacking), weight: 2 }]),
      ...(spoiled.length === 0 ? [] : [{ arbitrary: fc.oneof(...spoiled), weight: 6 }]),
    ),
  };
}

/** One of several shapes. */
export function oneOf(...shapes: readonly Shape[]): Shape {
  return {
    right: fc.oneof(...shapes.map(({ right }) => right)),
    wrong: fc.oneof(...shapes.map(({ wrong }) => wrong)),
  };
}

/** A shape with more wrong values. */
export function butNot(base: Shape, ...wrong: readonly unknown[]): Shape {
  return {
    right: base.right,
    wrong: fc.oneof({ arbitrary: base.wrong, weight: 4 }, fc.constantFrom(...wrong)),
  };
}

function spoil(
  right: fc.Arbitrary<Record<string, unknown>>,
  key: string,
  wrong: fc.Arbitrary<unknown>,
): fc.Arbitrary<unknown> {
  return fc.tuple(right, wrong).map(([value, item]) => ({ ...value, [key]: item }));
}
