import { describe, expect, test } from "vitest";
import { isAllowed, postForm } from "./post-form.ts";

describe("an address that may be asked", () => {
  test.each(["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "::ffff:93.184.215.14"])("is %s", (address) => {
    expect(isAllowed(address, { intranet: false })).toBe(true);
  });
  test.each(["10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1", "127.0.0.1", "::1", "fd00::1", "::ffff:10.0.0.1"])(
    "in the own network is %s",
    (address) => {
      expect(isAllowed(address, { intranet: false })).toBe(false);
      expect(isAllowed(address, { intranet: true })).toBe(true);
    },
  );
  test.each([
    "169.254.169.254",
    "fe80::1",
    "0.0.0.0",
    "::",
    "224.0.0.1",
    "ff02::1",
    "255.255.255.255",
    "64:ff9b::a00:1",
  ])("is never %s", (address) => {
    expect(isAllowed(address, { intranet: true })).toBe(false);
  });
});

test.each([
  "http://93.184.215.14/",
  "https://127.0.0.1/",
  "https://[::1]/",
  "https://2130706433/",
  "https://localhost/",
])("nothing is posted to %s", async (target) => {
  await expect(postForm(target, { a: "b" }, { intranet: false })).rejects.toThrow(/not (over TLS|a public address)/);
});
