import { expect, test } from "vitest";
import { protectionOf } from "./protection.ts";

const of = (kinds: string[], codesLeft = 0) => {
  const { protection, advice } = protectionOf({ kinds, codesLeft });
  return [protection, advice];
};

test("nothing, or texts and calls alone, is weak", () => {
  expect(of([])).toEqual(["weak", "any"]);
  expect(of(["recovery", "tap"], 10)).toEqual(["weak", "any"]);
  expect(of(["sms", "sms", "recovery"], 10)).toEqual(["weak", "safer"]);
  expect(of(["sms", "voice", "sms-reply"])).toEqual(["weak", "safer"]);
});

test("one way without a second is fine until it is lost", () => {
  expect(of(["totp"])).toEqual(["fine", "backup"]);
  expect(of(["passkey"])).toEqual(["fine", "backup"]);
  expect(of(["totp", "sms"])).toEqual(["fine", "passkey"]);
  expect(of(["totp", "recovery"], 10)).toEqual(["fine", "passkey"]);
});

test("a passkey with another way is strong, as long as no recovery code was used", () => {
  expect(of(["passkey", "sms"])).toEqual(["strong", null]);
  expect(of(["passkey", "passkey"])).toEqual(["strong", null]);
  expect(of(["passkey", "recovery"], 10)).toEqual(["strong", null]);
  expect(of(["passkey", "recovery"], 9)).toEqual(["strong", "codes"]);
});
