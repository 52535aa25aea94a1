import { AppError } from "#core/errors.ts";
import { methods } from "#core/methods/index.ts";
import { nameKey } from "#core/names.ts";
import { isLasting, isRestricted } from "#core/registration.ts";
import { insertFactors, listFactors } from "#store/factors.ts";
import {
  deletePerson,
  findPerson,
  insertPeople,
  listPeople,
  readOwners,
  savePasswordHash,
  savePersonFields,
  saveState,
  type PersonDetails,
} from "#store/people.ts";
import { about, changed, tell, type Actor } from "./change.ts";
import type { Deps } from "./deps.ts";
import { newPasswordHash } from "./passwords.ts";
import {
  changeableColumns,
  readPassword,
  readPerson,
  rowsOf,
  startReading,
  type ChangeableColumn,
  type PersonFields,
  type State,
} from "./person-fields.ts";
import { namesOf } from "./rules.ts";
import { signOutAndForget, signOutEverywhere } from "./sessions.ts";

/** People: who they are here, whether they may sign in, and their local password. */

export type AddedPerson = { id: string; username: string; methods: string[] };

/** `text`: the mobile number is also a method, texted codes. */
export async function addPerson(
  deps: Deps,
  actor: Actor,
  { text = true, ...fields }: PersonFields & { text?: boolean | undefined },
): Promise<AddedPerson> {
  const draft = readPerson(await startReading(deps), fields);
  const passwordHash = draft.password === "" ? null : await newPasswordHash(deps, draft.password);
  const { person, factors } = rowsOf(deps, draft, { passwordHash, importId: null, text });
  draft.seed?.fill(0);
  return await changed(deps, actor, async (run) => {
    if ((await insertPeople(run, [person])).size === 0) {
      const pending = (await readOwners(run, [person.name_key])).get(person.name_key);
      throw new AppError(
        "exists",
        pending
          ? `an import that is under way holds the name ${person.username}`
          : `a person named ${person.username} exists already`,
      );
    }
    await insertFactors(run, factors);
    const methods = factors.map((factor) => factor.method);
    return {
      value: { id: person.id, username: person.username, methods },
      result: "PERSON_ADDED",
      userId: person.id,
      detail: { state: person.state, methods },
      personal: { username: person.username },
    };
  });
}

export type ListedPerson = Pick<PersonDetails, "id" | "username" | "displayName" | "state"> & {
  methods: string[];
};

/**
 * A page in the order of names; `next` is where the following one begins. `phoneOnly`: people who have texts and calls, and
 * nothing besides.
 */
export async function listPersons(
  deps: Deps,
  { after = "", limit, phoneOnly }: { after?: string | undefined; limit: number; phoneOnly?: boolean | undefined },
): Promise<{ people: ListedPerson[]; next?: string }> {
  const among = [...methods.keys()].filter(isLasting);
  const only = phoneOnly ? { kinds: among.filter(isRestricted), among } : undefined;
  const found = await listPeople(deps.db, { after, limit: limit + 1, only });
  const page = found.slice(0, limit);
  const factors = await listFactors(
    deps.db,
    page.map((person) => person.id),
  );
  const kinds = new Map<string, string[]>();
  for (const { userId, method } of factors) kinds.set(userId, [...(kinds.get(userId) ?? []), method]);
  const people = page.map(({ id, username, displayName, state }) => ({
    id,
    username,
    displayName,
    state,
    methods: kinds.get(id) ?? [],
  }));
  const last = page.at(-1);
  return { people, ...(found.length > limit && last && { next: last.nameKey }) };
}

export const nobody = (username: string) => new AppError("not_found", `nobody is named ${username}`);

/** By any form of the name that signing in knows. */
export async function loadPerson(deps: Deps, username: string): Promise<PersonDetails> {
  const key = nameKey(username, namesOf(deps));
  const person = key === undefined ? undefined : await findPerson(deps.db, key);
  if (!person) throw nobody(username);
  return person;
}

type Asked = { username: string; reason?: string | undefined };

export async function removePerson(deps: Deps, actor: Actor, { username, reason }: Asked): Promise<{ id: string }> {
  const { id, username: name } = await loadPerson(deps, username);
  return await changed(deps, actor, async (run) => {
    // what applications were given goes with the sessions, and those that want to be told are told
    const sessions = await signOutEverywhere(deps, run, { userId: id });
    if (!(await deletePerson(run, id))) throw nobody(username);
    const personal = about({ username: name }, reason);
    return { value: { id }, result: "PERSON_REMOVED", userId: id, detail: { sessions }, personal };
  });
}

/** `fields`: those that are named change, and an empty one is taken away. */
export async function changePerson(
  deps: Deps,
  actor: Actor,
  { username, reason, fields }: Asked & { fields: Partial<Record<ChangeableColumn, string | undefined>> },
): Promise<{ id: string; changed: ChangeableColumn[] }> {
  const named = changeableColumns.filter((column) => fields[column] !== undefined);
  if (named.length === 0) throw new AppError("usage", "nothing is changed: name an option");
  const before = await loadPerson(deps, username);
  const { id } = before;
  const { said } = readPerson(await startReading(deps), { ...fields, username: before.username });
  const stood = fieldsOf(before);
  const changes = named.filter((column) => said[column] !== stood[column]);
  if (changes.length === 0) return { id, changed: [] };
  return await changed(deps, actor, async (run) => {
    const now = Object.fromEntries(changes.map((column) => [column, said[column]]));
    if (!(await savePersonFields(run, { id, fields: now }))) throw nobody(username);
    // whoever changes where somebody is reached must not be the only one who hears of it
    const notice = (kind: "email_changed" | "number_changed") => ({ userId: id, notice: { kind, to: before } });
    if (changes.includes("email")) await tell(deps, run, notice("email_changed"));
    if (changes.some((column) => column.endsWith("_phone"))) await tell(deps, run, notice("number_changed"));
    return {
      value: { id, changed: changes },
      result: "PERSON_CHANGED",
      userId: id,
      detail: { fields: changes },
      personal: about(before, reason),
    };
  });
}

const fieldsOf = (person: PersonDetails): Record<ChangeableColumn, string | null> => ({
  display_name: person.displayName,
  first_name: person.firstName,
  last_name: person.lastName,
  email: person.email,
  mobile_phone: person.mobilePhone,
  backup_phone: person.backupPhone,
  phone_extension: person.phoneExtension,
  language: person.language,
  groups: JSON.stringify(person.groups),
});

export async function setState(
  deps: Deps,
  actor: Actor,
  { username, reason, state }: Asked & { state: State },
): Promise<{ id: string; state: State }> {
  const { id, username: name, state: before } = await loadPerson(deps, username);
  return await changed(deps, actor, async (run) => {
    if (!(await saveState(run, { id, state }))) throw nobody(username);
    // or whoever is enabled again would be signed in still
    const ended = state === "disabled" ? await signOutAndForget(deps, run, { userId: id }) : {};
    return {
      value: { id, state },
      result: "PERSON_STATE_CHANGED",
      userId: id,
      detail: { from: before, to: state, ...ended },
      personal: about({ username: name }, reason),
      ...(state !== before && { notice: { kind: `state_${state}` as const } }),
    };
  });
}

export async function setPassword(
  deps: Deps,
  actor: Actor,
  { username, reason, password }: Asked & { password: string },
): Promise<{ id: string }> {
  const { id, username: name } = await loadPerson(deps, username);
  if (readPassword(password) === "") throw new AppError("invalid", "password: is empty");
  const hash = await newPasswordHash(deps, password);
  return await changed(deps, actor, async (run) => {
    if (!(await savePasswordHash(run, { id, hash, expired: false }))) throw nobody(username);
    const detail = await signOutAndForget(deps, run, { userId: id });
    return {
      value: { id },
      result: "PASSWORD_SET",
      userId: id,
      detail,
      personal: about({ username: name }, reason),
      notice: { kind: "password_changed" },
    };
  });
}
