/** People as stored. What an unfinished import has written is not there yet for anyone but the import itself. */

import type { Expression, ExpressionBuilder, SqlBool } from "kysely";
import type { Facts, Person } from "#core/facts.ts";
import { readPeople } from "./facts-read.ts";
import type { Db, Run } from "./open.ts";
import type { Tables } from "./schema.ts";
import { inOrder, marks, valuesOf, type Columns } from "./values.ts";

export type NewPersonRow = Omit<
  Tables["person"],
  | "default_method"
  | "pin_mac"
  | "pin_changed_at"
  | "pin_must_change"
  | "pin_history"
  | "password_expired"
  | "registered_at"
  | "must_register"
  | "register_until"
  | "first_page_at"
  | "directory_id"
  | "directory_key"
  | "webauthn_id"
  | "signed_out_at"
  | "blocked_until"
>;
export type PersonDetails = {
  id: string;
  nameKey: string;
  username: string;
  displayName: string | null;
  firstName: string | null;
  lastName: string | null;
  email: string | null;
  mobilePhone: string | null;
  backupPhone: string | null;
  phoneExtension: string | null;
  language: string | null;
  groups: string[];
  state: string;
  /** epoch ms; of the past: not blocked */
  blockedUntil: number;
  hasPassword: boolean;
  /** the directory that the person is at home in */
  directoryId: string | null;
  createdAt: number;
};

const personColumns = {
  id: "text",
  name_key: "text",
  username: "text",
  display_name: "text",
  first_name: "text",
  last_name: "text",
  email: "text",
  mobile_phone: "text",
  backup_phone: "text",
  phone_extension: "text",
  language: "text",
  groups: "text",
  state: "text",
  password_hash: "text",
  import_id: "text",
  created_at: "bigint",
} satisfies Record<keyof NewPersonRow, Columns[string]>;
const names = Object.keys(personColumns) as (keyof NewPersonRow)[];

/** Inserts those whose names are free and gives back their ids. */
export async function insertPeople(run: Run, people: NewPersonRow[]): Promise<Set<string>> {
  if (people.length === 0) return new Set();
  const inserted = await run(
    `insert into person (${names.join(", ")}) ${valuesOf(Object.values(personColumns).join(" "), people.length)}
     on conflict (name_key) do nothing returning id`,
    inOrder(people, (person) => person.name_key).flatMap((person) => names.map((name) => person[name])),
  );
  return new Set(inserted.map((row) => row["id"] as string));
}

/** Whose the names are that could not be had: an import's that is under way, or (null) a person's. */
export async function readOwners(run: Run, keys: string[]): Promise<Map<string, string | null>> {
  if (keys.length === 0) return new Map();
  const rows = await run(
    `select p.name_key, case when i.committed_at is null then p.import_id end as pending
     from person p left join import i on i.id = p.import_id where p.name_key in (${marks(keys.length)})`,
    keys,
  );
  return new Map(rows.map((row) => [row["name_key"] as string, row["pending"] as string | null]));
}

const visible = (eb: ExpressionBuilder<Tables, "person">): Expression<SqlBool> =>
  eb.or([
    eb("person.import_id", "is", null),
    eb.exists(
      eb
        .selectFrom("import")
        .select("import.id")
        .whereRef("import.id", "=", "person.import_id")
        .where("import.committed_at", "is not", null),
    ),
  ]);

const people = (db: Db) =>
  db.q
    .selectFrom("person")
    .select([
      "id",
      "name_key",
      "username",
      "display_name",
      "first_name",
      "last_name",
      "email",
      "mobile_phone",
      "backup_phone",
      "phone_extension",
      "language",
      "groups",
      "state",
      "blocked_until",
      "directory_id",
      "created_at",
    ])
    .select((eb) => eb("password_hash", "is not", null).as("has_password"))
    .where(visible);
type PersonRow = Awaited<ReturnType<ReturnType<typeof people>["executeTakeFirstOrThrow"]>>;

export async function findPerson(db: Db, key: string): Promise<PersonDetails | undefined> {
  const row = await people(db).where("name_key", "=", key).executeTakeFirst();
  return row && detailsOf(row);
}

export async function findPeople(db: Db, keys: string[]): Promise<PersonDetails[]> {
  if (keys.length === 0) return [];
  return (await people(db).where("name_key", "in", keys).execute()).map(detailsOf);
}

/** Whom an account of a directory is here, whatever its name was then. */
export async function findAccount(
  db: Db,
  { directoryId, key }: { directoryId: string; key: string },
): Promise<PersonDetails | undefined> {
  const row = await people(db)
    .where("directory_id", "=", directoryId)
    .where("directory_key", "=", key)
    .executeTakeFirst();
  return row && detailsOf(row);
}

/** What a directory says of a person, and that it does. */
export type AccountRow = Pick<
  Tables["person"],
  | "name_key"
  | "username"
  | "display_name"
  | "first_name"
  | "last_name"
  | "email"
  | "mobile_phone"
  | "groups"
  | "directory_id"
  | "directory_key"
>;
const accountColumns = [
  "name_key",
  "username",
  "display_name",
  "first_name",
  "last_name",
  "email",
  "mobile_phone",
  "groups",
  "directory_id",
  "directory_key",
] as const;

/** R-179: only a person who is this account already, or who is no other account and has no password of our own. */
export async function saveAccount(run: Run, id: string, account: AccountRow): Promise<boolean> {
  const saved = await run(
    `update person set ${accountColumns.map((column) => `${column} = ?`).join(", ")}
     where id = ? and ((directory_id = ? and directory_key = ?) or (directory_id is null and password_hash is null))
     returning id`,
    [...accountColumns.map((column) => account[column]), id, account.directory_id, account.directory_key],
  );
  return saved.length > 0;
}

export async function findPersonById(db: Db, id: string): Promise<PersonDetails | undefined> {
  const row = await people(db).where("id", "=", id).executeTakeFirst();
  return row && detailsOf(row);
}

/** In the order of their names; `after` is the last name of the page before. */
/** `only`: those whose methods of `among` are all of these kinds, one at least. */
type Page = { after: string; limit: number; only?: { kinds: readonly string[]; among: readonly string[] } | undefined };

export async function listPeople(db: Db, { after, limit, only }: Page): Promise<PersonDetails[]> {
  let query = people(db).where("name_key", ">", after).orderBy("name_key").limit(limit);
  if (only) {
    const others = only.among.filter((kind) => !only.kinds.includes(kind));
    query = query
      .where((eb) => eb.exists(activeFactors(eb).where("factor.method", "in", only.kinds)))
      .where((eb) => eb.not(eb.exists(activeFactors(eb).where("factor.method", "in", others))));
  }
  return (await query.execute()).map(detailsOf);
}

const activeFactors = (eb: ExpressionBuilder<Tables, "person">) =>
  eb
    .selectFrom("factor")
    .select("factor.id")
    .whereRef("factor.user_id", "=", "person.id")
    .where("factor.state", "=", "active");

const detailsOf = (row: PersonRow): PersonDetails => ({
  id: row.id,
  nameKey: row.name_key,
  username: row.username,
  displayName: row.display_name,
  firstName: row.first_name,
  lastName: row.last_name,
  email: row.email,
  mobilePhone: row.mobile_phone,
  backupPhone: row.backup_phone,
  phoneExtension: row.phone_extension,
  language: row.language,
  groups: JSON.parse(row.groups) as string[],
  state: row.state,
  blockedUntil: row.blocked_until,
  hasPassword: Boolean(row.has_password),
  directoryId: row.directory_id,
  createdAt: row.created_at,
});

/** Who is told something, and where. */
export type Addressee = Pick<PersonDetails, "id" | "username" | "email" | "mobilePhone" | "language">;

export async function readAddressee(run: Run, id: string): Promise<Addressee | undefined> {
  const [row] = await run("select username, email, mobile_phone, language from person where id = ?", [id]);
  return (
    row && {
      id,
      username: row["username"] as string,
      email: row["email"] as string | null,
      mobilePhone: row["mobile_phone"] as string | null,
      language: row["language"] as string | null,
    }
  );
}

/** Methods and open challenges go with their person. */
export async function deletePerson(run: Run, id: string): Promise<boolean> {
  return (await run("delete from person where id = ? returning id", [id])).length > 0;
}

export async function saveState(run: Run, { id, state }: { id: string; state: string }): Promise<boolean> {
  return (await run("update person set state = ? where id = ? returning id", [state, id])).length > 0;
}

/** `expired`: somebody else chose it, and the person must change it. */
export async function savePasswordHash(
  run: Run,
  { id, hash, expired }: { id: string; hash: string; expired: boolean },
): Promise<boolean> {
  const saved = await run(
    "update person set password_hash = ?, password_expired = cast(? as bigint) where id = ? returning id",
    [hash, Number(expired), id],
  );
  return saved.length > 0;
}

/** The same password, hashed as it is today; unless another was set meanwhile. */
export async function renewPasswordHash(run: Run, { id, from, to }: { id: string; from: string; to: string }) {
  await run("update person set password_hash = ? where id = ? and password_hash = ?", [to, id, from]);
}

/** Others may know it: its owner chooses another at the next sign-in. Directories keep their own. */
export async function expirePassword(run: Run, id: string): Promise<void> {
  await run("update person set password_expired = 1 where id = ? and password_hash is not null", [id]);
}

export async function readPasswordState(db: Db, id: string): Promise<{ hash: string | null; expired: boolean }> {
  const row = await db.q
    .selectFrom("person")
    .select(["password_hash", "password_expired"])
    .where("id", "=", id)
    .executeTakeFirst();
  return { hash: row?.password_hash ?? null, expired: row?.password_expired === 1 };
}

export async function savePersonFields(
  run: Run,
  { id, fields }: { id: string; fields: Partial<Omit<NewPersonRow, "id" | "name_key" | "username" | "import_id">> },
): Promise<boolean> {
  const columns = Object.keys(fields) as (keyof typeof fields)[];
  const saved = await run(
    `update person set ${columns.map((column) => `${column} = ?`).join(", ")} where id = ? returning id`,
    [...columns.map((column) => fields[column]), id],
  );
  return saved.length > 0;
}

export async function saveLanguage(run: Run, { id, language }: { id: string; language: string }): Promise<void> {
  await run("update person set language = ? where id = ?", [language, id]);
}

export const readPersonById = async (db: Db, id: string): Promise<Person | undefined> =>
  (await db.transaction((run) => readPeople(run, "id", [id]))).get(id)?.person;

/** What a first request of this person would be decided on now; nothing is taken. */
export async function readFacts(db: Db, { nameKey }: { nameKey: string | undefined }): Promise<Facts> {
  const found = await db.transaction((run) => readPeople(run, "name_key", nameKey === undefined ? [] : [nameKey]));
  const known = found.get(nameKey ?? "");
  return {
    person: known?.person,
    factors: known?.factors ?? [],
    challenge: undefined,
    taken: new Map(),
    answered: false,
  };
}
