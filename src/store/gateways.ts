import type { Db, Run } from "./open.ts";

/** Gateways as stored, in the order in which they are tried. */

export type Channel = "sms" | "voice";
export type GatewayRow = {
  id: string;
  name: string;
  channel: Channel;
  vendor: string;
  options: string;
  sealedSecrets: Uint8Array;
  prefixes: string[];
  place: number;
  sender: string;
  senders: Record<string, string>;
  enabled: boolean;
};

export async function listGateways(db: Db): Promise<GatewayRow[]> {
  const rows = await db.q
    .selectFrom("gateway")
    .select(["id", "name", "channel", "vendor", "options", "sealed_secrets", "prefixes", "place"])
    .select(["sender", "senders", "enabled"])
    .orderBy("place")
    .orderBy("id")
    .execute();
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    channel: row.channel as Channel,
    vendor: row.vendor,
    options: row.options,
    sealedSecrets: row.sealed_secrets,
    prefixes: JSON.parse(row.prefixes) as string[],
    place: row.place,
    sender: row.sender,
    senders: JSON.parse(row.senders) as Record<string, string>,
    enabled: row.enabled === 1,
  }));
}

/** Says whether the name was free. */
export async function saveGateway(run: Run, row: GatewayRow, now: number): Promise<boolean> {
  const saved = await run(
    `insert into gateway (id, name, channel, vendor, options, sealed_secrets, prefixes, place, sender, senders, enabled, created_at)
     values (?, ?, ?, ?, ?, cast(? as blob), ?, cast(? as bigint), ?, ?, cast(? as bigint), cast(? as bigint))
     on conflict (name) do nothing returning id`,
    [
      row.id,
      row.name,
      row.channel,
      row.vendor,
      row.options,
      row.sealedSecrets,
      JSON.stringify(row.prefixes),
      row.place,
      row.sender,
      JSON.stringify(row.senders),
      Number(row.enabled),
      now,
    ],
  );
  return saved.length > 0;
}

/** Gives its id, or nothing when there is none of this name. */
export async function deleteGateway(run: Run, name: string): Promise<string | undefined> {
  const [gone] = await run("delete from gateway where name = ? returning id", [name]);
  return gone?.["id"] as string | undefined;
}

export async function setEnabled(
  run: Run,
  { name, enabled }: { name: string; enabled: boolean },
): Promise<string | undefined> {
  const [row] = await run("update gateway set enabled = cast(? as bigint) where name = ? returning id", [
    Number(enabled),
    name,
  ]);
  return row?.["id"] as string | undefined;
}
