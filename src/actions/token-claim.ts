/**
 * A token that somebody makes theirs, by its serial number and its codes. Must stay true: an unknown serial number, wrong codes
 * and another person's token are one refusal; a guess is paid for, by who guesses and for the number typed, before anything is
 * looked at; the codes that prove it are used up.
 */

import { serialKey } from "#core/token.ts";
import type { Run } from "#store/open.ts";
import { clearBudget, takeEach } from "#store/throttle.ts";
import { assignToken, hasClaimable, listTokens, type TokenDetails } from "#store/tokens.ts";
import { AppError } from "#core/errors.ts";
import type { Deps } from "./deps.ts";
import { readActivation, saveActivation, tokensAtMost, whyNotNow, type Activation } from "./token-life.ts";

/** `codes`: one, or two that it showed one after the other. */
export type Claim = { serial: string; codes: string[] };
export type Claimed = { token: TokenDetails; activation: Activation; budgets: string[] };

const minutes = 60_000;
const person = { limit: 5, windowMs: 10 * minutes };
const personDay = { limit: 20, windowMs: 24 * 60 * minutes };
const number = { limit: 10, windowMs: 10 * minutes };
/** As many makers may have used the number as codes are tried against. */
const makers = 5;

const selfService = (deps: Deps): boolean => deps.settings.values()["token.self-service"];

/** Whether there is a token that this person could make theirs. */
export const mayClaim = async (deps: Deps, userId: string): Promise<boolean> =>
  await hasClaimable(deps.db, {
    userId,
    now: deps.clock.now(),
    atMost: tokensAtMost,
    anyones: selfService(deps),
  });

/** The token whose codes these are, when it may become this person's; undefined: no, whatever the reason. */
export async function proveClaim(
  deps: Deps,
  userId: string,
  { serial, codes }: Claim,
): Promise<Claimed | "throttled" | undefined> {
  const key = serialKey(serial);
  // what was typed may be anything, a password too
  const typed = deps.keys.mac("code", `serial\0${key}`).toString("base64url");
  const budgets = [
    { id: `token claims ${userId}`, ...person },
    { id: `token claims a day ${userId}`, ...personDay },
    { id: `token claims of ${typed}`, ...number },
  ];
  const now = deps.clock.now();
  const [full] = await deps.db.transaction((run) => takeEach(run, [{ at: now, budgets }]));
  if (full) return "throttled";
  for (const token of await listTokens(deps.db, { serialKey: key, limit: makers })) {
    if (!isClaimable(deps, token, userId) || (token.type === "hotp" && codes.length < 2)) continue;
    const activation = await readActivation(deps, token, codes);
    if (activation) return { token, activation, budgets: budgets.map(({ id }) => id) };
  }
  return undefined;
}

function isClaimable(deps: Deps, token: TokenDetails, userId: string): boolean {
  if (whyNotNow(token, deps.clock.now()) !== undefined) return false;
  const { state, userId: owner } = token;
  return state === "assigned" ? owner === userId : state === "available" && selfService(deps);
}

/** It is theirs from this commit on, and its codes count; throws `conflict` when it is too late for that. */
export async function saveClaim(
  deps: Deps,
  run: Run,
  { userId, claimed: { token, activation, budgets } }: { userId: string; claimed: Claimed },
): Promise<void> {
  const { id, state } = token;
  if (state === "available" && !(await assignToken(run, { id, userId, atMost: tokensAtMost })))
    throw new AppError("conflict", "the token was taken meanwhile");
  await saveActivation(deps, run, { token, userId, activation });
  for (const budget of budgets) await clearBudget(run, budget);
}
