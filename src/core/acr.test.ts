import { describe, expect, test } from "vitest";
import { acrOf, acrRequests, multipleauthn, strengthAsked } from "./acr.ts";
import type { Proven } from "./strength.ts";

const asked = (acrParameter: string | undefined, claim?: unknown) => strengthAsked(acrRequests(acrParameter, claim));
const password: Proven = { passwordAt: 1, proofs: [], rememberedAt: null };
const totp: Proven = { ...password, proofs: [{ method: "totp", at: 2, userVerified: false }] };

describe("what is asked for", () => {
  test.each([
    [undefined, undefined, "password"],
    ["", undefined, "password"],
    ["urn:countersign:mfa", undefined, "mfa"],
    [multipleauthn, undefined, "mfa"],
    ["https://refeds.org/profile/mfa", undefined, "mfa"],
    ["phr", undefined, "phishing-resistant"],
    ["phr urn:countersign:mfa", undefined, "mfa"],
    ["unheard-of urn:countersign:mfa", undefined, "mfa"],
    ["unheard-of", undefined, undefined],
    ["constructor", undefined, undefined],
    [undefined, null, "password"],
    [undefined, { essential: true }, "password"],
    [undefined, { essential: true, value: "phr" }, "phishing-resistant"],
    [undefined, { values: ["urn:countersign:mfa", "phr"] }, "mfa"],
    [undefined, { essential: true, values: ["unheard-of"] }, undefined],
    [undefined, { value: 3 }, undefined],
    ["urn:countersign:mfa", { essential: true, value: "phr" }, "phishing-resistant"],
    ["phr", { essential: true, value: "unheard-of" }, undefined],
  ])("acr_values %j with the claim %j takes %j", (parameter, claim, strength) => {
    expect(asked(parameter, claim)).toBe(strength);
  });
});

describe("what is said", () => {
  test.each([
    [password, undefined, "urn:countersign:password"],
    [totp, undefined, "urn:countersign:mfa"],
    [totp, multipleauthn, multipleauthn],
    [totp, "phr https://refeds.org/profile/mfa", "https://refeds.org/profile/mfa"],
    [totp, "urn:countersign:password", "urn:countersign:password"],
    [password, multipleauthn, "urn:countersign:password"],
    [totp, "phr", "urn:countersign:mfa"],
  ])("of %j, asked for %j, is %j", (proven, parameter, said) => {
    expect(acrOf(proven, acrRequests(parameter, undefined))).toBe(said);
  });

  test("answers the claims request when both ask", () => {
    const requests = acrRequests("urn:countersign:mfa", { value: multipleauthn });
    expect(acrOf(totp, requests)).toBe(multipleauthn);
  });
});
