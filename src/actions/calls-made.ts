/** The legs of a call as a record has them (fact sheet 8.2): how each ended, and apart from the chain the numbers that were called. */

import { countryOf } from "#core/phone.ts";
import type { ResultCode } from "#core/results.ts";
import { listLegs, readCallee, type Leg } from "#store/calls.ts";
import { extensionOf, parametersOf } from "./call-lines.ts";
import type { Deps } from "./deps.ts";

type Made = { leg: Leg; result: ResultCode | null; number: string; country: string; extension: string | undefined };
export type CallsMade = Made[];

export async function callsMade(deps: Deps, challengeId: string): Promise<CallsMade | undefined> {
  const legs = await listLegs(deps.db, challengeId);
  const callee = legs.length > 0 ? await readCallee(deps.db, { challengeId, userId: null }) : undefined;
  if (!callee) return undefined;
  const numbers: Record<Leg, string> = { primary: callee.address ?? "", backup: parametersOf(callee).backup ?? "" };
  return await Promise.all(
    legs.map(async ({ leg, result }) => {
      const number = numbers[leg];
      return { leg, result, number, country: await countryOf(number), extension: extensionOf(callee, leg) };
    }),
  );
}

type Final = { result: ResultCode; authenticated: boolean };
/** A leg that has no end of its own is the one that brought about what is recorded. */
export const callsDetail = (calls: CallsMade, final: Final): string =>
  JSON.stringify({
    calls: Object.fromEntries(
      calls.map(({ leg, result, country }) => [
        leg,
        { country, ...(result === null ? final : { result, authenticated: false }) },
      ]),
    ),
  });

export const callsPersonal = (calls: CallsMade): Record<string, string | undefined> =>
  Object.fromEntries(
    calls.flatMap(({ leg, number, extension }) => [
      [`${leg}Phone`, number],
      [`${leg}Extension`, extension],
    ]),
  );
