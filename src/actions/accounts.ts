import { AppError } from "#core/errors.ts";
import { nameKey } from "#core/names.ts";
import type { Entry } from "#directory/directory.ts";
import {
  findAccount,
  findPerson,
  insertPeople,
  saveAccount,
  type AccountRow,
  type PersonDetails,
} from "#store/people.ts";
import { changed } from "./change.ts";
import type { Deps } from "./deps.ts";
import { readPerson, rowsOf, startReading, type Column, type PersonFields, type Reading } from "./person-fields.ts";
import { namesOf } from "./rules.ts";

/**
 * Who an account of a directory is here. Must stay true: the account's key decides, never its name: a name that
 * is given to another account leads to nobody until an administrator has said whose it is.
 */

type Account = { directory: { id: string; name: string }; entry: Entry };
export type Owner = { id: string; nameKey: string };

/** Called once the directory has said yes: the local record is made or brought up to date. */
export async function keepAccount(deps: Deps, { directory, entry }: Account): Promise<Owner | undefined> {
  const { id: directoryId, name } = directory;
  const key = nameKey(entry.username, namesOf(deps));
  if (key === undefined) return undefined;
  const holder = await findPerson(deps.db, key);
  const known = await findAccount(deps.db, { directoryId, key: entry.key });
  const person = known ?? (holder && adoptable(holder) ? holder : undefined);
  if (holder && holder.id !== person?.id) {
    deps.log.warn("a directory's account has the name of another person here", { directory: name, holder: holder.id });
    return undefined;
  }
  const said = read(await startReading(deps), entry);
  if (!person) return await add(deps, { said, directory, entry });
  const account = { ...kept(said, person), directory_id: directoryId, directory_key: entry.key };
  const before: AccountRow = {
    ...rowOf(person),
    directory_id: person.directoryId,
    directory_key: known ? entry.key : null,
  };
  const changes = (Object.keys(before) as (keyof AccountRow)[]).filter((column) => before[column] !== account[column]);
  const owner = { id: person.id, nameKey: key };
  if (changes.length === 0) return owner;
  return await changed(deps, "system", async (run) => {
    if (!(await saveAccount(run, person.id, account)))
      throw new AppError("conflict", "the person was changed meanwhile");
    return {
      value: owner,
      result: "PERSON_CHANGED",
      userId: person.id,
      detail: { directory: name, fields: changes },
      personal: { username: account.username },
    };
  });
}

/** Added by an administrator beforehand, with methods perhaps, and nobody's yet: no other account's, no password here. */
const adoptable = ({ directoryId, hasPassword }: PersonDetails) => directoryId === null && !hasPassword;

type Said = ReturnType<typeof readPerson>["said"];

/** What does not read here is left out: a number in free text must keep nobody out. */
function read(reading: Reading, entry: Entry): Said {
  const { username, groups } = entry;
  const fields = {
    display_name: entry.displayName,
    first_name: entry.firstName,
    last_name: entry.lastName,
    email: entry.email,
    mobile_phone: entry.mobilePhone,
  };
  const good: PersonFields = { username };
  for (const [column, value] of Object.entries(fields) as [Column, string | undefined][]) {
    try {
      readPerson(reading, { username, [column]: value });
      good[column] = value;
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
    }
  }
  const { said } = readPerson(reading, good);
  const names = new Set(groups.filter((group) => group !== "" && group.length <= 256));
  return { ...said, groups: JSON.stringify([...names].toSorted()) };
}

type Copied = Omit<AccountRow, "directory_id" | "directory_key">;

const rowOf = (person: PersonDetails): Copied => ({
  name_key: person.nameKey,
  username: person.username,
  display_name: person.displayName,
  first_name: person.firstName,
  last_name: person.lastName,
  email: person.email,
  mobile_phone: person.mobilePhone,
  groups: JSON.stringify(person.groups),
});

/** What the directory does not know stays as it is. */
const kept = (said: Said, person: PersonDetails): Copied => ({
  name_key: said.name_key,
  username: said.username,
  display_name: said.display_name ?? person.displayName,
  first_name: said.first_name ?? person.firstName,
  last_name: said.last_name ?? person.lastName,
  email: said.email ?? person.email,
  mobile_phone: said.mobile_phone ?? person.mobilePhone,
  groups: said.groups,
});

/** The number becomes no method: in many directories people may write their own, and so could whoever has the password. */
async function add(deps: Deps, { said, directory, entry }: Account & { said: Said }): Promise<Owner> {
  const draft = { said, password: "", seed: undefined };
  const { person } = rowsOf(deps, draft, { passwordHash: null, importId: null, text: false });
  const account = { ...person, directory_id: directory.id, directory_key: entry.key };
  return await changed(deps, "system", async (run) => {
    const added = (await insertPeople(run, [person])).size > 0 && (await saveAccount(run, person.id, account));
    if (!added) throw new AppError("conflict", "the name was taken meanwhile");
    return {
      value: { id: person.id, nameKey: person.name_key },
      result: "PERSON_ADDED",
      userId: person.id,
      detail: { state: person.state, methods: [], directory: directory.name },
      personal: { username: person.username },
    };
  });
}
