import { describe, expect, test } from "vitest";
import { passkeyName } from "../aaguids.ts";
import { methods } from "./index.ts";
import type { Proof } from "./method.ts";
import { passkey } from "./passkey.ts";

const moment = { now: 0, randomInt: () => 0 };
const check = (before: number, proof: Partial<Proof> | undefined, backupEligible = false) =>
  passkey.check(
    {
      factor: {
        secret: Buffer.alloc(0),
        parameters: JSON.stringify({ backupEligible }),
        counter: 7,
        drift: before,
        address: null,
      },
      sent: undefined,
      answer: "",
      proof: proof && { factorId: "fac_1", ok: true, userVerified: true, signCount: 0, ...proof },
    },
    moment,
  );

describe("a passkey", () => {
  test("is offered before every other method, and on pages only (R-104)", () => {
    expect([...methods.keys()][0]).toBe("passkey");
    expect(passkey).toMatchObject({ pages: true, standing: false });
  });

  test("counts by nothing but a verdict that says yes", () => {
    const no = { ok: false, code: "wrong_code" };
    expect(check(0, undefined)).toEqual(no);
    expect(check(0, { ok: false })).toEqual(no);
    expect(check(0, { ok: "yes" as never })).toEqual(no);
    expect(check(0, {})).toEqual({ ok: true, counter: 8, drift: 0 });
  });

  // before, now, whether one that is bound to its device is accepted, what is kept of one that is synced
  test.each([
    [0, 0, true, 0],
    [0, 1, true, 1],
    [1, 2, true, 2],
    [1, 4_294_967_295, true, 4_294_967_295],
    [1, 1, false, 1],
    [2, 1, false, 2],
    [1, 0, false, 1],
  ])("whose signature counter goes from %i to %i is accepted: %s", (before, now, bound, kept) => {
    const right = { ok: true, counter: 8, drift: kept };
    expect(check(before, { signCount: now })).toEqual(bound ? right : { ok: false, code: "code_old" });
    expect(check(before, { signCount: now }, true)).toEqual(right);
  });

  test("needs no code", () => {
    expect([passkey.width(""), passkey.length(""), passkey.begin(moment)]).toEqual([1, 0, {}]);
  });

  test("is named after what made it", () => {
    expect(passkeyName("fbfc3007-154e-4ecc-8c0b-6e020557d7bd")).toBe("iCloud Keychain");
    expect(passkeyName("00000000-0000-0000-0000-000000000000")).toBe("Passkey");
    expect(passkeyName("constructor")).toBe("Passkey");
  });
});
