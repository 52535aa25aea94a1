import { describe, expect, test } from "vitest";
import { refusal, reasonOf, container, key } from "../../../test/support/pskc.ts";

describe("a hostile document is refused before it is read (R-078, R-079)", () => {
  const bombs = {
    "an external entity": '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
    "a billion laughs": '<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>',
    "a parameter entity": '<!DOCTYPE a [<!ENTITY % x SYSTEM "http://127.0.0.1/"> %x;]>',
    "a document type in small letters": "<!doctype a>",
    "an entity alone": '<!ENTITY a "b">',
  };
  test.each(Object.entries(bombs))("%s", async (_, bomb) => {
    const document = bomb + container(key());
    for (const size of [1, 3, 1000]) expect(await refusal(document, {}, size)).toContain("DOCTYPE");
    for (const octets of [
      Buffer.from(`\ufeff${document}`, "utf16le"),
      Buffer.from(`\ufeff${document}`, "utf16le").swap16(),
    ])
      expect(await refusal(octets)).toContain("DOCTYPE");
  });

  test.each<[string, string | Uint8Array, string]>([
    ["an entity that nobody declared", container(key({ more: "<UserId>&foo;</UserId>" })), "not well-formed"],
    ["nesting", container("<Extensions>".repeat(40) + "</Extensions>".repeat(40)), "nested too deep"],
    ["a text without end", container(key({ more: `<UserId>${"x".repeat(70_000)}</UserId>` })), "64 kB"],
    ["an attribute without end", container(key({ id: `Id="${"x".repeat(70_000)}"` })), "64 kB"],
    ["many elements", container(`<KeyPackage>${"<a/>".repeat(2000)}</KeyPackage>`), "too many elements"],
    ["many references", container(`${"&#32;".repeat(1000)}<Extensions/>`.repeat(101)), "too many character references"],
    ["another encoding than it says", '<?xml version="1.0" encoding="UTF-7"?><a/>', "another encoding"],
    [
      "UTF-16 that says UTF-8",
      Buffer.from(`\ufeff<?xml version="1.0" encoding="UTF-8"?>${container(key())}`, "utf16le"),
      "another encoding",
    ],
    ["UTF-32", Buffer.concat([Buffer.from([0xff, 0xfe, 0, 0]), Buffer.from("<\0\0\0")]), "UTF-32"],
    [
      "octets that are no UTF-8",
      Buffer.concat([Buffer.from(container("")), Buffer.of(0xff)]),
      "not what its encoding says",
    ],
    ["two roots", container(key()) + container(key()), "not well-formed"],
  ])("%s", async (_, document, reason) => {
    expect(await refusal(document)).toContain(reason);
  });

  test("no error repeats a part of the document", async () => {
    const canary = "CANARYSECRET";
    for (const document of [
      container(key({ data: `<Secret><PlainValue>${canary}</${canary}>` })),
      container(key({ data: `<Secret><PlainValue>${canary}!</PlainValue></Secret>` })),
      container(key({ data: `<Secret><PlainValue>&${canary};</PlainValue></Secret>` })),
      container(key({ data: `<${canary} a="${canary}" a="${canary}"/>` })),
    ])
      expect(JSON.stringify([await refusal(document), await reasonOf(document).catch(String)])).not.toContain(canary);
  });
});
