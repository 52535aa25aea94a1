/**
 * A token, or an app, whose codes count no more because its clock has gone astray or its button was pressed too often: found
 * again by codes that it shows one after the other. Must stay true: it costs an attempt under the locks of a sign-in,
 * taken before a code is looked at; the codes that it took are used up, and nothing lowers a counter.
 */

import { nextAttempt } from "#core/decide.ts";
import { AppError } from "#core/errors.ts";
import type { Factor, Taken } from "#core/facts.ts";
import { placeOf, type Place } from "#core/token-clock.ts";
import type { TokenType } from "#core/token.ts";
import { saveResynchronised } from "#store/factors.ts";
import { findPersonById, type PersonDetails } from "#store/people.ts";
import { about, changed, type Actor } from "./change.ts";
import type { Deps } from "./deps.ts";
import { loadFactor } from "./factors.ts";
import { reachOf, rulesOf } from "./rules.ts";
import { loadToken, notInARow } from "./token-life.ts";

type Asked = { codes: string[]; reason?: string | undefined };
/** `drift`: intervals that its clock is ahead, or behind where it is negative; of a token that counts it is 0. */
export type Resynchronised = { factorId: string; method: TokenType; drift: number };

/** `conflict`: the codes are not right; `busy`: too many wrong ones before; `invalid`: it takes two or three. */
export async function resynchronise(
  deps: Deps,
  actor: Actor,
  { userId, factorId, codes, reason }: Asked & { userId: string; factorId: string },
): Promise<Resynchronised> {
  const person = await findPersonById(deps.db, userId);
  if (!person) throw new AppError("not_found");
  if (codes.length < 2 || codes.length > 3)
    throw new AppError("invalid", "codes: it takes two or three, one after the other");
  const { factor, taken } = await takeAttempt(deps, person, factorId);
  const method = factor.method as TokenType;
  const place = findPlace(deps, factor, codes);
  const saved = await changed(deps, actor, async (run) => {
    const at = deps.clock.now();
    const isSaved = place && (await saveResynchronised(run, { id: factor.id, ...place, cost: taken.cost, at }));
    return {
      value: isSaved,
      result: isSaved ? "METHOD_RESYNCHRONISED" : "METHOD_RESYNC_REFUSED",
      userId,
      detail: { factor: factor.id, method, ...(isSaved && { drift: place.drift, before: factor.drift }) },
      personal: about(person, reason),
      ...(isSaved && { notice: { kind: "method_resynchronised", method } as const }),
    };
  });
  if (!place) throw new AppError("conflict", notInARow(codes));
  if (!saved) throw new AppError("conflict", "its codes were used or it was taken away meanwhile; try again");
  return { factorId: factor.id, method, drift: place.drift };
}

export async function resynchroniseToken(
  deps: Deps,
  actor: Actor,
  { serial, ...asked }: Asked & { serial: string },
): Promise<Resynchronised & { serial: string }> {
  const { userId, factorId, state, serial: written } = await loadToken(deps, serial);
  if (userId === null || factorId === null)
    throw new AppError("conflict", `the token is ${state}, not activated: two codes in a row also activate it`);
  return { serial: written, ...(await resynchronise(deps, actor, { userId, factorId, ...asked })) };
}

/** Of apps too, whose phone's clock is set by hand. */
export async function resynchroniseMethod(
  deps: Deps,
  actor: Actor,
  { username, method, ...asked }: Asked & { username: string; method: string },
): Promise<Resynchronised> {
  const { person, factor } = await loadFactor(deps, { username, method });
  return await resynchronise(deps, actor, { userId: person.id, factorId: factor.id, ...asked });
}

async function takeAttempt(
  deps: Deps,
  { nameKey }: PersonDetails,
  factorId: string,
): Promise<{ factor: Factor; taken: Taken }> {
  const now = deps.clock.now();
  const { locks } = rulesOf(deps.settings.values());
  let factor: Factor | undefined;
  const reserved = await deps.db.reserve({
    now,
    nameKey,
    guesses: { at: now, budgets: [] },
    plan: ({ factors }) => {
      factor = factors.find(({ id, method }) => id === factorId && (method === "totp" || method === "hotp"));
      const taken = factor && nextAttempt(factor, factors, { now, rules: locks });
      return { answer: false, attempts: factor && typeof taken === "object" ? [{ factor, taken }] : [] };
    },
  });
  if (!factor) throw new AppError("not_found", "there is no such app or token");
  const taken = "facts" in reserved ? reserved.facts.taken.get(factor.id) : undefined;
  if (!taken) throw new AppError("busy", "too many wrong codes; unlock the method, or try again later");
  return { factor, taken };
}

function findPlace(deps: Deps, factor: Factor, codes: string[]): Place | undefined {
  const { id, method, sealedSecret, parameters, counter, drift, address } = factor;
  const place = { table: "factor", column: "sealed_secret", row: id };
  const secret = deps.keys.unseal("factor", sealedSecret ?? Buffer.alloc(0), place);
  try {
    const seen = { secret, parameters, counter, drift, address };
    const reach = reachOf(deps.settings.values());
    return placeOf(method as TokenType, seen, { codes, now: deps.clock.now(), reach });
  } finally {
    secret.fill(0);
  }
}
