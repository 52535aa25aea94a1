/**
 * What a key may be used for, and when. Must stay true: a policy that is not understood makes the key unusable (RFC 6030
 * §5, R-085).
 */

import { childOf, childrenOf, PartError, textOf, type Element } from "./element.ts";
import { pskcNs } from "./names.ts";

export type Policy = { startsAt?: number; expiresAt?: number; warnings: string[] };

const known = ["StartDate", "ExpiryDate", "PINPolicy", "KeyUsage", "NumberOfTransactions"];
const pinAttributes = ["PINKeyId", "PINUsageMode", "MaxFailedAttempts", "MinLength", "MaxLength", "PINEncoding"];

export function readPolicy(policy: Element): Policy {
  for (const { name, ns } of policy.children)
    if (ns !== pskcNs || !known.includes(name)) throw new PartError("Policy: has an element that is not known here");
  const usages = childrenOf(policy, "KeyUsage").map(textOf);
  if (usages.length > 0 && !usages.includes("OTP")) throw new PartError("KeyUsage: is not OTP");
  if (childOf(policy, "NumberOfTransactions"))
    throw new PartError("NumberOfTransactions: a token that ends after a number of codes is not supported");
  const pin = childOf(policy, "PINPolicy");
  return { ...datesOf(policy), warnings: pin ? [pinWarning(pin)] : [] };
}

function pinWarning(pin: Element): string {
  const names = [...pin.attributes.keys()];
  if (pin.children.length > 0 || names.some((name) => !pinAttributes.includes(name)))
    throw new PartError("PINPolicy: has a part that is not known here");
  if (pin.attributes.get("PINUsageMode") !== "Local")
    throw new PartError("PINPolicy: the PIN is part of the code, which is not supported");
  return "the token asks for a PIN by itself; the PIN is not imported";
}

/** Of a Policy, or of a DeviceInfo. */
export function datesOf(element: Element): Pick<Policy, "startsAt" | "expiresAt"> {
  const startsAt = dateOf(element, "StartDate");
  const expiresAt = dateOf(element, "ExpiryDate");
  return { ...(startsAt !== undefined && { startsAt }), ...(expiresAt !== undefined && { expiresAt }) };
}

/** A time without a zone is taken for UTC, which RFC 6030 asks for. */
function dateOf(element: Element, name: string): number | undefined {
  const text = textOf(childOf(element, name));
  if (text === undefined) return undefined;
  const [, moment, zone] = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?)(Z|[+-]\d\d:\d\d)?$/.exec(text) ?? [];
  const at = Date.parse(`${moment}${zone ?? "Z"}`);
  if (Number.isNaN(at)) throw new PartError(`${name}: is not a date`);
  return at;
}
