/**
 * What kind of number one is, and in which country: what may be texted or called at all. Must stay true: a number that
 * costs its caller extra, or that no person carries, is never "ordinary" where the numbering plans that we know say so.
 */

import type { PhoneNumber } from "libphonenumber-js/max";
import type { Settings } from "./settings/index.ts";

export type NumberClass =
  | "ordinary"
  | "premium_rate"
  | "shared_cost"
  | "toll_free"
  | "pager"
  | "satellite"
  | "voicemail"
  | "company"
  | "personal";
/**
 * `country` as `countryOf` has it. `countries` (ISO 3166-1): one; several where a range that none has given out lies under a
 * code that they share; or none.
 */
export type Destination = { class: NumberClass; country: string; countries: readonly string[] };

const classes: Partial<Record<NonNullable<ReturnType<PhoneNumber["getType"]>>, NumberClass>> = {
  PREMIUM_RATE: "premium_rate",
  SHARED_COST: "shared_cost",
  TOLL_FREE: "toll_free",
  PAGER: "pager",
  VOICEMAIL: "voicemail",
  UAN: "company",
  PERSONAL_NUMBER: "personal",
};

/** What the plans call mobile or Internet telephony: Inmarsat, the satellite networks and those of no country, Australia's 014. */
const satellites = ["+870", "+881", "+882", "+883", "+6114"];
/** Company numbers that are the phones on people's desks: Sweden's 010, Switzerland's 058, the Netherlands' 088, Britain's 055, Czechia's 972. */
const desks = ["+4610", "+4158", "+3188", "+4455", "+420972"];
const byPrefix = (number: string): NumberClass | undefined => {
  if (desks.some((prefix) => number.startsWith(prefix))) return "ordinary";
  if (satellites.some((prefix) => number.startsWith(prefix))) return "satellite";
  return number.startsWith("+878") ? "personal" : undefined;
};

/**
 * Reads numbers in E.164. A range that the plans do not know is ordinary: countries open new ones faster than anyone updates,
 * and the allowed countries, the budgets and the breaker still hold.
 */
export async function destinationReader(): Promise<(number: string) => Destination> {
  const { parsePhoneNumberFromString } = await import("libphonenumber-js/max");
  return (number) => {
    const phone = parsePhoneNumberFromString(number);
    if (!phone) return { class: "ordinary", country: "", countries: [] };
    const type = phone.getType();
    const kind = byPrefix(phone.number) ?? (type && classes[type]) ?? "ordinary";
    const country = phone.country ?? `+${phone.countryCallingCode}`;
    return { class: kind, country, countries: phone.country ? [phone.country] : phone.getPossibleCountries() };
  };
}

export type Channel = "sms" | "voice";
/** What a method sends, of those that go to a phone number. */
export const channelOf = (method: string): Channel | undefined =>
  method === "voice" ? "voice" : method === "sms" || method === "sms-reply" ? "sms" : undefined;

/** The countries that may be texted or called; undefined: any, as nobody has said yet where the organisation is. */
function allowedCountries(settings: Settings, channel: Channel): readonly string[] | undefined {
  const own = settings["phone.default-country"];
  const both = settings["phone.allowed-countries"];
  const calls = settings["phone.allowed-countries-for-calls"];
  const listed = channel === "voice" && calls.length > 0 ? calls : both;
  if (listed.length > 0) return listed;
  return own === "" ? undefined : [own];
}

export type NumberRefusal = Exclude<NumberClass, "ordinary"> | "country";

/** Why nothing is sent there; undefined: it may be. People are told only that the number cannot be used. */
export function numberRefusal(
  { class: kind, countries }: Destination,
  { settings, channel }: { settings: Settings; channel: Channel },
): NumberRefusal | undefined {
  if (kind !== "ordinary") return kind;
  const allowed = allowedCountries(settings, channel);
  return allowed === undefined || countries.some((country) => allowed.includes(country)) ? undefined : "country";
}

/** For administrators. */
export const refusalSentences: Record<NumberRefusal, string> = {
  premium_rate: "is a premium-rate number",
  shared_cost: "is a shared-cost number",
  toll_free: "is a freephone number",
  pager: "is a pager",
  satellite: "is of a satellite or international network",
  voicemail: "is a voicemail number",
  company: "is a service number of a company",
  personal: "is a personal number that follows its owner, at the caller's cost",
  country: "is in a country that phone.allowed-countries does not name",
};
