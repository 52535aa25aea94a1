import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { nameKey, type NameRules } from "./names.ts";

const any: NameRules = { strip: "any", domains: [] };
const listed: NameRules = { strip: "listed", domains: ["corp", "corp.example"] };
const none: NameRules = { strip: "none", domains: [] };

describe("one person's name", () => {
  test.each([
    "ada",
    "ADA",
    "  Ada ",
    "CORP\\ada",
    "corp.example\\ADA",
    "ada@corp.example",
    "Ada@CORP",
    "\\ada",
    "ａｄａ",
    "ＡＤＡ＠ｃｏｒｐ",
    "ＣＯＲＰ＼ａｄａ",
  ])("may be written %j", (text) => {
    expect(nameKey(text, any)).toBe("ada");
  });

  test("is the same composed and decomposed, and with a ligature", () => {
    expect(nameKey("åsa".normalize("NFD"), any)).toBe("åsa");
    expect(nameKey("ÅSA", any)).toBe("åsa");
    expect(nameKey("ﬁona", any)).toBe("fiona");
  });
});

describe("where only listed domains are cut off", () => {
  test.each([
    ["CORP\\ada", "ada"],
    ["ada@corp.example", "ada"],
    ["ada", "ada"],
    ["ada@partner.example", "ada@partner.example"],
    ["PARTNER\\ada", "partner\\ada"],
    ["ada@sub.corp.example", "ada@sub.corp.example"],
  ])("%j is %j", (text, key) => {
    expect(nameKey(text, listed)).toBe(key);
  });
});

test("where none is cut off, only case and form are levelled", () => {
  expect(nameKey("CORP\\Ada", none)).toBe("corp\\ada");
  expect(nameKey("Ada@Corp", none)).toBe("ada@corp");
});

describe("no name", () => {
  test.each(["", "   ", "CORP\\", "corp\\ ".trim(), "a\0b", "a\nb", "a\u001b[31m", "a\u0085b", "x".repeat(257)])(
    "is %j",
    (text) => {
      expect(nameKey(text, any)).toBeUndefined();
    },
  );

  test("is one that grows beyond 256 when it is levelled", () => {
    expect(nameKey("x".repeat(256), any)).toBe("x".repeat(256));
    // one character that is eighteen when composed forms are taken apart
    expect(nameKey("ﷺ".repeat(20), any)).toBeUndefined();
  });
});

test("a part before @ must be there to be a name: what begins with @ is taken as it is", () => {
  expect(nameKey("@corp", any)).toBe("@corp");
});

test("different local names never share a key, whatever the domain", () => {
  const local = fc.stringMatching(/^[a-z][a-z0-9._-]{0,20}$/);
  const domain = fc.stringMatching(/^[a-zA-Z][a-zA-Z0-9.-]{0,20}$/);
  const spelt = fc.constantFrom<(name: string, of: string) => string>(
    (name) => name,
    (name, of) => `${of}\\${name}`,
    (name, of) => `${name}@${of}`,
    (name, of) => `${of.toUpperCase()}\\${name.toUpperCase()}`,
  );
  fc.assert(
    fc.property(fc.tuple(local, local, domain), fc.tuple(spelt, spelt), ([one, other, of], [first, second]) => {
      const keys = [nameKey(first(one, of), any), nameKey(second(other, of), any)];
      expect(keys[0] === keys[1]).toBe(one === other);
    }),
  );
});
