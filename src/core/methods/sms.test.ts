import { randomInt } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { Seen } from "./method.ts";
import { methods } from "./index.ts";
import { results } from "../results.ts";
import { sms } from "./sms.ts";

const moment = { now: 0, randomInt: (below: number) => randomInt(below) };
const factor: Seen = { secret: Buffer.alloc(0), parameters: "", counter: 41, drift: 0, address: "+46701234567" };
const hashOf = (code: string) => Buffer.from(code.padStart(32));
const sent = (code: string) => ({ hash: hashOf(code), hashOf });

describe("a texted code", () => {
  test("has six digits by chance, zeros first where chance was small, and is to be sent (R-020)", () => {
    const below: number[] = [];
    const given = (value: number) => (limit: number) => (below.push(limit), value);
    expect(sms.begin({ now: 0, randomInt: given(7) })).toEqual({ code: "000007", message: "sms" });
    expect(sms.begin({ now: 0, randomInt: given(999_999) })).toEqual({ code: "999999", message: "sms" });
    expect(below).toEqual([1_000_000, 1_000_000]);
  });

  test("favours no digit at any place (χ², p > 10⁻⁶)", () => {
    const counts = Array.from({ length: 6 }, () => Array.from({ length: 10 }, () => 0));
    const rounds = 60_000;
    for (let round = 0; round < rounds; round++)
      Array.from(sms.begin(moment).code!, (digit, place) => (counts[place]![Number(digit)]! += 1));
    for (const place of counts) {
      const expected = rounds / 10;
      const chi = place.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
      // 9 degrees of freedom
      expect(chi).toBeLessThan(45.1);
    }
  });

  test("is accepted as it was sent, and counts one", () => {
    for (const answer of ["123456", "123 456", "123-456"])
      expect(sms.check({ factor, sent: sent("123456"), answer }, moment)).toEqual({ ok: true, counter: 42, drift: 0 });
  });

  test.each(["123457", "", "12345", "1234567", "１２３４５６", "abcdef", "-".repeat(6)])("is not %j", (answer) => {
    expect(sms.check({ factor, sent: sent("123456"), answer }, moment)).toEqual({ ok: false, code: "wrong_code" });
  });

  test("is nothing where none was sent", () => {
    expect(sms.check({ factor, sent: undefined, answer: "123456" }, moment)).toEqual({ ok: false, code: "wrong_code" });
  });

  test("costs one hash, right, wrong or malformed (R-013)", () => {
    for (const answer of ["123456", "000000", "", "x".repeat(300)]) {
      let hashes = 0;
      const counted = { hash: hashOf("123456"), hashOf: (code: string) => ((hashes += 1), hashOf(code)) };
      sms.check({ factor, sent: counted, answer }, moment);
      expect(hashes).toBe(1);
    }
  });

  test("is one of a million, of six digits", () => {
    expect([sms.width(""), sms.length("")]).toEqual([1, 6]);
  });
});

describe.each([...methods.values()])("the method $id", (method) => {
  test("names its ends by results that say what they mean", () => {
    const { asked, verified, fallback = verified, ...refused } = method.results;
    expect(results[asked].authenticated).toBe("pending");
    expect(results[verified].authenticated).toBe("yes");
    expect(results[fallback].authenticated).toBe("yes");
    for (const one of Object.values(refused)) expect(results[one].authenticated).toBe("no");
  });
});
