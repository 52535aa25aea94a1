import fc from "fast-check";
import { expect, test } from "vitest";
import { escapeText, readText, splitText } from "./text.ts";

test("text is UTF-8 without NUL, and nothing else", () => {
  expect(readText(Buffer.from("Åsa 🔑"))).toBe("Åsa 🔑");
  expect(readText(Buffer.alloc(0))).toBe("");
  expect(readText(Buffer.from("anna\0admin"))).toBeUndefined();
  expect(readText(Buffer.from([0x41, 0xe5, 0x73]))).toBeUndefined();
  expect(readText(Buffer.from([0xc0, 0xaf]))).toBeUndefined(); // overlong "/"
  expect(readText(Buffer.from([0xed, 0xa0, 0x80]))).toBeUndefined(); // a surrogate by itself
});

test.each([
  ["anna", "anna"],
  ["EXAMPLE\\Åsa", "EXAMPLE\\Åsa"],
  ["a\r\nb", "a\\u{d}\\u{a}b"],
  ["\x1b[31mred", "\\u{1b}[31mred"],
  ["\u009b31m", "\\u{9b}31m"],
  ["nimda\u202eanna", "nimda\\u{202e}anna"],
  ["\u2066x\u2069", "\\u{2066}x\\u{2069}"],
  ["a\u200bb\ufeff", "a\\u{200b}b\\u{feff}"],
  ["a\u2028b", "a\\u{2028}b"],
  ["\0", "\\u{0}"],
  ["\ud800", "\\u{d800}"],
  ["🔑", "🔑"],
])("%j is shown as %s", (text, shown) => {
  expect(escapeText(text)).toBe(shown);
});

test("octets that are not UTF-8 are shown as their numbers", () => {
  expect(escapeText(Buffer.from([0x41, 0xe5, 0x73, 0x1b]))).toBe("A\\u{e5}s\\u{1b}");
});

test("whatever comes in, one printable line of at most 253 characters comes out, never cut in an escape", () => {
  const input = fc.oneof(
    fc.uint8Array({ maxLength: 400 }).map((octets) => Buffer.from(octets)),
    fc.string({ unit: "binary", maxLength: 400 }),
  );
  fc.assert(
    fc.property(input, (value) => {
      const shown = escapeText(value);
      expect(shown.length).toBeLessThanOrEqual(253);
      expect(shown).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      expect(shown).not.toMatch(/\\u\{[0-9a-f]*$/);
    }),
  );
});

test("long text is split into values of at most 253 octets that are text each and together the whole", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 600 }), (text) => {
      const parts = splitText(text);
      for (const part of parts) {
        expect(part.length).toBeGreaterThan(0);
        expect(part.length).toBeLessThanOrEqual(253);
        expect(Buffer.from(part.toString())).toEqual(part); // nothing cut in two, or U+FFFD would stand there
      }
      expect(Buffer.concat(parts).toString()).toBe(text);
    }),
  );
  expect(splitText("")).toEqual([]);
  expect(splitText("å".repeat(200)).map(({ length }) => length)).toEqual([252, 148]);
});
