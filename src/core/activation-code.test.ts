import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { activationCode, linkCodeLength, readActivationCode, typedCodeLength } from "./activation-code.ts";

test("a code reads as it was made, in small letters, in groups, and with O and I for 0 and 1", () => {
  for (const length of [linkCodeLength, typedCodeLength])
    for (let round = 0; round < 200; round++) {
      const code = activationCode(randomBytes(length), length);
      expect(code).toHaveLength(length);
      const typed = `${code.slice(0, 5)}-${code.slice(5)} `.toLowerCase().replaceAll("0", "o").replaceAll("1", "i");
      expect(readActivationCode(typed)).toBe(code);
    }
});

test("what has another length, or a letter that no code has, is none", () => {
  for (const text of ["", "012345678", "0123456789A", "012345678U", "01234567890123456789012345ö"])
    expect(readActivationCode(text)).toBeUndefined();
});
