// The person's answer to a request, signed over everything that they saw.
import { ask, type Pending, type Result } from "./device.ts";
import { signJws } from "./jws.ts";
import type { Account } from "./keep.ts";
import { unlock } from "./unlock.ts";

export type Answer = {
  decision: "approve" | "deny" | "not_me";
  number?: string;
  pin?: string;
  newPin?: string;
};
export type Decided = { result: Result; rule?: string; blocked?: boolean };

/** Throws DeviceProblem; "locked" when the person did not unlock. */
export async function decide(account: Account, request: Pending, answer: Answer): Promise<Decided> {
  const { id, nonce, user, application, expiresAt } = request;
  const uv = answer.decision === "approve" ? await unlock(account, request) : undefined;
  const payload = {
    challenge: id,
    nonce,
    user,
    application,
    ...answer,
    exp: expiresAt,
    ...(uv && { uv }),
  };
  const decision = await signJws(account.signing, { typ: "countersign-decision+jwt", kid: account.deviceId }, payload);
  const told = await ask(account, { method: "POST", path: `/requests/${id}/decision`, body: { decision } });
  return (await told.json()) as Decided;
}
