import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { guardsOf, mayEnter, siteRules, strengthFor, type SiteRule } from "./forward-rules.ts";

const guard = (strength: "password" | "mfa" | "phishing-resistant", ...groups: string[]) => ({ strength, groups });
const rules: SiteRule[] = [
  { path: "/", access: guard("mfa") },
  { path: "/public", access: "public" },
  { path: "/public/inner", access: guard("mfa", "staff") },
  { path: "/admin", access: guard("phishing-resistant", "admins", "owners") },
  { path: "/api", access: "public", methods: ["OPTIONS"] },
];
const ask = (path: string, method = "GET") => guardsOf(rules, { method, path });

describe("the rules of a site", () => {
  test("are those of the longest path, by whole segments", () => {
    expect(ask("/public")).toEqual([]);
    expect(ask("/public/a")).toEqual([]);
    expect(ask("/publicity")).toEqual([guard("mfa"), guard("mfa")]);
    expect(strengthFor(ask("/admin/x")!)).toBe("phishing-resistant");
    expect(strengthFor(ask("/administer")!)).toBe("mfa");
    expect(strengthFor([])).toBe("password");
  });

  test("hold for a server that tells case apart and for one that does not", () => {
    expect(ask("/PUBLIC")).toEqual([guard("mfa")]);
    expect(strengthFor(ask("/Admin")!)).toBe("phishing-resistant");
    expect(ask("/public/INNER")).toEqual([guard("mfa", "staff")]);
    expect(strengthFor(ask("/ADMİN")!)).toBe("mfa");
    expect(strengthFor(ask("/ａdmin")!)).toBe("phishing-resistant");
  });

  test("open a path to some methods only where they say so, and never close it to some only", () => {
    expect(ask("/api", "OPTIONS")).toEqual([]);
    for (const method of ["GET", "HEAD", "POST", "FROB", "options"]) expect(ask("/api", method)).toHaveLength(2);
    const some = { path: "/x", access: guard("mfa"), methods: ["GET"] };
    expect(siteRules.safeParse([some]).success).toBe(false);
  });

  test("refuse what none of them names", () => {
    const few = [{ path: "/a", access: "public" as const }];
    expect(guardsOf(few, { method: "GET", path: "/b" })).toBeUndefined();
    expect(guardsOf(few, { method: "GET", path: "/A" })).toBeUndefined();
    expect(guardsOf([], { method: "GET", path: "/" })).toBeUndefined();
  });

  test("never make a protected path public by the case it is written in", () => {
    const path = fc.constantFrom("/admin", "/admin/x", "/public/inner/y").chain((text) =>
      fc.array(fc.boolean(), { minLength: text.length, maxLength: text.length }).map((upper) =>
        text
          .split("")
          .map((sign, at) => (upper[at] ? sign.toUpperCase() : sign))
          .join(""),
      ),
    );
    fc.assert(
      fc.property(path, (text) => {
        expect(ask(text)).not.toHaveLength(0);
      }),
    );
  });

  test("need a group of every rule that applies", () => {
    const guards = [guard("mfa"), guard("mfa", "a", "b"), guard("mfa", "b", "c")];
    expect(mayEnter(guards, ["b"])).toBe(true);
    expect(mayEnter(guards, ["a", "c"])).toBe(true);
    expect(mayEnter(guards, ["a"])).toBe(false);
    expect(mayEnter([guard("mfa")], [])).toBe(true);
  });

  test("name plain paths, each once", () => {
    const read = (...paths: string[]) => siteRules.safeParse(paths.map((path) => ({ path, access: "public" }))).success;
    expect(read("/", "/a b", "/résumé", "/.well-known")).toBe(true);
    for (const bad of ["", "a", "/a/", "//a", "/a/../b", "/a?b", "/a#b", "/%61", "/a;b", "/a\\b", "/a\nb"])
      expect([bad, read(bad)]).toEqual([bad, false]);
    expect(read("/a", "/A")).toBe(false);
  });
});
