import fc from "fast-check";
import { expect, test } from "vitest";
import { otpauthUri } from "./factors.ts";

const key = { seed: Buffer.alloc(20, 1), digits: 6, period: 30, algorithm: "sha1" } as const;

test("an otpauth URI gives back the account it was made for, whatever the name", () => {
  const name = fc.string({ unit: "grapheme", minLength: 1 }).filter((text) => !/[:\p{Cc}]/u.test(text));
  fc.assert(
    fc.property(name, (account) => {
      const uri = new URL(otpauthUri({ ...key, account }));
      const [issuer, label] = decodeURIComponent(uri.pathname.replace(/^\/+/, "").replace(/^totp\//, "")).split(":");
      expect([issuer, label]).toEqual(["Countersign", account]);
      expect(uri.searchParams.get("issuer")).toBe(issuer);
      expect(uri.searchParams.get("secret")).toBe("AEAQCAIBAEAQCAIBAEAQCAIBAEAQCAIB");
      expect([...uri.searchParams.keys()]).toEqual(["secret", "issuer", "algorithm", "digits", "period"]);
    }),
    { numRuns: 10_000 },
  );
});

test("a name that would change what the URI says is refused", () => {
  for (const account of ["other:anna", "an\nna", "\u007f"])
    expect(() => otpauthUri({ ...key, account })).toThrow("no app can be set up under it");
});
