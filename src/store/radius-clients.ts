import type { Db, Run } from "./open.ts";

/** RADIUS clients as stored; `options` is the JSON that core/radius-client.ts reads. */
export type RadiusClientRow = {
  id: string;
  name: string;
  addresses: string[];
  application: string;
  sealedSecret: Uint8Array;
  options: string;
  pinned: boolean;
};

export async function listRadiusClients(db: Db): Promise<RadiusClientRow[]> {
  const rows = await db.q
    .selectFrom("radius_client")
    .select(["id", "name", "addresses", "application", "sealed_secret", "options", "pinned"])
    .orderBy("name")
    .execute();
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    addresses: JSON.parse(row.addresses) as string[],
    application: row.application,
    sealedSecret: row.sealed_secret,
    options: row.options,
    pinned: row.pinned > 0,
  }));
}

/** Says whether the name was free. */
export async function saveRadiusClient(run: Run, client: RadiusClientRow, now: number): Promise<boolean> {
  const saved = await run(
    `insert into radius_client (id, name, addresses, application, sealed_secret, options, pinned, created_at)
     values (?, ?, ?, ?, cast(? as blob), ?, 0, cast(? as bigint)) on conflict (name) do nothing returning id`,
    [
      client.id,
      client.name,
      JSON.stringify(client.addresses),
      client.application,
      client.sealedSecret,
      client.options,
      now,
    ],
  );
  return saved.length > 0;
}

/** Says whether it was still as it was read; `loosened`: what was learned of it counts no more. */
export async function updateRadiusClient(
  run: Run,
  { id, was, application, options, loosened }: RadiusClientChange,
): Promise<boolean> {
  const saved = await run(
    `update radius_client set application = ?, options = ?, pinned = case when cast(? as bigint) = 1 then 0 else pinned end
     where id = ? and options = ? returning id`,
    [application, options, Number(loosened), id, was],
  );
  return saved.length > 0;
}
type RadiusClientChange = { id: string; was: string; application: string; options: string; loosened: boolean };

export async function deleteRadiusClient(run: Run, name: string): Promise<string | undefined> {
  const gone = await run("delete from radius_client where name = ? returning id", [name]);
  return gone[0]?.["id"] as string | undefined;
}

/** from now on this client's requests need a Message-Authenticator, on every node and after a restart. */
export async function pinRadiusClient(run: Run, id: string): Promise<boolean> {
  return (await run("update radius_client set pinned = 1 where id = ? and pinned = 0 returning id", [id])).length > 0;
}
