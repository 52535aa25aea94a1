/** Phone numbers as people write them, made E.164. The metadata costs memory, so it is loaded when a number is first read. */

import type { CountryCode } from "libphonenumber-js/min";

export type ReadPhone = (text: string, country: string) => { ok: true; number: string } | { ok: false; reason: string };

/** `country` (ISO 3166-1) is where a number without + and country code is dialled; empty: nowhere. */
export async function phoneReader(): Promise<ReadPhone> {
  const { parsePhoneNumberFromString } = await import("libphonenumber-js/min");
  return (text, country) => {
    const options = { extract: false, ...(country !== "" && { defaultCountry: country as CountryCode }) };
    const phone = parsePhoneNumberFromString(text.trim(), options);
    if (!phone && country === "" && !text.trim().startsWith("+"))
      return { ok: false, reason: "has no + and country code, and phone.default-country is not set" };
    if (!phone) return { ok: false, reason: "is not a phone number" };
    if (phone.ext !== undefined) return { ok: false, reason: "has an extension, which has its own column" };
    // by length only: numbering plans open new ranges faster than anyone updates
    if (!phone.isPossible()) return { ok: false, reason: "is too short or too long for its country" };
    return { ok: true, number: phone.number };
  };
}
