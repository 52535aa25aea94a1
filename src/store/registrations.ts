/** What decides whether a person must register a method, and may. */

import type { Reason } from "#core/registration.ts";
import type { Db, Run } from "./open.ts";

export type RegistrantRow = {
  id: string;
  username: string;
  displayName: string | null;
  email: string | null;
  language: string | null;
  state: string;
  groups: string[];
  defaultMethod: string | null;
  mustRegister: Reason | null;
  registerUntil: number | null;
  firstPageAt: number | null;
  registeredAt: number | null;
};

export async function findRegistrant(db: Db, userId: string): Promise<RegistrantRow | undefined> {
  const row = await db.q
    .selectFrom("person")
    .select(["id", "username", "display_name", "email", "language", "state", "groups", "default_method"])
    .select(["must_register", "register_until", "first_page_at", "registered_at"])
    .where("id", "=", userId)
    .executeTakeFirst();
  return (
    row && {
      id: row.id,
      username: row.username,
      displayName: row.display_name,
      email: row.email,
      language: row.language,
      state: row.state,
      groups: JSON.parse(row.groups) as string[],
      defaultMethod: row.default_method,
      mustRegister: row.must_register as Reason | null,
      registerUntil: row.register_until,
      firstPageAt: row.first_page_at,
      registeredAt: row.registered_at,
    }
  );
}

/** The first of its kind counts. */
export async function saveFirstPage(db: Db, { userId, at }: { userId: string; at: number }): Promise<void> {
  await db.q
    .updateTable("person")
    .set({ first_page_at: at })
    .where("id", "=", userId)
    .where("first_page_at", "is", null)
    .execute();
}

/** M-162: who was enabled and has registered is enforced from now on; nothing more is owed. */
export async function saveRegistered(run: Run, { userId, at }: { userId: string; at: number }): Promise<void> {
  await run(
    `update person set state = case when state = 'enabled' then 'enforced' else state end, must_register = null,
       register_until = null, registered_at = cast(? as bigint) where id = ?`,
    [at, userId],
  );
}

/** What an administrator asks of a person at the next sign-in; null asks nothing. */
export async function saveMustRegister(
  run: Run,
  { userId, reason, until }: { userId: string; reason: Reason | null; until: number | null },
): Promise<boolean> {
  const saved = await run(
    "update person set must_register = ?, register_until = cast(? as bigint) where id = ? returning id",
    [reason, until, userId],
  );
  return saved.length > 0;
}

/**
 * What an integration asks of a person; gives what stands then, undefined when nobody is there. R-208: what the help desk has
 * asked for stays, since under any other reason a password alone might do.
 */
export async function askToRegister(
  run: Run,
  { userId, reason }: { userId: string; reason: Reason },
): Promise<Reason | undefined> {
  const [row] = await run(
    `update person set must_register = case when must_register = 'help_desk' then must_register else ? end where id = ?
     returning must_register`,
    [reason, userId],
  );
  return row?.["must_register"] as Reason | undefined;
}

/** A method was handed out: what the help desk has asked for is done. */
export async function clearHelpDesk(run: Run, userId: string): Promise<void> {
  await run(
    "update person set must_register = null, register_until = null where id = ? and must_register = 'help_desk'",
    [userId],
  );
}

export async function saveDefaultMethod(
  run: Run,
  { userId, method }: { userId: string; method: string | null },
): Promise<void> {
  await run("update person set default_method = ? where id = ?", [method, userId]);
}
