/**
 * Whether one more text or call may go out, and what it takes from (R-039…R-041, R-044, R-046). Must stay true: whatever sends a person's
 * text or call asks here first and takes the budgets in the transaction that writes the message; no number stands in clear
 * in a budget's name.
 */

import { publicSite } from "#core/crowd.ts";
import {
  destinationReader,
  numberRefusal,
  refusalSentences,
  type Channel,
  type NumberRefusal,
} from "#core/number-class.ts";
import { countAnswers, findBlockedDestination, type PhoneSend } from "#store/destinations.ts";
import { findRegistrant } from "#store/registrations.ts";
import { findFull, giveBackTo, takeEach, type Budget } from "#store/throttle.ts";
import type { Source } from "./asked.ts";
import { sendBudgets } from "./client-budgets.ts";
import type { Deps } from "./deps.ts";
import { isVetoed, type RiskQuestion } from "./risk.ts";

/** `source`: the address of whoever asked for it, where there is one. */
export type Outgoing = {
  channel: Channel;
  to: string;
  userId: string;
  source?: string | undefined;
  /** the application that asked for it, where its word stands for the password */
  client?: string | undefined;
  /** a sign-in where it is not said */
  purpose?: RiskQuestion["purpose"];
};
/** Why not, for administrators; people are told only that the number cannot be used, or to wait. */
export type Veto = NumberRefusal | "group" | "destination" | "budget" | "risk";
/** What is written with the message: what it takes, and what it counts as. */
export type Cleared = { spend: Budget[]; to: Pick<PhoneSend, "country" | "number_range"> };

/** Who asked for it, as far as that is an address. */
export const addressOf = ({ clientIp, station }: Source): string | undefined => clientIp ?? station;

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** The name of a counter that tells nothing of what is counted. */
const hidden = (deps: Deps, what: string, value: string) =>
  `phone ${what} ${deps.keys.mac("number", `${what}\0${value}`).toString("base64url")}`;

/** Numbers that differ in the last four digits: what one who sells calls to themselves has many of. */
const rangeOf = (number: string) => number.slice(0, -4);

const fromSource = (deps: Deps, source: string | undefined): string[] => {
  const site = publicSite(source);
  return site === undefined ? [] : [hidden(deps, "source hour", site)];
};
const toPrefix = (deps: Deps, to: string) => hidden(deps, "prefix hour", rangeOf(to));

/** What gets one back when a text or call is answered rightly: so do company phones of one series not use up their range. */
export const refundOf = (deps: Deps, { to, source, client }: Pick<Outgoing, "to" | "source" | "client">): string[] => [
  toPrefix(deps, to),
  ...fromSource(deps, source),
  ...sendBudgets(deps, "phone", client).map(({ id }) => id),
];

function budgetsOf(deps: Deps, { to, userId, source, client }: Outgoing, country: string): Budget[] {
  const settings = deps.settings.values();
  const money = settings["phone.money-per-day"] * 1_000_000;
  return [
    { id: `phone 10m ${userId}`, limit: settings["sms.per-ten-minutes"], windowMs: 10 * minute },
    { id: `phone day ${userId}`, limit: settings["sms.per-day"], windowMs: day },
    { id: hidden(deps, "number 10m", to), limit: settings["phone.number-per-ten-minutes"], windowMs: 10 * minute },
    { id: hidden(deps, "number day", to), limit: settings["phone.number-per-day"], windowMs: day },
    ...fromSource(deps, source).map((id) => ({ id, limit: settings["phone.source-per-hour"], windowMs: hour })),
    ...sendBudgets(deps, "phone", client),
    { id: toPrefix(deps, to), limit: settings["phone.prefix-per-hour"], windowMs: hour },
    { id: `phone country minute ${country}`, limit: settings["phone.country-per-minute"], windowMs: minute },
    { id: `phone country day ${country}`, limit: settings["phone.country-per-day"], windowMs: day },
    { id: "phone total minute", limit: settings["phone.total-per-minute"], windowMs: minute },
    { id: "phone total day", limit: settings["phone.total-per-day"], windowMs: day },
    ...(money === 0 ? [] : [{ id: moneyId, limit: money, windowMs: day, cost: 0 }]),
  ];
}
const moneyId = "phone money day";

/** What a gateway says a text or call has cost (in millionths) counts against the day's money. */
export async function spendMoney(deps: Deps, costMicros: number): Promise<void> {
  const budget = { id: moneyId, limit: Number.MAX_SAFE_INTEGER, windowMs: day, cost: costMicros };
  await deps.db.transaction((run) => takeEach(run, [{ at: deps.clock.now(), budgets: [budget] }]));
}

/** For what is answered outside a verification, which counts it in its own commit. `id`: what it was counted by. */
export async function countAnswer(
  deps: Deps,
  { id, ...answered }: Pick<Outgoing, "to" | "source"> & { id: string },
): Promise<void> {
  await deps.db.transaction(async (run) => {
    await giveBackTo(run, refundOf(deps, answered));
    await countAnswers(run, [id]);
  });
}

/** Nothing is taken yet: what is cleared here may find a budget spent a moment later, and is then not sent. */
export async function clear(deps: Deps, outgoing: Outgoing): Promise<Cleared | { veto: Veto }> {
  const looked = await look(deps, outgoing);
  if ("veto" in looked) return looked;
  const { to: number, userId, channel, purpose = "sign_in" } = outgoing;
  const { isPrivileged, ...cleared } = looked;
  return (await isVetoed(deps, { number, userId, channel, purpose }, { isPrivileged })) ? { veto: "risk" } : cleared;
}

/** The same without asking anybody else. */
export async function look(
  deps: Deps,
  outgoing: Outgoing,
): Promise<(Cleared & { isPrivileged: boolean }) | { veto: Veto }> {
  const { channel, to: number, userId } = outgoing;
  const settings = deps.settings.values();
  const destination = (await destinationReader())(number);
  const refusal = numberRefusal(destination, { settings, channel });
  if (refusal) return { veto: refusal };
  const isIn = await groupsOf(deps, userId);
  if (isIn("phone.forbidden-groups")) return { veto: "group" };
  const to = { country: destination.country, number_range: rangeOf(number) };
  if (await findBlockedDestination(deps.db, [to.country, to.number_range])) return { veto: "destination" };
  const spend = budgetsOf(deps, outgoing, to.country);
  if (await findFull(deps.db, { at: deps.clock.now(), budgets: spend })) return { veto: "budget" };
  return { spend, to, isPrivileged: isIn("phone.privileged-groups") };
}

type GroupSetting = "phone.forbidden-groups" | "phone.privileged-groups";

/** Read only where a setting names groups. */
async function groupsOf(deps: Deps, userId: string): Promise<(setting: GroupSetting) => boolean> {
  const settings = deps.settings.values();
  const named = settings["phone.forbidden-groups"].length + settings["phone.privileged-groups"].length;
  const groups = named === 0 ? [] : ((await findRegistrant(deps.db, userId))?.groups ?? []);
  return (setting) => groups.some((group) => settings[setting].includes(group));
}

/** For administrators: what is wrong with the number, or why it has to wait. */
export const vetoSentences: Record<Veto, string> = {
  ...refusalSentences,
  destination:
    "is in a country or range that was closed, as hardly anybody there answered: `countersign gateway release`",
  group: "is of somebody in a group of phone.forbidden-groups",
  risk: "was vetoed by the risk check of phone.risk-url, or it did not answer",
  budget: "has to wait: a budget of texts and calls is spent",
};
