import { describe, expect, test } from "vitest";
import { refusal, reasonOf, container, figure, key, plain } from "../../../test/support/pskc.ts";

const good = container(key());
const utf16 = (text: string) => Buffer.from(`\ufeff${text}`, "utf16le");
const xinclude = 'xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"';
const attributes = (count: number) => Array.from({ length: count }, (_, index) => `a${index}=""`).join(" ");

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
    ["UTF-16 with an octet too many", Buffer.concat([utf16(good), Buffer.of(1)]), "not what its encoding says"],
    ["UTF-16 with half a character", utf16(good.replace("s1", "s\ud800")), "not what its encoding says"],
    ["a < in two octets too many", Buffer.concat([Buffer.of(0xc0, 0xbc), Buffer.from("!DOCTYPE a>")]), "not what its"],
    ["Windows-1252", Buffer.from(good.replace("s1", "s\xe4"), "latin1"), "not what its encoding says"],
    ["EBCDIC", Buffer.from("4c6fa7949340", "hex"), "not what its encoding says"],
    ["Latin-1, said to be", `<?xml version="1.0" encoding="ISO-8859-1"?>${good}`, "another encoding"],
    ["a document type in a comment", `<!-- <!DOCTYPE a> -->${good}`, "DOCTYPE"],
    ["XInclude", container(`<xi:include ${xinclude}/>`), "version 1.0 does not have"],
    ["elements without end", "<a>".repeat(100_000), "nested too deep"],
    ["attributes without end", container(`<Extensions ${attributes(20_000)}/>`), "64 kB"],
    ["a comment without end", container(`<!--${"x".repeat(70_000)}-->`), "64 kB"],
    ["more packages than a file may hold", container("<KeyPackage/>".repeat(100_001)), "more than 100000"],
  ])("%s", async (_, document, reason) => {
    expect(await refusal(document)).toContain(reason);
  });

  test.each<[string, string]>([
    ["two roots", good + good],
    ["no root", '<?xml version="1.0"?>'],
    ["text before it", `x${good}`],
    ["text behind it", `${good}x`],
    ["a tag that is not closed", good.slice(0, -5)],
    ["tags that overlap", good.replace("</Data></Key>", "</Key></Data>")],
    ["another case", good.replace("</Key>", "</key>")],
    ["an attribute without quotes", good.replace('Id="k1"', "Id=k1")],
    ["an attribute without a value", good.replace('Id="k1"', "Id")],
    ["an attribute twice", good.replace('Id="k1"', 'Id="k1" Id="k2"')],
    ["an attribute twice by two prefixes", good.replace("<Key ", '<Key xmlns:a="u" xmlns:b="u" a:x="1" b:x="2" ')],
    ["a prefix that is not declared", good.replaceAll("SerialNo", "p:SerialNo")],
    ["the prefix xml, taken", good.replace("<DeviceInfo>", '<DeviceInfo xmlns:xml="urn:x">')],
    ["a < in an attribute", good.replace('Id="k1"', 'Id="<k1"')],
    ["-- in a comment", good.replace("s1", "s<!-- a -- b -->1")],
    ["a comment that is not closed", `${good}<!-- `],
    ["]]> in a text", good.replace("s1", "s]]>1")],
    ["a conditional section", `<![INCLUDE[<a/>]]>${good}`],
    ["NUL", good.replace("s1", "s\0")],
    ["a control character", good.replace("s1", "s\u0001")],
    ["a reference to NUL", good.replace("s1", "s&#0;")],
    ["a reference to no character", good.replace("s1", "s&#x110000;")],
    ["a reference to half a character", good.replace("s1", "s&#xD800;")],
    ["two declarations", `<?xml version="1.0"?><?xml version="1.0"?>${good}`],
    ["a declaration that is not first", ` <?xml version="1.0"?>${good}`],
    ["another version", `<?xml version="2.0"?>${good}`],
    ["UTF-7", '<?xml version="1.0" encoding="UTF-7"?>+ADwAIQ-DOCTYPE a+AD4-'],
    ["JSON", '{"tokens":[]}'],
  ])("not quite XML: %s", async (_, document) => {
    expect(await refusal(document)).toContain("not well-formed");
  });

  test.each<[string, string]>([
    ["a value around an element", key({ data: plain.replace("MTIz", `MTIz<xi:include ${xinclude}/>`) })],
    [
      "a number around an element",
      key({ data: `${plain}<Counter><PlainValue>1<x xmlns=""/>2</PlainValue></Counter>` }),
    ],
    ["a serial number around an element", key().replace("s1", 's<x xmlns="urn:x"/>1')],
    ["two devices", key().replace("<Key ", "<DeviceInfo><SerialNo>s2</SerialNo></DeviceInfo><Key ")],
    ["two serial numbers", key().replace("</SerialNo>", "</SerialNo><SerialNo>s2</SerialNo>")],
  ])("what two readers could read in two ways: %s", async (_, part) => {
    expect(await reasonOf(container(part))).toMatch(/holds an element|is there twice/);
  });

  test("a header that says something twice", async () => {
    const twice = figure(7).replace(/(<xenc11:DerivedKey>.*<\/xenc11:DerivedKey>)/s, "$1$1");
    expect(await refusal(twice, { passphrase: Buffer.from("qwerty") })).toBe("DerivedKey: is there twice");
  });

  test.each(["1e9", "2e3", "0x7d0", "-1", "Infinity", "99999999999999999999", "2000.5", "", "٢٠٠٠"])(
    "%j rounds of PBKDF2",
    async (count) => {
      const document = figure(7).replace(">1000<", `>${count}<`);
      expect(await refusal(document, { passphrase: Buffer.from("qwerty") })).toContain("IterationCount");
    },
  );

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
