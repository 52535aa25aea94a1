import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { base32, readBase32, readSeed } from "./base32.ts";

const reason = (text: string) => {
  const read = readSeed(text);
  return read.ok ? "" : read.reason;
};

describe("Base32", () => {
  test("gives the vectors of RFC 4648 section 10, with padding and without", () => {
    const vectors = {
      "": "",
      f: "MY======",
      fo: "MZXQ====",
      foo: "MZXW6===",
      foob: "MZXW6YQ=",
      fooba: "MZXW6YTB",
      foobar: "MZXW6YTBOI======",
    };
    for (const [plain, padded] of Object.entries(vectors)) {
      const bare = padded.replaceAll("=", "");
      expect(base32(Buffer.from(plain))).toBe(bare);
      for (const text of [padded, bare]) expect(readBase32(text)).toEqual({ ok: true, bytes: Buffer.from(plain) });
    }
  });

  test("any bytes come back, and a text that reads is the one text of its bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        expect(readBase32(base32(bytes))).toEqual({ ok: true, bytes: Buffer.from(bytes) });
      }),
    );
    const text = fc.string({ unit: fc.constantFrom("A", "B", "Y", "Z", "2", "7") });
    fc.assert(
      fc.property(text, (digits) => {
        const read = readBase32(digits);
        expect(read.ok ? base32(read.bytes) : digits).toBe(digits);
      }),
    );
  });

  test("mistyped and cut-off texts are refused with a reason that does not repeat them", () => {
    const good = base32(Buffer.alloc(20, 0xa7));
    expect(readSeed(good).ok).toBe(true);
    for (const digit of "0189") expect(reason(digit + good.slice(1))).toContain("0, 1, 8 or 9");
    expect(reason(good.toLowerCase())).toContain("small letters");
    for (const strange of [" ", "-", "ö", "\0", "="])
      expect(reason(good.slice(0, 8) + strange + good.slice(9))).toContain("other than A-Z");
    expect(reason(good.slice(0, -2))).toContain("a part is missing");
    expect(reason(good.slice(0, -1))).toContain("a part is missing");
    expect(reason(`${good}=`)).toContain("number of =");
    expect(reason(good.slice(1) + "9")).not.toContain(good.slice(1, 9));
  });

  test("a seed has at least 16 bytes", () => {
    expect(reason(base32(Buffer.alloc(15)))).toContain("128 bits");
    expect(readSeed(base32(Buffer.alloc(16))).ok).toBe(true);
    expect(reason(base32(Buffer.alloc(129)))).toContain("longer");
    expect(reason("")).toContain("128 bits");
  });
});
