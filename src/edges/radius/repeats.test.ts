import { describe, expect, test } from "vitest";
import { repeats } from "./repeats.ts";

const one = "\u0001".repeat(16);
const two = "\u0002".repeat(16);
const reply = Buffer.from("reply");

describe("repetitions", () => {
  test("are new, then under way, then the answer", () => {
    const seen = repeats();
    expect(seen.find("p", one)).toBe("new");
    seen.start("p", one);
    expect(seen.find("p", one)).toBe("pending");
    expect(seen.finish("p", one, reply)).toBe(true);
    expect(seen.find("p", one)).toEqual(reply);
  });

  test("are told apart by port and Identifier, and by Authenticator", () => {
    const seen = repeats();
    seen.start("p", one);
    expect([seen.find("q", one), seen.find("p", two)]).toEqual(["new", "new"]);
  });

  test("an answer is given once, and not to whom a newer request has overtaken", () => {
    const seen = repeats();
    seen.start("p", one);
    seen.start("p", two);
    expect(seen.finish("p", one, reply)).toBe(false);
    expect(seen.finish("p", two, reply)).toBe(true);
    expect(seen.finish("p", two, reply)).toBe(false);
  });

  test("a newer request takes the place of an answered one", () => {
    const seen = repeats();
    seen.start("p", one);
    seen.finish("p", one, reply);
    seen.age();
    seen.start("p", two);
    expect([seen.find("p", one), seen.find("p", two)]).toEqual(["new", "pending"]);
  });

  test("what is forgotten is new again, once", () => {
    const seen = repeats();
    seen.start("p", one);
    seen.forget("p", two);
    expect(seen.find("p", one)).toBe("pending");
    seen.forget("p", one);
    seen.forget("p", one);
    expect(seen.find("p", one)).toBe("new");
  });

  test("an answer lives for one age or two; what is under way lives until it ends (R-122)", () => {
    const seen = repeats();
    seen.start("answered", one);
    seen.finish("answered", one, reply);
    seen.start("pending", one);
    seen.age();
    expect(seen.find("answered", one)).toEqual(reply);
    seen.age();
    expect(seen.find("answered", one)).toBe("new");
    for (let time = 0; time < 10; time++) seen.age();
    expect(seen.find("pending", one)).toBe("pending");
    expect(seen.finish("pending", one, reply)).toBe(true);
  });

  test("a copy of the answer is kept, not the octets that it was made in", () => {
    const seen = repeats();
    const octets = Buffer.from(Array.from({ length: 256 }, (_, octet) => octet));
    const made = Buffer.from(octets);
    seen.start("p", one);
    seen.finish("p", one, made);
    made.fill(9);
    expect(seen.find("p", one)).toEqual(octets);
  });
});
