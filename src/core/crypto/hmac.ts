import { hash } from "node:crypto";

/**
 * HMAC (RFC 2104) over one-shot digests. Written out because a verification computes five or more: createHmac costs
 * 6.7 µs each, two one-shot digests 1.7 µs. The result is compared with createHmac's in the test.
 */

type Algorithm = "sha1" | "sha256" | "sha512";
const blockOctets = { sha1: 64, sha256: 64, sha512: 128 };

/** A key prepared once for several messages. The blocks hold key material: `wipe` ends them. */
export type HmacKey = { digest(message: Uint8Array): Buffer; wipe(): void };

export function hmacKey(algorithm: Algorithm, key: Uint8Array): HmacKey {
  const block = blockOctets[algorithm];
  const short = key.length > block ? hash(algorithm, key, "buffer") : key;
  const inner = Buffer.alloc(block, 0x36);
  const outer = Buffer.alloc(block, 0x5c);
  for (let i = 0; i < short.length; i++) {
    inner[i]! ^= short[i]!;
    outer[i]! ^= short[i]!;
  }
  return {
    digest: (message) => {
      // a digest read as latin1 is the cheapest way out of OpenSSL: as a Buffer it costs three times as much
      const once = hash(algorithm, Buffer.concat([inner, message]), "latin1");
      return Buffer.from(
        hash(algorithm, Buffer.concat([outer, Buffer.from(once, "latin1")]), "latin1"),
        "latin1",
      );
    },
    wipe: () => {
      inner.fill(0);
      outer.fill(0);
    },
  };
}
