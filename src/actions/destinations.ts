/** Countries and ranges of numbers whose texts and calls hardly anybody answers: closed by themselves, opened by people. */

import { AppError } from "#core/errors.ts";
import {
  blockDestination,
  findUnanswered,
  listBlockedDestinations,
  releaseDestination as release,
  type BlockedDestination,
  type Traffic,
} from "#store/destinations.ts";
import { changed, type Actor } from "./change.ts";
import { deliverDue } from "./deliver.ts";
import type { Deps } from "./deps.ts";

const hour = 3_600_000;

/** Looks at the last hour, and closes what has to be closed. */
export async function watchDestinations(deps: Deps): Promise<void> {
  const { "phone.breaker-sends": sends, "phone.breaker-percent": percent } = deps.settings.values();
  if (sends === 0) return;
  const rule = { now: deps.clock.now(), windowMs: hour, sends, percent };
  for (const traffic of await findUnanswered(deps.db, rule)) await close(deps, traffic);
}

/** Another node has closed it. */
class Known extends Error {}

async function close(deps: Deps, { id, sent, answered }: Traffic): Promise<void> {
  try {
    await changed(deps, "system", async (run) => {
      if (!(await blockDestination(run, { id, sent, answered, at: deps.clock.now() }))) throw new Known();
      const detail = { destination: id, sent, answered };
      const alert = { kind: "destination_blocked", destination: shown(id) } as const;
      return { value: undefined, result: "DESTINATION_BLOCKED", detail, alert };
    });
  } catch (error) {
    if (error instanceof Known) return;
    throw error;
  }
  deps.log.error("texts and calls to a destination have stopped: hardly any were answered", {
    destination: id,
    sent,
    answered,
  });
  void deliverDue(deps);
}

/** A range stands for ten thousand numbers. */
const shown = (id: string): string => (id.startsWith("+") ? `${id} ••••` : id);

export const listDestinations = async (deps: Deps): Promise<BlockedDestination[]> =>
  await listBlockedDestinations(deps.db);

/** `id` as it is listed: a country, or the beginning of the numbers. What was sent before counts no more. */
export async function releaseDestination(
  deps: Deps,
  actor: Actor,
  { id, reason }: { id: string; reason: string },
): Promise<{ id: string }> {
  return await changed(deps, actor, async (run) => {
    if (!(await release(run, { id, at: deps.clock.now() })))
      throw new AppError("not_found", "no such destination is blocked");
    return { value: { id }, result: "DESTINATION_RELEASED", detail: { destination: id }, personal: { reason } };
  });
}
