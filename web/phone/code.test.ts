import { expect, test } from "vitest";
import { codeIn, inGroups } from "./code.ts";

test("the code in a message is found, and a phone number or a long number is none", () => {
  expect(codeIn("Your verification code is 482913.")).toBe("482913");
  expect(codeIn("Call +46701234567 or 46701234567890")).toBeUndefined();
  expect(codeIn("Valid for 300 seconds")).toBeUndefined();
  expect(codeIn("Valid for 300 seconds: 0042")).toBe("0042");
});

test("a code is written in two groups from six digits on", () => {
  expect(["1234", "482913", "1234567", "12345678"].map(inGroups)).toEqual(["1234", "482 913", "1234 567", "1234 5678"]);
});
