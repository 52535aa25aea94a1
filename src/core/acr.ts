/**
 * What an application asks of a sign-in with OpenID Connect, and what is said of it afterwards. Must stay true: what
 * cannot be reached is an error and never a lower value, and nothing is said that did not happen.
 */

import { stronger, strengthOf, strengths, type Proven, type Strength } from "./strength.ts";

export const multipleauthn = "http://schemas.microsoft.com/claims/multipleauthn";
/** Every value that may be asked for, and what it takes. The first of a strength is our own word for it. */
export const acrValues: Readonly<Record<string, Strength>> = {
  "urn:countersign:password": "password",
  "urn:countersign:mfa": "mfa",
  "urn:countersign:phishing-resistant": "phishing-resistant",
  [multipleauthn]: "mfa",
  "https://refeds.org/profile/mfa": "mfa",
  phr: "phishing-resistant",
};
const strengthFor = (value: string) => (Object.hasOwn(acrValues, value) ? acrValues[value] : undefined);

/** Alternatives, best first; one of them has to be reached. */
export type AcrRequest = readonly string[];

/**
 * The parameter `acr_values` and the claims request for the ID token's acr (OpenID Connect Core 5.5.1.1), each to be met.
 * A voluntary claim that names no value asks for nothing.
 */
export function acrRequests(acrParameter: string | undefined, claim: unknown): AcrRequest[] {
  const requests: AcrRequest[] = [];
  const named = acrParameter?.split(" ").filter((value) => value !== "") ?? [];
  if (named.length > 0) requests.push(named);
  if (typeof claim === "object" && claim !== null) {
    const { value, values } = claim as { value?: unknown; values?: unknown };
    const wanted = Array.isArray(values) ? values : value === undefined ? [] : [value];
    if (wanted.length > 0) requests.push(wanted.map(String));
  }
  return requests;
}

/** The strength that meets them all; undefined when one of them names only what is not known. */
export function strengthAsked(requests: readonly AcrRequest[]): Strength | undefined {
  let asked: Strength = "password";
  for (const request of requests) {
    const known = request.flatMap((value) => strengthFor(value) ?? []);
    // any of its values will do, so the least of them is what it takes
    const least = strengths.find((strength) => known.includes(strength));
    if (least === undefined) return undefined;
    asked = stronger(asked, least);
  }
  return asked;
}

/** What the ID token says: the value asked for that was reached, or our own word for what happened. */
export function acrOf(proven: Proven, requests: readonly AcrRequest[]): string {
  const reached = strengthOf(proven);
  const isReached = (value: string) => {
    const strength = strengthFor(value);
    return strength !== undefined && stronger(reached, strength) === reached;
  };
  return (requests.at(-1) ?? []).find(isReached) ?? `urn:countersign:${reached}`;
}
