import { expect, test } from "vitest";
import { codeAt, halves, importSeed } from "./code.ts";

/** RFC 6238, appendix B: SHA-1, "12345678901234567890", 8 digits. */
const vectors: [number, string][] = [
  [59, "94287082"],
  [1_111_111_109, "07081804"],
  [1_111_111_111, "14050471"],
  [1_234_567_890, "89005924"],
  [2_000_000_000, "69279037"],
  [20_000_000_000, "65353130"],
];

test("codes are those of RFC 6238, from a key that cannot be read back", async () => {
  const key = await importSeed("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
  for (const [seconds, code] of vectors) {
    expect(await codeAt({ key, digits: 8, period: 30 }, seconds * 1000)).toBe(code);
    expect(await codeAt({ key, digits: 6, period: 30 }, seconds * 1000)).toBe(code.slice(2));
  }
  await expect(crypto.subtle.exportKey("raw", key)).rejects.toThrow("not extractable");
});

test("a code is read in halves", () => {
  expect([halves("482913"), halves("4829137")]).toEqual([
    ["482", "913"],
    ["4829", "137"],
  ]);
});
