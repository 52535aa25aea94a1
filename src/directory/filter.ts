/**
 * Which account a name means. Must stay true: what was typed stands in a filter only as an assertion's value, which the
 * library writes with its length, so no sign in it is anything but itself.
 */

import { EqualityFilter, OrFilter, type Filter } from "ldapts";
import type { Name } from "./directory.ts";

/** What people sign in with, the strongest claim first: a principal name or address as a whole, then the short name. */
const claims = [
  { attribute: "userPrincipalName", form: "full" },
  { attribute: "mail", form: "full" },
  { attribute: "sAMAccountName", form: "short" },
  { attribute: "uid", form: "short" },
] as const;

export const nameFilter = (name: Name): Filter =>
  new OrFilter({ filters: claims.map(({ attribute, form }) => new EqualityFilter({ attribute, value: name[form] })) });

const same = (a: string, b: string) => fold(a) === fold(b);
const fold = (text: string) => text.normalize("NFKC").trim().toLowerCase();

/** `values` gives an attribute's values of the account. */
type Values<T> = (account: T, attribute: string) => string[];

/**
 * The one account that has the name, by the strongest claim that anyone has to it. A directory compares more loosely than
 * we do (Active Directory takes å for a), so each account is compared once more; two that both have the name are nobody.
 */
export function named<T>(accounts: T[], name: Name, values: Values<T>): T | undefined {
  for (const { attribute, form } of claims) {
    const found = accounts.filter((account) => values(account, attribute).some((value) => same(value, name[form])));
    if (found.length > 0) return found.length === 1 ? found[0] : undefined;
  }
  return undefined;
}
