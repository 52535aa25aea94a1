/** What the tests of the log need: entries to write, and somebody who owns the database but not the key. */

import { sql } from "kysely";
import type { Deps } from "#actions/deps.ts";
import { writeAnchors } from "#actions/anchors.ts";
import type { verifyLog } from "#actions/log-verify.ts";
import type { Entry } from "#store/log.ts";

export const day = 86_400_000;

/** Entries of every kind of field; one in four tells of a change, one in five has no personal part. */
export async function write(deps: Deps, count: number, about: Partial<Entry> = {}): Promise<void> {
  const entries = Array.from({ length: count }, (_, index): Entry => {
    const change = index % 4 === 3;
    return {
      id: deps.random.id("rec_"),
      at: deps.clock.now() + index,
      kind: change ? "change" : "authentication",
      result: change ? "SETTING_CHANGED" : "SUCCESS_OATH_CODE_VERIFIED",
      authenticated: !change,
      actor: change ? "cli" : null,
      correlationId: deps.random.id("cor_"),
      userId: `usr_${index % 3}`,
      applicationId: "app_vpn",
      protocol: "radius",
      method: "totp",
      mode: "standard",
      gate: "code",
      challengeId: `chl_${index}`,
      policyVersion: 7,
      detail: `{"n":${index}}`,
      ...(index % 5 !== 4 && { personal: { username: `person ${index}`, clientIp: "192.0.2.1" } }),
      ...about,
    };
  });
  for (let from = 0; from < count; from += 500)
    await deps.db.audit.write(async () => ({ value: undefined, entries: entries.slice(from, from + 500) }));
}

export const anchorsOf = async (deps: Deps) => (await writeAnchors(deps)).map((line) => `${line}\n`).join("");
export const kindsOf = (verdict: Awaited<ReturnType<typeof verifyLog>>) =>
  verdict.chains.flatMap((chain) => chain.problems.map(({ seq, problem }) => `${seq} ${problem}`));

/** Whoever owns the database: no trigger, no constraint stops them. Only the key is not there. */
export async function attacker(deps: Deps) {
  const { q, kind } = deps.db;
  const run = async (text: string) => await sql.raw(text).execute(q);
  await run(kind === "postgres" ? "drop trigger log_is_written_once on log" : "drop trigger log_is_written_once");
  const tables = ["log", "personal", "node"] as const;
  const read = async () =>
    await Promise.all(
      tables.map(async (table) => (await sql<never>`select * from ${sql.table(table)}`.execute(q)).rows),
    );
  const kept = await read();
  return {
    run,
    restore: async () => {
      for (const [index, table] of tables.entries()) {
        await q.deleteFrom(table).execute();
        await q.insertInto(table).values(kept[index]!).execute();
      }
    },
    set: async (target: { table: string; column: string; seq: number; value: unknown }) => {
      const where = target.table === "node" ? sql`id = 'node_a'` : sql`seq = ${target.seq}`;
      const { value } = target;
      await sql`update ${sql.table(target.table)} set ${sql.ref(target.column)} = ${value} where ${where}`.execute(q);
    },
    get: (table: string, column: string, seq: number): unknown => {
      const rows = kept[tables.indexOf(table as "log")] as Record<string, unknown>[];
      return (table === "node" ? rows[0] : rows.find((row) => row["seq"] === seq))?.[column];
    },
  };
}
