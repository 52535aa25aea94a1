import { createHmac } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { hmacKey } from "./hmac.ts";

test.each(["sha1", "sha256", "sha512"] as const)(
  "HMAC-%s is what createHmac says, for any key and message",
  (algorithm) => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 300 }), (key, message) => {
        expect(hmacKey(algorithm, key).digest(message)).toEqual(createHmac(algorithm, key).update(message).digest());
      }),
    );
  },
);

test("parts are hashed as one message, however long and of whatever kind", () => {
  const part = fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.string({ unit: "binary", maxLength: 200 }));
  fc.assert(
    fc.property(fc.uint8Array(), fc.array(fc.array(part)), (secret, messages) => {
      const key = hmacKey("sha256", secret);
      for (const parts of messages) {
        const whole = Buffer.concat(parts.map((one) => Buffer.from(one as string)));
        expect(key.digest(...parts)).toEqual(createHmac("sha256", secret).update(whole).digest());
      }
    }),
  );
});
