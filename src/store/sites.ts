/** Protected sites as stored; `rules` is the JSON that core/forward-rules.ts reads. */

import type { Db, Run } from "./open.ts";

export type SiteRow = { id: string; name: string; host: string; rules: string; createdAt: number };

const sites = (db: Db) =>
  db.q.selectFrom("protected_site").select(["id", "name", "host", "rules", "created_at as createdAt"]);

export const listSiteRows = async (db: Db): Promise<SiteRow[]> => await sites(db).orderBy("host").execute();

export const readSite = async (db: Db, host: string): Promise<SiteRow | undefined> =>
  await sites(db).where("host", "=", host).executeTakeFirst();

/** Says whether the host was free. */
export async function insertSite(run: Run, { id, name, host, rules, createdAt }: SiteRow): Promise<boolean> {
  const saved = await run(
    `insert into protected_site (id, name, host, rules, created_at) values (?, ?, ?, ?, cast(? as bigint))
     on conflict (host) do nothing returning id`,
    [id, name, host, rules, createdAt],
  );
  return saved.length > 0;
}

/** False when somebody else has changed them meanwhile. */
export async function saveRules(
  run: Run,
  { id, from, to }: { id: string; from: string; to: string },
): Promise<boolean> {
  const saved = await run("update protected_site set rules = ? where id = ? and rules = ? returning id", [
    to,
    id,
    from,
  ]);
  return saved.length > 0;
}

export async function deleteSite(run: Run, host: string): Promise<string | undefined> {
  const gone = await run("delete from protected_site where host = ? returning id", [host]);
  return gone[0]?.["id"] as string | undefined;
}
