/**
 * What one client may do wrong at everybody together, where its word stands for the password (R-036, mission G12). Must stay
 * true: whoever has its secret can neither guess at nor text person after person, and a right code takes nothing.
 */

import type { Ask } from "#core/case.ts";
import { vouches, type Application } from "#core/facts.ts";
import type { Run } from "#store/open.ts";
import { findFull, takeEach, takeFrom, type Budget } from "#store/throttle.ts";
import { raise } from "./alerts.ts";
import type { Deps } from "./deps.ts";

const windowMs = 600_000;

/** What must have room for an answer of the client's to be looked at. What is keyed on a phone is not the client's. */
export function guessBudgets(deps: Deps, { application, answer, byPhone }: Ask): Budget[] {
  if (!vouches(application) || answer === undefined || byPhone) return [];
  const limit = deps.settings.values()["lockout.client-per-ten-minutes"];
  return [{ id: `client guesses ${application.id}`, limit, windowMs, cost: 0 }];
}

/** What it asks for and nobody answers rightly: texts and calls, or requests in the app. `client` is the application's id. */
export function sendBudgets(deps: Deps, what: "phone" | "push", client: string | undefined): Budget[] {
  if (client === undefined) return [];
  const limit = deps.settings.values()[`${what}.client-per-hour`];
  return [{ id: `${what} client hour ${client}`, limit, windowMs: 3_600_000 }];
}

/** Whose budget it is that a send to somebody takes from, if anyone's. */
export const clientOf = ({ application }: Pick<Ask, "application">): string | undefined =>
  vouches(application) ? application.id : undefined;

export const hasSpentGuesses = async (deps: Deps, application: Application): Promise<boolean> => {
  const budgets = guessBudgets(deps, { application, answer: "", nameKey: undefined });
  return (await findFull(deps.db, { at: deps.clock.now(), budgets })) !== undefined;
};

/** In the commit of a wrong answer: administrators hear of the one that was the last, once in ten minutes. */
export async function tellOfSpent(deps: Deps, run: Run, { application, ...ask }: Ask): Promise<void> {
  const at = deps.clock.now();
  const [full] = await takeEach(run, [{ at, budgets: guessBudgets(deps, { application, ...ask }) }]);
  if (!full || !(await takeFrom(run, { id: `client told ${application.id}`, limit: 1, windowMs }, at))) return;
  const { id: client, name } = application;
  deps.log.warn("a client has given so many wrong codes that none is looked at now", { client, application: name });
  await raise(deps, run, { kind: "client_guessing", application: name });
}
