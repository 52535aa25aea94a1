/** Phone numbers as people write them, made E.164. The plans cost 21 MB of memory, so they are loaded when a number is first read. */

import type { CountryCode } from "libphonenumber-js/max";
import { destinationReader, refusalSentences } from "./number-class.ts";

/** `unusable`: it is a number, and none that is ever texted or called. */
type Unread = { ok: false; reason: string; unusable?: true };
export type ReadPhone = (text: string, country: string) => { ok: true; number: string; callingCode: string } | Unread;

/** `country` (ISO 3166-1) is where a number without + and country code is dialled; empty: nowhere. */
export async function phoneReader(): Promise<ReadPhone> {
  const { parsePhoneNumberFromString } = await import("libphonenumber-js/max");
  const destinationOf = await destinationReader();
  return (text, country) => {
    const options = { extract: false, ...(country !== "" && { defaultCountry: country as CountryCode }) };
    const phone = parsePhoneNumberFromString(text.trim(), options);
    if (!phone && country === "" && !text.trim().startsWith("+"))
      return { ok: false, reason: "has no + and country code, and phone.default-country is not set" };
    if (!phone) return { ok: false, reason: "is not a phone number" };
    if (phone.ext !== undefined) return { ok: false, reason: "has an extension, which has its own column" };
    // by length only: numbering plans open new ranges faster than anyone updates
    if (!phone.isPossible()) return { ok: false, reason: "is too short or too long for its country" };
    const { class: kind } = destinationOf(phone.number);
    // whichever way it gets in
    if (kind !== "ordinary") return { ok: false, reason: refusalSentences[kind], unusable: true };
    return { ok: true, number: phone.number, callingCode: phone.countryCallingCode };
  };
}

/** Two letters (ISO 3166-1) as far as the number says, else its country code: `+1` is shared by two dozen countries. */
export async function countryOf(number: string): Promise<string> {
  const { parsePhoneNumberFromString } = await import("libphonenumber-js/max");
  const phone = parsePhoneNumberFromString(number);
  return phone?.country ?? (phone ? `+${phone.countryCallingCode}` : "");
}

/** As numbers are shown to whoever may not see them whole. */
export const masked = (number: string): string => `•• ${number.slice(-2)}`;
