/** A token that is registered within a sign-in: its serial number and its codes make it the person's, and prove it at once. */

import type { Deps } from "./deps.ts";
import { kept } from "./registering.ts";
import { saveFlow, type Flow } from "./sign-in-flow.ts";
import { proveClaim, saveClaim, type Claim } from "./token-claim.ts";

export async function giveToken(deps: Deps, flow: Flow, claim: Claim): Promise<Flow> {
  const userId = flow.person!.id;
  const registering = { ...flow.registering!, serial: claim.serial };
  const claimed = await proveClaim(deps, userId, claim);
  if (claimed === undefined || claimed === "throttled")
    return await saveFlow(deps, { ...flow, registering, problem: claimed ?? "token" });
  const { type: method, id: token } = claimed.token;
  return await kept(deps, flow, {
    id: claimed.activation.factorId,
    method,
    kind: "token",
    token,
    add: async (run) => await saveClaim(deps, run, { userId, claimed }),
    proof: { method, at: deps.clock.now(), userVerified: false },
  });
}
