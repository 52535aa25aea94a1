import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { seal, unseal, type Place } from "./seal.ts";

const place: Place = { table: "factor", column: "sealed_secret", row: "fac_1" };
const key = Buffer.alloc(32, 1);
const keyOf = () => key;
const sealed = (plain: Uint8Array = Buffer.from("a seed"), version = 1) => seal(plain, place, { version, key });

const opens = (...given: Parameters<typeof unseal>) => {
  try {
    unseal(...given);
    return true;
  } catch {
    return false;
  }
};

describe("what is sealed (R-241)", () => {
  test("opens in its place, whatever it is", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 0, max: 255 }), (plain, version) => {
        const asked: number[] = [];
        const opened = unseal(sealed(plain, version), place, (of) => (asked.push(of), key));
        expect(new Uint8Array(opened)).toEqual(plain);
        expect(asked).toEqual([version]);
      }),
    );
  });

  test.each([
    { ...place, table: "outbox" },
    { ...place, column: "sealed_payload" },
    { ...place, row: "fac_2" },
    // the parts do not run together
    { table: "facto", column: "r\0sealed_secret", row: "fac_1" },
    { table: "factor\0sealed_secret", column: "fac_1", row: "" },
  ])("does not open as %j", (other) => {
    expect(opens(sealed(), other, keyOf)).toBe(false);
  });

  test("does not open under another key, nor as another version of the same key", () => {
    expect(opens(sealed(), place, () => Buffer.alloc(32, 2))).toBe(false);
    const relabelled = sealed();
    relabelled[0] = 2;
    expect(opens(relabelled, place, keyOf)).toBe(false);
  });

  test("does not open with any bit changed, or cut, or longer", () => {
    const whole = sealed();
    for (let bit = 0; bit < whole.length * 8; bit++) {
      const changed = Buffer.from(whole);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect(opens(changed, place, keyOf)).toBe(false);
    }
    for (let length = 0; length < whole.length; length++)
      expect(opens(whole.subarray(0, length), place, keyOf)).toBe(false);
    expect(opens(Buffer.concat([whole, Buffer.of(0)]), place, keyOf)).toBe(false);
  });

  test("never looks the same twice", () => {
    const all = Array.from({ length: 1000 }, () => sealed().toString("hex"));
    expect(new Set(all).size).toBe(1000);
    expect(new Set(all.map((hex) => hex.slice(2, 26))).size).toBe(1000);
  });

  test("does not show through", () => {
    expect(sealed(Buffer.from("a seed")).includes("a seed")).toBe(false);
  });
});
