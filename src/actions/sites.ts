/** Sites that a proxy protects by asking us: their hosts, and what of them needs what (core/forward-rules.ts). */

import { placeOf, siteRules, type SiteRule } from "#core/forward-rules.ts";
import { readHost } from "#core/forwarded-request.ts";
import { AppError } from "#core/errors.ts";
import { deleteSite, insertSite, listSiteRows, readSite, saveRules, type SiteRow } from "#store/sites.ts";
import { changed, type Actor } from "./change.ts";
import type { Deps } from "./deps.ts";

export type Site = Omit<SiteRow, "rules"> & { rules: SiteRule[] };
export type NewSite = { host: string; name?: string | undefined; rules: SiteRule[] };

/** The stored rules are read as strictly as they were written: a site whose rules do not read lets nobody in. */
const siteOf = (row: SiteRow): Site => ({ ...row, rules: siteRules.parse(JSON.parse(row.rules)) });

export async function findSite(deps: Deps, host: string): Promise<Site | undefined> {
  const row = await readSite(deps.db, host);
  return row && siteOf(row);
}

export const listSites = async (deps: Deps): Promise<Site[]> => (await listSiteRows(deps.db)).map(siteOf);

export async function addSite(deps: Deps, actor: Actor, input: NewSite): Promise<Site> {
  const host = hostOf(input.host);
  const site = {
    id: deps.random.id("sit_"),
    name: input.name ?? host,
    host,
    rules: JSON.stringify(check(input.rules)),
    createdAt: deps.clock.now(),
  };
  return await changed(deps, actor, async (run) => {
    if (!(await insertSite(run, site))) throw new AppError("exists", `the site ${host} exists already`);
    const { id, name } = site;
    return { value: siteOf(site), result: "SITE_ADDED", detail: { site: id, name, host, rules: input.rules } };
  });
}

/** Puts a rule in the place of the one for the same path (and for the same kind: for some methods, for all). */
export const setSiteRule = async (
  deps: Deps,
  actor: Actor,
  { host, rule }: { host: string; rule: SiteRule },
): Promise<Site> =>
  await changeRules(deps, actor, host, (rules) => [...rules.filter((one) => placeOf(one) !== placeOf(rule)), rule]);

/** Removes what is said about a path; the rule of the path above it holds then, or none, which refuses. */
export const removeSiteRule = async (
  deps: Deps,
  actor: Actor,
  { host, path }: { host: string; path: string },
): Promise<Site> =>
  await changeRules(deps, actor, host, (rules) => {
    const left = rules.filter((one) => one.path !== path);
    if (left.length === rules.length) throw new AppError("not_found", `there is no rule for ${path}`);
    return left;
  });

async function changeRules(
  deps: Deps,
  actor: Actor,
  given: string,
  change: (rules: SiteRule[]) => SiteRule[],
): Promise<Site> {
  const host = hostOf(given);
  const row = await readSite(deps.db, host);
  if (!row) throw new AppError("not_found", `no site is at ${host}`);
  const rules = check(change(siteOf(row).rules));
  return await changed(deps, actor, async (run) => {
    if (!(await saveRules(run, { id: row.id, from: row.rules, to: JSON.stringify(rules) })))
      throw new AppError("conflict", "somebody else changes this site; try again");
    return { value: { ...row, rules }, result: "SITE_CHANGED", detail: { site: row.id, host, rules } };
  });
}

export async function removeSite(deps: Deps, actor: Actor, given: string): Promise<{ host: string }> {
  const host = hostOf(given);
  return await changed(deps, actor, async (run) => {
    const id = await deleteSite(run, host);
    if (id === undefined) throw new AppError("not_found", `no site is at ${host}`);
    return { value: { host }, result: "SITE_REMOVED", detail: { site: id, host } };
  });
}

function hostOf(text: string): string {
  const host = readHost(text);
  if (host === undefined) throw new AppError("invalid", "host: is no host name like app.example.org");
  return host;
}

function check(rules: SiteRule[]): SiteRule[] {
  const read = siteRules.safeParse(rules);
  if (read.success) return read.data;
  const sentences = read.error.issues.map((issue) => `${["rules", ...issue.path].join(".")}: ${issue.message}`);
  throw new AppError("invalid", sentences.join("; "));
}
