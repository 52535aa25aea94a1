import { createHmac } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { hmacKey } from "./hmac.ts";

test.each(["sha1", "sha256", "sha512"] as const)(
  "HMAC-%s is what createHmac says, for any key and message",
  (algorithm) => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 300 }), (key, message) => {
        expect(hmacKey(algorithm, key).digest(message)).toEqual(
          createHmac(algorithm, key).update(message).digest(),
        );
      }),
    );
  },
);
