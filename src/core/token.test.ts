import { describe, expect, test } from "vitest";
import { judgeToken, serialKey, tokenDefaults, type TokenClaim, type TokenDefaults } from "./token.ts";

const now = 1_800_000_000_000;
const base32 = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
const seed = "12345678901234567890";
const judge = (claim: Partial<TokenClaim> = {}, defaults: Partial<TokenDefaults> = {}) =>
  judgeToken({ secret: { text: base32, encoding: "base32" }, ...claim }, { ...tokenDefaults, ...defaults }, { now });
const token = (...given: Parameters<typeof judge>) => {
  const judged = judge(...given);
  if (!judged.ok) throw new Error(judged.reason);
  return judged.token;
};
const reason = (...given: Parameters<typeof judge>) => {
  const judged = judge(...given);
  return judged.ok ? "accepted" : judged.reason;
};

test("where the file is silent a token is TOTP with the usual parameters, or what is said of the file", () => {
  expect(token()).toEqual({
    seed: Buffer.from(seed),
    type: "totp",
    parameters: { digits: 6, algorithm: "sha1", period: 30 },
    counter: 0,
    drift: 0,
    startsAt: null,
    expiresAt: null,
    warnings: [],
  });
  expect(token({}, { type: "hotp", digits: 8, algorithm: "sha512" })).toMatchObject({
    type: "hotp",
    parameters: { digits: 8, algorithm: "sha512" },
  });
  expect(token({ type: "totp", period: 60 }, { type: "hotp" })).toMatchObject({
    type: "totp",
    parameters: { period: 60 },
  });
});

test.each<[Partial<TokenClaim>, string]>([
  [{ period: 45 }, "time interval: has to be 30 or 60 seconds"],
  [{ period: NaN }, "time interval"],
  [{ type: "hotp", period: 45 }, "accepted"],
  [{ digits: 5 }, "digits: a code has 6, 7 or 8"],
  [{ digits: NaN }, "digits"],
  [{ algorithm: "MD5" }, "algorithm: is none of"],
  [{ algorithm: "HMAC-SHA256" }, "accepted"],
  [{ algorithm: "SHA_512" }, "accepted"],
  [{ algorithm: "totp-sha1" }, "accepted"],
  [{ counter: -1, type: "hotp" }, "counter: is not a whole number"],
  [{ counter: 1.5, type: "hotp" }, "counter: is not a whole number"],
  [{ counter: now / 30_000 + 11 }, "time: is in the future"],
  [{ counter: now / 30_000 }, "accepted"],
  [{ startsAt: NaN }, "is not a date"],
  [{ expiresAt: NaN }, "is not a date"],
])("%j: %s", (claim, expected) => {
  expect(reason(claim)).toContain(expected);
});

describe("a secret", () => {
  const text = (given: string, encoding: "base32" | "hex" | "unclear" = "base32") =>
    reason({ secret: { text: given, encoding } });

  test("in Base32 explains what is not Base32, and takes small letters", () => {
    for (const wrong of ["0", "1", "8", "9"])
      expect(text(`${base32.slice(1)}${wrong}`)).toContain("O, I and B are letters there");
    expect(text(base32.toLowerCase())).toBe("accepted");
    expect(text(`${base32.slice(1)}!`)).toContain("characters other than");
  });

  test("in hexadecimal has two digits an octet", () => {
    const hex = Buffer.from(seed).toString("hex");
    expect(token({ secret: { text: hex, encoding: "hex" } }).seed.toString()).toBe(seed);
    expect(text(hex.slice(1), "hex")).toContain("odd number of hexadecimal digits");
    expect(text(`${hex}xx`, "hex")).toContain("other than hexadecimal digits");
  });

  test("that reads both ways is what its file says", () => {
    const unclear = "ABCDEF22".repeat(4);
    expect(token({ secret: { text: unclear, encoding: "unclear" } }).seed).toHaveLength(20);
    expect(token({ secret: { text: unclear, encoding: "unclear" } }, { encoding: "hex" }).seed).toHaveLength(16);
  });

  test("has 128 bits or more (R-002), and 128 octets at most", () => {
    expect(text("00".repeat(15), "hex")).toContain("shorter than 128 bits");
    expect(text("00".repeat(129), "hex")).toContain("longer than 128 bytes");
    const bytes = Buffer.alloc(4, 1);
    expect(reason({ secret: { bytes } })).toContain("shorter than 128 bits");
    expect(bytes).toEqual(Buffer.alloc(4));
  });
});

test("what is odd and no reason to refuse is said", () => {
  expect(token({ expiresAt: now - 1 }).warnings).toEqual(["has expired, so it cannot be given to anybody"]);
  expect(token({ expiresAt: now + 1, startsAt: now }).warnings).toEqual([]);
  expect(token({ drift: 4 })).toMatchObject({ drift: 4, warnings: [] });
  expect(token({ drift: -40 })).toMatchObject({ drift: -10, warnings: [expect.stringContaining("synchronised")] });
  expect(token({ secret: { bytes: Buffer.alloc(20, 1) } }).warnings).toEqual(["codes are taken to have 6 digits"]);
  expect(token({ secret: { bytes: Buffer.alloc(20, 1) }, digits: 6 }).warnings).toEqual([]);
});

test("serial numbers that the eye does not tell apart are one", () => {
  expect(serialKey(" ab-12 34")).toBe("AB1234");
  expect(serialKey("ＡＢ１２３４")).toBe("AB1234");
});
