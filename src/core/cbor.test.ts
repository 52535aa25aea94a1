import fc from "fast-check";
import { expect, test } from "vitest";
import { cbor } from "../../test/support/authenticator.ts";
import { readCbor, readWholeCbor } from "./cbor.ts";

const hex = (text: string) => Buffer.from(text.replaceAll(" ", ""), "hex");

// RFC 8949, appendix A, as far as authenticators go
test.each<[string, unknown]>([
  ["00", 0],
  ["17", 23],
  ["1818", 24],
  ["1903e8", 1000],
  ["1a000f4240", 1_000_000],
  ["20", -1],
  ["3863", -100],
  ["390100", -257],
  ["f4", false],
  ["f5", true],
  ["f6", null],
  ["4401020304", Buffer.from([1, 2, 3, 4])],
  ["62c3bc", "ü"],
  ["83010203", [1, 2, 3]],
  [
    "a201020304",
    new Map([
      [1, 2],
      [3, 4],
    ]),
  ],
  [
    "a26161016162820203",
    new Map<string, unknown>([
      ["a", 1],
      ["b", [2, 3]],
    ]),
  ],
])("%s is read", (octets, value) => {
  expect(readWholeCbor(hex(octets))).toEqual(value);
});

test.each([
  ["nothing", ""],
  ["a length without its octets", "19 03"],
  ["octets that end early", "44 01 02 03"],
  ["text that ends early", "7a ff ff ff ff 61"],
  ["a list that ends early", "83 01 02"],
  ["a map that ends early", "a2 01 02"],
  ["a list of four thousand million", "9a ff ff ff ff"],
  ["a key twice", "a2 01 02 01 03"],
  ["a key twice before another", "a2 01 02 01 03 04 05"],
  ["a key twice, once written longer", "a2 01 02 18 01 03"],
  ["a list as a key", "a1 80 01"],
  ["octets as a key", "a1 41 01 01"],
  ["text that is no UTF-8", "62 c3 28"],
  ["an eight octet length", "1b 00 00 00 00 00 00 00 01"],
  ["an indefinite list", "9f 01 ff"],
  ["an indefinite map", "bf 01 02 ff"],
  ["a tag", "c0 00"],
  ["undefined", "f7"],
  ["a fraction", "fa 47 c3 50 00"],
  ["a simple value in two octets", "f8 15"],
  ["something after it", "01 02"],
])("%s is no CBOR of ours", (_, octets) => {
  expect(() => readWholeCbor(hex(octets))).toThrow(/^(CBOR|The encoded data)/);
});

test("depth ends at eight", () => {
  expect(readWholeCbor(hex(`${"81".repeat(7)}00`))).toBeDefined();
  expect(() => readWholeCbor(hex(`${"81".repeat(8)}00`))).toThrow("too deep");
  expect(() => readWholeCbor(hex(`${"a101".repeat(30_000)}00`))).toThrow("too deep");
});

test("what was written is read back, and where it ends is known", () => {
  const { value } = fc.letrec<{ value: Parameters<typeof cbor>[0] }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3, depthSize: "xsmall" },
      fc.integer({ min: -(2 ** 32), max: 2 ** 32 - 1 }),
      fc.string({ unit: "binary" }),
      fc.boolean(),
      fc.uint8Array({ maxLength: 300, size: "max" }),
      fc.array(tie("value"), { maxLength: 8 }),
      fc
        .uniqueArray(fc.tuple(fc.oneof(fc.integer({ min: -300, max: 300 }), fc.string()), tie("value")), {
          selector: ([key]) => key,
          maxLength: 8,
        })
        .map((pairs) => new Map(pairs as [number | string, Parameters<typeof cbor>[0]][])),
    ),
  }));
  fc.assert(
    fc.property(value, fc.uint8Array({ maxLength: 5 }), (one, after) => {
      const written = cbor(one);
      const read = readCbor(Buffer.concat([written, after]), 0);
      expect(read.end).toBe(written.length);
      expect(cbor(read.value as Parameters<typeof cbor>[0]).equals(written)).toBe(true);
    }),
    { numRuns: 50 },
  );
});

test("any octets at all are read or refused, and soon (R-101)", () => {
  const octets = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.array(fc.constantFrom(0x81, 0x9a, 0xa1, 0xa2, 0x41, 0x61, 0xff, 0x00, 0x18), { maxLength: 400 }),
  );
  const refusals = new Set<string>();
  const property = fc.property(octets, (some) => {
    const bytes = Uint8Array.from(some);
    try {
      const { end } = readCbor(bytes, 0);
      return end > 0 && end <= bytes.length;
    } catch (error) {
      refusals.add((error as Error).message.slice(0, 4));
      return true;
    }
  });
  expect(fc.check(property, { numRuns: 3000 }).counterexample).toBeNull();
  expect([...refusals].filter((said) => said !== "CBOR" && said !== "The ")).toEqual([]);
});
