/** What an authorization request asks of the person and the sign-in, read from its parameters. */

import { acrRequests } from "#core/acr.ts";
import type { Asked } from "#actions/oidc-sign-in.ts";

/** What a request's interaction keeps of it: when it led to the sign-in pages, and who it has to be. */
export type Details = { since?: number; userId?: string | undefined };

export type Params = { acr_values?: string; claims?: string; max_age?: number | string; prompt?: string };

export function askedIn(params: Params, { since, userId }: Details): Asked {
  const idToken = claimsFor(params.claims);
  const maxAge = params.max_age === undefined ? undefined : Number(params.max_age);
  return {
    acr: acrRequests(params.acr_values, idToken["acr"]),
    maxAgeMs: maxAge === undefined ? undefined : maxAge * 1000,
    anew: (params.prompt ?? "").split(" ").includes("login"),
    userId: userId ?? nameIn(idToken["sub"]),
    since,
  };
}

/** What is no text names nobody. */
function nameIn(claim: unknown): string | undefined {
  const { value } = (claim ?? {}) as { value?: unknown };
  return value === undefined ? undefined : typeof value === "string" ? value : "";
}

const claimsFor = (claims: string | undefined): Record<string, unknown> =>
  claims === undefined ? {} : ((JSON.parse(claims) as { id_token?: Record<string, unknown> }).id_token ?? {});
