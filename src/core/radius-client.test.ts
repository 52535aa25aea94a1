import { describe, expect, test } from "vitest";
import { radiusClientOptions } from "./radius-client.ts";

describe("a RADIUS client", () => {
  test("is by default the strict one", () => {
    expect(radiusClientOptions.parse({})).toEqual({
      firstFactor: "local",
      mode: "challenge",
      separator: ",",
      codeLength: 6,
      requireMessageAuthenticator: "yes",
      limitProxyState: true,
      allowWithoutMethodUntil: 0,
      approveWithoutNumber: false,
      fallbackToken: false,
      waitSeconds: 120,
      reply: [],
      rate: 20_000,
    });
  });

  test.each([
    { firstFactor: "someone" },
    { mode: "CHALLENGE" },
    { separator: "" },
    { separator: ",," },
    { codeLength: 5 },
    { codeLength: 25 },
    { codeLength: 6.5 },
    { requireMessageAuthenticator: true },
    { allowWithoutMethodUntil: -1 },
    { allowWithoutMethodUntil: "2027-01-01" },
    { reply: ["x".repeat(301)] },
    { reply: Array.from({ length: 51 }, () => "Class=a") },
    { waitSeconds: 4 },
    { rate: 0 },
    { rate: 1_000_001 },
    { requireMessageAuthentication: "no" },
  ])("is not %j", (options) => {
    expect(radiusClientOptions.safeParse(options).success).toBe(false);
  });

  test.each([{ codeLength: 8 }, { rate: 1 }, { rate: 1_000_000 }, { mode: "append-fixed" }])("may be %j", (options) => {
    expect(radiusClientOptions.parse(options)).toMatchObject(options);
  });
});
