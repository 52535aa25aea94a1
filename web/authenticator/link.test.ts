import { expect, test } from "vitest";
import { activationIn, appAt, isTypedCode, readCode } from "./link.ts";

test("a link has its code behind #, and a broken one is known as such", () => {
  const code = "0123456789ABCDEFGHJKMNPQRS";
  expect(activationIn(`#activate=${code}`)).toBe(code);
  expect(activationIn(`#activate=${code.toLowerCase()}`)).toBe(code);
  expect(activationIn(`#activate=${code.slice(1)}`)).toBe("");
  expect(activationIn("#activate=")).toBe("");
  expect([activationIn(""), activationIn("#request=x")]).toEqual([undefined, undefined]);
});

test("a code is read however it was typed", () => {
  expect(readCode(" o1l-23 abcde-")).toBe("01123ABCDE");
  expect([isTypedCode("01123ABCDE"), isTypedCode("01123ABCD"), isTypedCode("01123ABCDU")]).toEqual([
    true,
    false,
    false,
  ]);
});

test("an address leads to that server's app, never unencrypted beyond this machine", () => {
  expect(appAt("mfa.example.org")?.href).toBe("https://mfa.example.org/authenticator/");
  expect(appAt(" https://mfa.example.org:8443/account ")?.href).toBe("https://mfa.example.org:8443/authenticator/");
  expect(appAt("http://localhost:8080")?.href).toBe("http://localhost:8080/authenticator/");
  for (const bad of ["", "http://mfa.example.org", "javascript:alert(1)", "data:text/html,x", "//x", "a b"])
    expect(appAt(bad)).toBeUndefined();
});
