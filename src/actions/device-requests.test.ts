import fc from "fast-check";
import { expect, test } from "vitest";
import { harmless } from "./device-requests.ts";

test("what is shown on a device is one short line that nothing can turn or break", () => {
  expect(harmless("ada\u202e nimda\n\u0000\u2028x")).toBe("ada  nimda   x");
  expect(harmless("a".repeat(10_000))).toHaveLength(64);
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const shown = harmless(text);
      expect(shown.length).toBeLessThanOrEqual(64);
      expect(shown).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      expect(harmless(shown)).toBe(shown.trim());
    }),
  );
});
