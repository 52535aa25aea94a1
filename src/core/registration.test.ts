import { expect, test } from "vitest";
import { isEnough, reasonToRegister, type Registrant, type RegistrationRules } from "./registration.ts";

const somebody: Registrant = {
  state: "enabled",
  groups: ["staff"],
  mustRegister: null,
  registerUntil: null,
  firstPageAt: null,
  registeredAt: 1,
  methods: ["sms", "voice"],
};
const rules: RegistrationRules = {
  requiredGroups: [],
  selfServiceReset: false,
  passwordDays: 0,
  off: new Set(),
  phoneNeedsAnother: false,
  phoneForbidden: [],
};
const need = { strength: "mfa", explicit: false, notBefore: 0 } as const;
const reason = (person: Partial<Registrant>, more: Partial<RegistrationRules>) =>
  reasonToRegister({ ...somebody, ...person }, { need, rules: { ...rules, ...more } });

test("who has texts and calls alone is asked for another method, where that is wanted", () => {
  expect(reason({}, {})).toBeUndefined();
  expect(reason({}, { phoneNeedsAnother: true })).toBe("phone_only");
  expect(reason({ methods: ["sms", "totp"] }, { phoneNeedsAnother: true })).toBeUndefined();
  expect(reason({ methods: ["sms", "totp"] }, { phoneNeedsAnother: true, off: new Set(["totp"]) })).toBe("phone_only");
});

test("to whom nothing may be sent a phone is no method", () => {
  expect(reason({}, { phoneForbidden: ["administrators"] })).toBeUndefined();
  expect(reason({}, { phoneForbidden: ["staff"] })).toBe("method_disabled");
  expect(reason({ methods: ["sms", "passkey"] }, { phoneForbidden: ["staff"] })).toBeUndefined();
});

test("one more phone is not what was asked for", () => {
  expect(isEnough({ reason: "phone_only", done: ["voice"] })).toBe(false);
  expect(isEnough({ reason: "phone_only", done: ["voice", "totp"] })).toBe(true);
  expect(isEnough({ reason: "enabled", done: ["voice"] })).toBe(true);
  expect(isEnough({ reason: "phone_only", done: ["token"] })).toBe(true);
  expect(isEnough({ reason: "strength", done: ["totp"] })).toBe(false);
  expect(isEnough({ reason: "enabled", done: ["recovery"] })).toBe(false);
});
