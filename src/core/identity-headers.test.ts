import fc from "fast-check";
import { expect, test } from "vitest";
import { identityHeaders } from "./identity-headers.ts";

const nobody = { username: "ada", displayName: null, email: null, groups: [] };

test("a person's headers are plain where they can be, RFC 8187 where not, and absent where there is nothing", () => {
  expect(identityHeaders(nobody)).toEqual({ "remote-user": "ada" });
  expect(
    identityHeaders({ username: "DOM\\bo", displayName: "Renée (1)", email: "r@x.org", groups: ["a b", "c,d", "å"] }),
  ).toEqual({
    "remote-user": "DOM\\bo",
    "remote-name": "UTF-8''Ren%C3%A9e%20%281%29",
    "remote-email": "r@x.org",
    "remote-groups": "a b,UTF-8''c%2Cd,UTF-8''%C3%A5",
  });
});

test("no two names share a header, and none has a line break or a space at its end", () => {
  const of = (username: string) => identityHeaders({ ...nobody, username })["remote-user"]!;
  const name = fc.oneof(
    fc.string({ unit: "grapheme", minLength: 1 }),
    fc.constantFrom("UTF-8''a", "utf-8''%61", "a", " a", "å", "a\r\nb"),
  );
  fc.assert(
    fc.property(name, name, (one, other) => {
      expect(of(one)).toMatch(/^[!-~]([ -~]*[!-~])?$/);
      expect(of(one) === of(other)).toBe(one === other);
    }),
  );
  for (const looks of ["UTF-8''%C3%A5", "utf-8''a"]) expect(of(looks)).not.toBe(looks);
});
