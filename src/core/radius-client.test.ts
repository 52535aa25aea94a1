import { describe, expect, test } from "vitest";
import { radiusClientOptions, radiusClientWarnings } from "./radius-client.ts";

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

describe("an administrator is warned (R-108)", () => {
  const told = (given: object, { learned = false, secret = "a secret of thirty-two characters" } = {}) => {
    const options = radiusClientOptions.parse(given);
    const requiresMessageAuthenticator = options.requireMessageAuthenticator === "yes" || learned;
    const client = { options, requiresMessageAuthenticator, secret: Buffer.from(secret) };
    return radiusClientWarnings(client).map((text) => text.split(/[ :]/)[0]);
  };
  test.each([
    [{}, {}, []],
    [{ limitProxyState: false }, {}, []],
    [{ requireMessageAuthenticator: "auto" }, {}, []],
    [{ requireMessageAuthenticator: "no" }, {}, ["Requests"]],
    [{ requireMessageAuthenticator: "no", limitProxyState: false }, {}, ["DANGER"]],
    [{ requireMessageAuthenticator: "auto", limitProxyState: false }, {}, ["DANGER"]],
    [{ requireMessageAuthenticator: "auto", limitProxyState: false }, { learned: true }, []],
    [{}, { secret: "sixteen octets.." }, ["The"]],
    [{ requireMessageAuthenticator: "no", limitProxyState: false }, { secret: "sixteen octets.." }, ["DANGER", "The"]],
  ])("of %j %j: %j", (options, more, warnings) => {
    expect(told(options, more)).toEqual(warnings);
  });
});
