/**
 * A token that has fallen out of step, set right by its person. Must stay true: only after the first factor, and only
 * their own; it signs nobody in, since the codes that it took are used up.
 */

import { AppError } from "#core/errors.ts";
import { findAskedFactor } from "#store/challenges.ts";
import type { Deps } from "./deps.ts";
import { saveFlow, type Flow } from "./sign-in-flow.ts";
import { resynchronise } from "./token-resync.ts";

type Own = { userId: string; factorId: string; codes: string[] };

/** Gives why not, as far as the person may hear it. */
export async function resyncOwn(deps: Deps, own: Own): Promise<"not_in_a_row" | "throttled" | undefined> {
  try {
    await resynchronise(deps, `person:${own.userId}`, own);
    return undefined;
  } catch (error) {
    if (error instanceof AppError && error.code === "conflict") return "not_in_a_row";
    if (error instanceof AppError && error.code === "busy") return "throttled";
    throw error;
  }
}

/** The token that is asked for; somebody who has forgotten the password has no first factor to show. */
export const mayResync = ({ open, resetting }: Flow): boolean => open?.prompt.token !== undefined && !resetting;

/** `codes`: as it showed them, one after the other. */
export async function resyncStep(deps: Deps, flow: Flow, codes: string[]): Promise<Flow> {
  const factorId = mayResync(flow) ? await findAskedFactor(deps.db, flow.open!.id) : undefined;
  if (factorId === undefined) return flow;
  const refused = await resyncOwn(deps, { userId: flow.person!.id, factorId, codes });
  return await saveFlow(deps, { ...flow, problem: refused ?? "in_step" });
}
