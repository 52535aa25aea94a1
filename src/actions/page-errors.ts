/**
 * Error pages that were shown before anything was decided, so that the ids on them lead somewhere. Must stay true: strangers can
 * make a server show such pages, so what is kept of them is bounded, for each address and for all; and no page waits for it.
 */

import { siteOf } from "#core/crowd.ts";
import { pageErrors, type PageErrorName } from "#core/page-errors.ts";
import { takeFrom } from "#store/throttle.ts";
import type { Deps } from "./deps.ts";

const hour = 3_600_000;
const perHour = { address: 20, all: 500 };

export type ShownError = {
  name: PageErrorName;
  correlationId: string;
  /** the path alone */
  place: string;
  clientIp: string;
  userId?: string | undefined;
};

export async function notePageError(deps: Deps, shown: ShownError): Promise<void> {
  const { name, correlationId, place, clientIp, userId } = shown;
  const { number } = pageErrors[name];
  deps.log.info("an error page was shown", { error: number, correlationId });
  const at = deps.clock.now();
  const budgets = [
    { id: `page error ${siteOf(clientIp)}`, limit: perHour.address, windowMs: hour },
    { id: "page error", limit: perHour.all, windowMs: hour },
  ];
  const written = deps.db.audit.write(async (run) => {
    for (const budget of budgets) if (!(await takeFrom(run, budget, at))) return { value: undefined, entries: [] };
    const entry = {
      id: deps.random.id("rec_"),
      at,
      kind: "page_error" as const,
      result: "ERROR_PAGE_SHOWN",
      authenticated: false,
      correlationId,
      userId: userId ?? null,
      policyVersion: deps.settings.version(),
      detail: JSON.stringify({ error: number, name, place }),
    };
    return { value: undefined, entries: [entry] };
  });
  await written.catch(() => deps.log.warn("an error page could not be noted in the log", { correlationId }));
}
