import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { holds, rangeOf, readRange } from "./address-range.ts";

//
describe("an address or a network is kept in one way", () => {
  test.each([
    ["10.0.0.5", "10.0.0.5"],
    ["10.0.0.5/32", "10.0.0.5"],
    ["10.0.0.0/8", "10.0.0.0/8"],
    ["::ffff:10.0.0.5", "10.0.0.5"],
    ["::ffff:10.0.0.5/128", "10.0.0.5"],
    ["::ffff:10.0.0.0/104", "10.0.0.0/8"],
    ["2001:DB8::1", "2001:db8::1"],
    ["2001:db8::1/128", "2001:db8::1"],
    ["2001:db8::/32", "2001:db8::/32"],
    ["fe80::1%eth0", "fe80::1%eth0"],
  ])("%s is %s", (text, kept) => {
    expect(readRange(text)).toBe(kept);
  });

  test.each<[string, string]>([
    ["10.9.9.9/8", "is no network; the one that it lies in is 10.0.0.0/8"],
    ["10.0.0.1/31", "is no network; the one that it lies in is 10.0.0.0/31"],
    ["::ffff:10.9.9.9/104", "is no network; the one that it lies in is 10.0.0.0/8"],
    ["2001:db8::1/32", "is no network; the one that it lies in is 2001:db8::/32"],
    ["0.0.0.0/0", "would let the whole Internet ask"],
    ["10.0.0.0/0", "would let the whole Internet ask"],
    ["::/0", "would let the whole Internet ask"],
    ["::ffff:0.0.0.0/96", "would let the whole Internet ask"],
    ...["", "/8", "vpn", "10.0.0.5/", "10.0.0.0/33", "2001:db8::/129", "10.1", "010.0.0.1", "0xa.0.0.1", "10.1/16"].map(
      (text): [string, string] => [text, "is neither an IP address nor a range like 10.0.0.0/8"],
    ),
  ])("%s %s", (text, why) => {
    expect(() => readRange(text)).toThrow(`address: ${text} ${why}`);
  });

  test("what is kept is read again as the same, and its network holds it", () => {
    const bytes = fc.oneof(
      fc.uint8Array({ minLength: 4, maxLength: 4 }),
      fc.uint8Array({ minLength: 16, maxLength: 16 }),
    );
    const written = fc.tuple(bytes, fc.integer({ min: 1, max: 128 })).map(([address, bits]) => {
      const hex = Buffer.from(address).toString("hex").match(/.{4}/g)!;
      return address.length === 4 ? `${address.join(".")}/${((bits - 1) % 32) + 1}` : `${hex.join(":")}/${bits}`;
    });
    const property = fc.property(written, (text) => {
      let kept: string;
      try {
        kept = readRange(text);
      } catch (error) {
        kept = readRange(/ is (\S+)$/.exec((error as Error).message)![1]!);
      }
      expect(readRange(kept)).toBe(kept);
      expect(holds(rangeOf(kept), rangeOf(text.split("/")[0]!))).toBe(true);
    });
    fc.assert(property, { numRuns: 500 });
  });
});

test.each([
  ["10.0.0.0/8", "10.9.9.9", true],
  ["10.0.0.0/8", "10.1.0.0/16", true],
  ["10.0.0.0/8", "10.0.0.0/8", true],
  ["10.1.0.0/16", "10.0.0.0/8", false],
  ["10.0.0.0/8", "11.0.0.1", false],
  ["2001:db8::/32", "2001:db8::7", true],
  ["2001:db8::/32", "10.0.0.1", false],
])("whether %s holds %s: %s", (wide, narrow, is) => {
  expect(holds(rangeOf(wide), rangeOf(narrow))).toBe(is);
});
