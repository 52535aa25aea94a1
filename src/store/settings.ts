/**
 * Settings as stored: a JSON value a name, and under the empty name the number of changes so far, which every node reads
 * the same and every record carries as its policy version.
 */

import { settingsSchema, type Settings } from "#core/settings/index.ts";
import type { Db, Run } from "./open.ts";

export type StoredSettings = {
  values: Settings;
  version: number;
  /** set here, as against default */
  set: string[];
  /** names that this version does not know, or whose value it refuses: their default holds */
  ignored: string[];
};

export async function readSettings(db: Db): Promise<StoredSettings> {
  const rows = await db.q.selectFrom("setting").select(["name", "value"]).execute();
  const known: Record<string, unknown> = {};
  const ignored: string[] = [];
  let version = 0;
  for (const { name, value } of rows) {
    if (name === "") version = Number(value);
    else if (fits(name, value)) known[name] = JSON.parse(value);
    else ignored.push(name);
  }
  return { values: settingsSchema.parse(known), version, set: Object.keys(known), ignored };
}

function fits(name: string, value: string): boolean {
  if (!Object.hasOwn(settingsSchema.shape, name)) return false;
  try {
    return settingsSchema.shape[name as keyof Settings].safeParse(JSON.parse(value)).success;
  } catch {
    return false;
  }
}

/** `value` undefined: back to the default. */
export async function saveSetting(
  run: Run,
  { name, value, at }: { name: string; value: unknown; at: number },
): Promise<void> {
  if (value === undefined) await run("delete from setting where name = ?", [name]);
  else
    await run(
      `insert into setting (name, value, changed_at) values (?, ?, cast(? as bigint))
       on conflict (name) do update set value = excluded.value, changed_at = excluded.changed_at`,
      [name, JSON.stringify(value), at],
    );
  await run(
    `insert into setting (name, value, changed_at) values ('', '1', cast(? as bigint))
     on conflict (name) do update set value = cast(cast(setting.value as bigint) + 1 as text), changed_at = excluded.changed_at`,
    [at],
  );
}
