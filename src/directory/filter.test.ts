import { BerReader, BerWriter, FilterParser, type Filter } from "ldapts";
import { expect, test } from "vitest";
import { named, nameFilter } from "./filter.ts";

const tags = { or: 0xa1, equality: 0xa3 };

/** The assertions of a filter as a server reads them from the octets. */
function assertions(filter: Filter): [string, string][] {
  const writer = new BerWriter();
  filter.write(writer);
  const reader = new BerReader(writer.buffer);
  reader.readSequence(tags.or);
  const end = reader.offset + reader.length;
  const found: [string, string][] = [];
  while (reader.offset < end) {
    reader.readSequence(tags.equality);
    found.push([reader.readString()!, reader.readString()!]);
  }
  expect(reader.remain).toBe(0);
  return found;
}

//
test.each([
  "anna",
  "*",
  "*)(uid=*",
  "anna)(|(uid=*",
  "\\2a",
  "an\\na",
  "(&(objectClass=*))",
  "anna\u0000)(uid=*",
  "anna*",
  "!(uid=anna)",
  "å ä ö 💥",
  " anna ",
  "x".repeat(300),
  "",
])("what was typed is the value of four equality assertions and nothing else: %j", (typed) => {
  const filter = nameFilter({ full: typed, short: typed });
  expect(assertions(filter)).toEqual([
    ["userPrincipalName", typed],
    ["mail", typed],
    ["sAMAccountName", typed],
    ["uid", typed],
  ]);
  // and the same through the library's text form
  expect(assertions(FilterParser.parseString(filter.toString())).map(([, value]) => value)).toEqual(
    Array.from({ length: 4 }, () => typed),
  );
});

type Account = Record<string, string[]>;
const pick = (accounts: Account[], full: string, short = full) =>
  named(accounts, { full, short }, (account, attribute) => account[attribute] ?? []);

test("of several accounts the one with the strongest claim has the name", () => {
  const principal = { userPrincipalName: ["Anna@corp.example"], sAMAccountName: ["a01"] };
  const mail = { mail: ["anna@corp.example"], sAMAccountName: ["b02"] };
  const short = { sAMAccountName: ["ANNA"] };
  expect(pick([short, mail, principal], "anna@corp.example", "anna")).toBe(principal);
  expect(pick([short, mail], "anna@corp.example", "anna")).toBe(mail);
  expect(pick([short], "CORP\\anna", "anna")).toBe(short);
});

test("two accounts with equal claims to a name are nobody, and so is one that only the directory finds alike", () => {
  const account = { mail: ["shared@corp.example"] };
  expect(pick([account, { ...account }], "shared@corp.example")).toBeUndefined();
  expect(pick([{ sAMAccountName: ["asa"] }], "åsa")).toBeUndefined();
  expect(pick([], "anna")).toBeUndefined();
});
