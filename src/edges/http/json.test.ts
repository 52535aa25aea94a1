import fc from "fast-check";
import { expect, test } from "vitest";
import { parseBody } from "./json.ts";

const read = (text: string) => parseBody(Buffer.from(text));

test("JSON comes out as JSON.parse reads it", () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 10 }), (text) => {
      expect(read(text)).toEqual(JSON.parse(text));
    }),
  );
});

test.each([
  '{"code":"123456","code":"654321"}',
  '{"a":{"b":1,"b":1}}',
  '[{"x":1},{"y":1,"y":2}]',
  String.raw`{"code":"1","\u0063ode":"2"}`,
  '{"__proto__":1,"__proto__":2}',
  '{"a:\\"":1, "b":"c:d" ,"b":2}',
])("a name that stands twice is refused: %s", (text) => {
  expect(() => read(text)).toThrow("A name stands twice");
});

test("a name may stand once in each object, and colons in strings are text", () => {
  const text = String.raw`{"a":{"a":":\":"},"b":[{"a":"\\"},{"a":"::"}]}`;
  expect(read(text)).toEqual({ a: { a: ':":' }, b: [{ a: "\\" }, { a: "::" }] });
});

test("twenty levels are read and twenty-one are not", () => {
  const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
  expect(read(nested(20))).toBeTypeOf("object");
  expect(() => read(nested(21))).toThrow("nested");
  expect(() => read(nested(30_000))).toThrow("nested");
});

test("what is not JSON or not UTF-8 is refused without being repeated", () => {
  for (const text of ["", "{", "{'a':1}", "secret", '{"a":1}x'])
    expect(() => read(text)).toThrow(/^The body is not JSON\.$/);
  expect(() => parseBody(Buffer.from([0x22, 0xc3, 0x28, 0x22]))).toThrow(/^The body is not UTF-8\.$/);
});

test("a member named __proto__ reaches no prototype", () => {
  const value = read('{"__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}}}') as object;
  expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  expect(({} as { admin?: boolean }).admin).toBeUndefined();
});

test("a long string costs no stack", () => {
  expect(read(`"${"x".repeat(65_000)}"`)).toHaveLength(65_000);
  expect(read(`"${String.raw`\"`.repeat(30_000)}"`)).toHaveLength(30_000);
});
