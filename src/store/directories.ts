import type { Db, Run } from "./open.ts";

/** Directories as stored, in the order in which they were added: that is the order in which they are asked. */
export type DirectoryRow = {
  id: string;
  name: string;
  urls: string[];
  base: string;
  bindDn: string;
  sealedPassword: Uint8Array;
  ca: string | null;
};

export async function listDirectories(db: Db): Promise<DirectoryRow[]> {
  const rows = await db.q
    .selectFrom("directory")
    .select(["id", "name", "urls", "base", "bind_dn", "sealed_password", "ca"])
    .orderBy("created_at")
    .orderBy("id")
    .execute();
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    urls: JSON.parse(row.urls) as string[],
    base: row.base,
    bindDn: row.bind_dn,
    sealedPassword: row.sealed_password,
    ca: row.ca,
  }));
}

/** Says whether the name was free. */
export async function saveDirectory(run: Run, directory: DirectoryRow, now: number): Promise<boolean> {
  const { id, name, urls, base, bindDn, sealedPassword, ca } = directory;
  const saved = await run(
    `insert into directory (id, name, urls, base, bind_dn, sealed_password, ca, created_at)
     values (?, ?, ?, ?, ?, cast(? as blob), ?, cast(? as bigint)) on conflict (name) do nothing returning id`,
    [id, name, JSON.stringify(urls), base, bindDn, sealedPassword, ca, now],
  );
  return saved.length > 0;
}

/** Its people stay and belong to no directory; gives back how many they were. */
export async function deleteDirectory(run: Run, name: string): Promise<{ id: string; people: number } | undefined> {
  const [gone] = await run("delete from directory where name = ? returning id", [name]);
  if (!gone) return undefined;
  const id = gone["id"] as string;
  const freed = await run(
    "update person set directory_id = null, directory_key = null where directory_id = ? returning id",
    [id],
  );
  return { id, people: freed.length };
}
