import { expect, test } from "vitest";
import { findFault } from "./password-rule.ts";

const fault = (password: string, username = "karin") => findFault(password, { username });

test("a long sentence is a good password, whatever it is made of", () => {
  for (const good of ["correct horse battery staple", "tolv tecken!", "rödgrön padda i sju byar", "vhqzrkwpmxyt"])
    expect([good, fault(good)]).toEqual([good, undefined]);
});

test("what is short or too long is refused; a letter with an accent is one", () => {
  expect(fault("elva tecken")).toBe("short");
  expect(fault("ååååååååååå")).toBe("short");
  expect(fault("o ".repeat(129))).toBe("long");
});

test("the person's own name in it is refused, however it is written", () => {
  expect(fault("I am KARIN and home")).toBe("name");
  expect(fault("kalle likes cheese", "CORP\\Kalle")).toBe("name");
  expect(fault("kalle likes cheese", "kalle@example.com")).toBe("name");
  expect(fault("both ways go well", "bo")).toBe(undefined);
});

test("what everybody tries first is refused", () => {
  const common = [
    "password1234",
    "P@ssw0rd2026!",
    "123456789012",
    "aaaaaaaaaaaa",
    "abcabcabcabc",
    "qwertyuiop12",
    "Welcome-2026!",
    "sommar202626",
    "passwordpassword",
    "1q2w3e4r5t6y",
    "!!!!????!!!!",
  ];
  for (const one of common) expect([one, fault(one)]).toEqual([one, "common"]);
});
