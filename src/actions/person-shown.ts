/**
 * A person as administrators see them. Must stay true: numbers are masked to their last two digits; whoever sees them whole says
 * why, and that is in the log.
 */

import { masked } from "#core/phone.ts";
import type { Parameters } from "./call-lines.ts";
import { listFactors } from "#store/factors.ts";
import type { PersonDetails } from "#store/people.ts";
import { about, changed, type Actor } from "./change.ts";
import type { Deps } from "./deps.ts";
import { listMethods, type ListedMethod } from "./factors.ts";
import { loadPerson } from "./people.ts";

export type ShownPerson = PersonDetails & { methods: ListedMethod[] };

const hide = (number: string | null) => (number === null ? null : masked(number));

export async function showPerson(deps: Deps, username: string): Promise<ShownPerson> {
  const person = await loadPerson(deps, username);
  return {
    ...person,
    mobilePhone: hide(person.mobilePhone),
    backupPhone: hide(person.backupPhone),
    methods: await listMethods(deps, username),
  };
}

export type Numbers = Pick<PersonDetails, "mobilePhone" | "backupPhone" | "phoneExtension"> & {
  methods: { id: string; method: string; number: string; backup?: string }[];
};

/** A person's numbers, whole. */
export async function revealNumbers(
  deps: Deps,
  actor: Actor,
  { username, reason }: { username: string; reason: string },
): Promise<Numbers> {
  const person = await loadPerson(deps, username);
  const factors = await listFactors(deps.db, [person.id]);
  const methods = factors.flatMap(({ id, method, address: number, parameters }) => {
    const { backup } = (parameters === "" ? {} : JSON.parse(parameters)) as Parameters;
    return number === null ? [] : [{ id, method, number, ...(backup !== undefined && { backup }) }];
  });
  const { mobilePhone, backupPhone, phoneExtension } = person;
  return await changed(deps, actor, async () => ({
    value: { mobilePhone, backupPhone, phoneExtension, methods },
    result: "NUMBERS_REVEALED",
    userId: person.id,
    personal: about(person, reason),
  }));
}
