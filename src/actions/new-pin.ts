/**
 * A PIN of one's own in place of one that has ended or that somebody else chose, within the sign-in that found it so. Must stay
 * true: it is asked for only when the code and the old PIN were right, and the second step is done afterwards, with the new one.
 */

import { chooseOwnPin } from "./pins.ts";
import type { Deps } from "./deps.ts";
import { beginStep, type From, type Step } from "./sign-in.ts";
import { saveFlow, type Flow } from "./sign-in-flow.ts";

export async function choosePin(
  deps: Deps,
  flow: Flow,
  { pin, again, ...from }: From & { pin: string; again: string },
): Promise<Step> {
  if (pin !== again) return { flow: await saveFlow(deps, { ...flow, problem: "pins_differ" }) };
  const fault = await chooseOwnPin(deps, flow.person!.id, pin);
  if (fault) return { flow: await saveFlow(deps, { ...flow, problem: "pin_rule" }) };
  return await beginStep(deps, { ...flow, pinOver: undefined, problem: undefined }, from);
}
