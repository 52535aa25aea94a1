/**
 * PINs, which calls and texts may ask for beside what the person has. Must stay true: a PIN is in no log, no record and
 * no message; it is kept as a hash under a key that the database does not hold, bound to its person.
 */

import { timingSafeEqual } from "node:crypto";
import { AppError } from "#core/errors.ts";
import { drawPin, findPinFault, type PinFault, type PinRule } from "#core/pin.ts";
import { cancelChallenges } from "#store/challenges.ts";
import { expirePin as markExpired, readPin, savePin, type PinState } from "#store/pins.ts";
import { about, changed, type Actor } from "./change.ts";
import type { Deps } from "./deps.ts";
import type { NoticeKind } from "./notices.ts";
import { loadPerson, nobody } from "./people.ts";
import { pinMac } from "./rules.ts";

type Asked = { username: string; reason?: string | undefined };

const faults: Record<PinFault, string> = {
  form: "consists of digits only",
  length: "is too short or too long",
  all_same: "has three equal digits in a row",
  sequential: "has three digits that count up or down",
  phone: "has four digits in a row of the person's number",
  history: "was used before",
};

/** Chosen by somebody else, a PIN is for one use: the person changes it then. */
export async function setPin(
  deps: Deps,
  actor: Actor,
  { pin, ...asked }: Asked & { pin: string },
): Promise<{ id: string }> {
  const { person, state } = await load(deps, asked.username);
  const fault = findPinFault(pin, pinRule(deps, person.id, state));
  if (fault) throw new AppError("invalid", `pin: ${faults[fault]}`);
  await save(deps, { actor, userId: person.id, state, pin, mustChange: true, personal: about(person, asked.reason) });
  return { id: person.id };
}

/** One by chance, shown this once. */
export async function generatePin(deps: Deps, actor: Actor, asked: Asked): Promise<{ id: string; pin: string }> {
  const { person, state } = await load(deps, asked.username);
  const pin = drawPin(pinRule(deps, person.id, state), deps.random.int);
  await save(deps, { actor, userId: person.id, state, pin, mustChange: true, personal: about(person, asked.reason) });
  return { id: person.id, pin };
}

/** The person chooses another one at the next use. */
export async function expirePin(deps: Deps, actor: Actor, { username, reason }: Asked): Promise<{ id: string }> {
  const person = await loadPerson(deps, username);
  return await changed(deps, actor, async (run) => {
    if (!(await markExpired(run, person.id))) throw new AppError("not_found", `${person.username} has no PIN`);
    return {
      value: { id: person.id },
      result: "PIN_EXPIRED",
      userId: person.id,
      personal: about(person, reason),
      notice: { kind: "pin_expired" },
    };
  });
}

/** As a call judges and keeps a new PIN while it is typed twice. */
export async function pinOnCall(deps: Deps, userId: string) {
  const state = await readPin(deps.db, userId);
  return {
    findFault: (pin: string) => (state ? findPinFault(pin, pinRule(deps, userId, state)) : "form"),
    hash: (pin: string) => pinMac(deps, userId, pin).toString("base64url"),
  };
}

/** By the person, who has just said the old one. False: it was changed meanwhile, or may not be this one. */
export async function changePin(deps: Deps, { userId, pin }: { userId: string; pin: string }): Promise<boolean> {
  const state = await readPin(deps.db, userId);
  if (!state || findPinFault(pin, pinRule(deps, userId, state))) return false;
  try {
    await save(deps, { actor: `person:${userId}`, userId, state, pin, mustChange: false, personal: {} });
    return true;
  } catch (error) {
    if (error instanceof AppError && error.code === "conflict") return false;
    throw error;
  }
}

/** What is wrong with a PIN that the person wants, before it is changed. */
export async function findOwnPinFault(deps: Deps, userId: string, pin: string): Promise<PinFault | undefined> {
  const state = await readPin(deps.db, userId);
  return state ? findPinFault(pin, pinRule(deps, userId, state)) : "form";
}

/** On their account's page, by the person who has verified just now. */
export async function chooseOwnPin(deps: Deps, userId: string, pin: string): Promise<PinFault | undefined> {
  const state = await readPin(deps.db, userId);
  if (!state) throw new AppError("not_found");
  const fault = findPinFault(pin, pinRule(deps, userId, state));
  if (!fault) await save(deps, { actor: `person:${userId}`, userId, state, pin, mustChange: false, personal: {} });
  return fault;
}

/** Null: nothing asks this person for one. */
export async function describePin(deps: Deps, userId: string): Promise<{ has: boolean; shortest: number } | null> {
  const settings = deps.settings.values();
  const has = ((await readPin(deps.db, userId))?.mac ?? null) !== null;
  return has || settings["pin.methods"].length > 0 ? { has, shortest: settings["pin.shortest"] } : null;
}

async function load(deps: Deps, username: string) {
  const person = await loadPerson(deps, username);
  const state = await readPin(deps.db, person.id);
  if (!state) throw nobody(username);
  return { person, state };
}

function pinRule(deps: Deps, userId: string, { mac, history, phones }: PinState): PinRule {
  const settings = deps.settings.values();
  const earlier = history.slice(0, settings["pin.history"]).map((one) => Buffer.from(one, "base64url"));
  const used = mac ? [Buffer.from(mac), ...earlier] : earlier;
  return {
    shortest: settings["pin.shortest"],
    phones,
    isRecent: (pin) => {
      const typed = pinMac(deps, userId, pin);
      return used.some((one) => one.length === typed.length && timingSafeEqual(one, typed));
    },
  };
}

type Saving = {
  actor: Actor;
  userId: string;
  state: PinState;
  pin: string;
  mustChange: boolean;
  personal: Record<string, string>;
};
async function save(deps: Deps, { actor, userId, state, pin, mustChange, personal }: Saving): Promise<void> {
  const { mac: before, history: earlier } = state;
  const kept = before ? [Buffer.from(before).toString("base64url"), ...earlier] : earlier;
  const history = kept.slice(0, deps.settings.values()["pin.history"]);
  const new_ = { userId, before, mac: pinMac(deps, userId, pin), mustChange, history, at: deps.clock.now() };
  const kind: NoticeKind = mustChange ? "pin_set" : "pin_changed";
  await changed(deps, actor, async (run) => {
    if (!(await savePin(run, new_))) throw new AppError("conflict", "the PIN was changed at the same time");
    // whoever has just said the old one on a call may not go on with it
    if (mustChange) await cancelChallenges(run, userId);
    return {
      value: undefined,
      result: mustChange ? "PIN_SET" : "PIN_CHANGED",
      userId,
      personal,
      notice: { kind },
    };
  });
}
