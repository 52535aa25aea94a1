import { expect, test } from "vitest";
import { device } from "./messages.ts";

const takes = (said: object) =>
  device.safeParse({
    name: "Phone",
    kind: "phone",
    platform: "Android",
    appVersion: "1",
    language: "en",
    ...said,
  }).success;

test("what a device says of itself beside its name has a form in which nothing personal fits", () => {
  for (const platform of ["iPhone", "Safari, iPad", "Chrome, Linux", "other"]) expect(takes({ platform })).toBe(true);
  for (const platform of ["", "ada@example.org", "Chrome, Ada's phone", "linux"])
    expect(takes({ platform })).toBe(false);
  for (const appVersion of ["1", "2.14.0", "2026.11.22.1"]) expect(takes({ appVersion })).toBe(true);
  for (const appVersion of ["", "1.", "v1", "1.2.3.4.5", "46701234567", "1 Ada"])
    expect(takes({ appVersion })).toBe(false);
});
