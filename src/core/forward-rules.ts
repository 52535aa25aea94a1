/**
 * The rules of a protected site: what of it is public, and what everything else needs. Must stay true: what no rule names
 * is refused; a method only ever opens a path, so no other method gets round a rule; and since the server behind
 * may or may not tell upper case from lower, what either kind would serve must be allowed.
 */

import { z } from "zod";
import { readPath } from "./forwarded-request.ts";
import { strengths, stronger, type Strength } from "./strength.ts";

const path = z
  .string()
  .max(1000)
  .refine((text) => readPath(encodeURI(text)) === text && (text === "/" || !text.endsWith("/")), {
    message: "is no plain path like /reports, decoded and without a slash at the end",
  });
const method = z.string().regex(/^[A-Z-]{1,32}$/, { message: "is no method in upper case" });
const guard = z.strictObject({
  strength: z.enum(strengths),
  /** any of these is enough; none named: everyone */
  groups: z.array(z.string().min(1).max(256)).max(100),
});
export const siteRule = z.union([
  z.strictObject({ path, access: z.literal("public"), methods: z.array(method).min(1).optional() }),
  z.strictObject({ path, access: guard, methods: z.undefined().optional() }),
]);
export type SiteRule = z.output<typeof siteRule>;
export type Guard = z.output<typeof guard>;

/** One path has one rule, and beside it at most one that opens it to some methods. */
export const siteRules = z
  .array(siteRule)
  .max(200)
  .refine((rules) => new Set(rules.map(placeOf)).size === rules.length, { message: "a path has two rules" });

export const placeOf = ({ path: at, methods }: Pick<SiteRule, "path" | "methods">): string =>
  `${fold(at)} ${methods ? "some" : "all"}`;

const fold = (text: string) => text.normalize("NFKC").toUpperCase().toLowerCase();
const asItIs = (text: string) => text;

/** What must hold for this request, all of it: `[]` is public, undefined is refused whoever asks. */
export function guardsOf(
  rules: readonly SiteRule[],
  asked: { method: string; path: string },
): readonly Guard[] | undefined {
  const found = [asItIs, fold].map((reading) => nearest(rules, asked, reading));
  if (found.includes(undefined)) return undefined;
  return found.flatMap((one) => (one!.access === "public" ? [] : [one!.access]));
}

/** The rule of the longest path; for some methods before for all. */
function nearest(
  rules: readonly SiteRule[],
  asked: { method: string; path: string },
  reading: (text: string) => string,
): SiteRule | undefined {
  const path = `${reading(asked.path)}/`;
  return rules
    .filter((one) => one.methods?.includes(asked.method) ?? true)
    .filter((one) => path.startsWith(one.path === "/" ? "/" : `${reading(one.path)}/`))
    .toSorted((a, b) => b.path.length - a.path.length || Number(!a.methods) - Number(!b.methods))[0];
}

export const strengthFor = (guards: readonly Guard[]): Strength =>
  guards.reduce<Strength>((most, one) => stronger(most, one.strength), "password");

export const mayEnter = (guards: readonly Guard[], groups: readonly string[]): boolean =>
  guards.every((one) => one.groups.length === 0 || one.groups.some((group) => groups.includes(group)));
