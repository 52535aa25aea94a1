/**
 * Whether a person may be asked in their app now. Must stay true: one request waits at a time, and who was asked again and
 * again without saying yes is left in peace, which administrators hear of.
 */

import type { FatigueRule } from "#core/push-fatigue.ts";
import { hasDevice, hasRest, isPending } from "#store/push-requests.ts";
import { takeEach, takeFrom, type Budget } from "#store/throttle.ts";
import { changed } from "./change.ts";
import { sendBudgets } from "./client-budgets.ts";
import { deliverDue } from "./deliver.ts";
import type { Deps } from "./deps.ts";

export type PushVeto = "no device" | "asked already" | "rest" | "budget";
/** A request in the app costs no money, and goes to no number. */
export type PushCleared = { spend: Budget[]; to?: undefined };

const minute = 60_000;

export const fatigueRule = (deps: Deps): FatigueRule => {
  const settings = deps.settings.values();
  const restMs = settings["push.rest-minutes"] * minute;
  return { limit: settings["push.unanswered"], withinMs: 10 * minute, restMs };
};

type Asking = { factorId: string; userId: string; username: string };
/** `client`: the application that asks, where its word stands for the password */
type Requested = Asking & { client: string | undefined };

/** Looked at again where the request is written, by the same conditions. */
export async function clearPush(
  deps: Deps,
  { userId, factorId, username, client }: Requested,
): Promise<PushCleared | { veto: PushVeto }> {
  const at = deps.clock.now();
  const rule = fatigueRule(deps);
  const spend = sendBudgets(deps, "push", client);
  const veto = await deps.db.transaction(async (run): Promise<PushVeto | undefined> => {
    if (!(await hasDevice(run, userId))) return "no device";
    if (await isPending(run, { factorId, at })) return "asked already";
    if (await hasRest(run, { factorId, at, rule })) return "rest";
    const [full] = await takeEach(run, [{ at, budgets: spend.map((budget) => ({ ...budget, cost: 0 })) }]);
    return full && "budget";
  });
  if (veto === "rest") await tellOfRest(deps, { userId, username, restMs: rule.restMs });
  return veto === undefined ? { spend } : { veto };
}

/** After a "no": whether it was one too many, which nobody may ask about again. */
export async function noteRefusal(deps: Deps, { userId, factorId, username }: Asking): Promise<void> {
  const at = deps.clock.now();
  const rule = fatigueRule(deps);
  if (await deps.db.transaction((run) => hasRest(run, { factorId, at, rule })))
    await tellOfRest(deps, { userId, username, restMs: rule.restMs });
}

/** Once a rest. */
async function tellOfRest(
  deps: Deps,
  { userId, username, restMs }: { userId: string; username: string; restMs: number },
): Promise<void> {
  const once = { id: `push rest ${userId}`, limit: 1, windowMs: restMs };
  if (!(await deps.db.transaction((run) => takeFrom(run, once, deps.clock.now())))) return;
  await changed(deps, "system", async () => ({
    value: undefined,
    result: "PUSH_PAUSED",
    userId,
    personal: { username },
    alert: { kind: "push_paused", userId, username },
  }));
  void deliverDue(deps);
}
