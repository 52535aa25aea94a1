/** Refusals as devices read them: problem JSON with a `code` to act on. */

import type { FastifyReply } from "fastify";
import type { Deps } from "#actions/deps.ts";
import type { ProblemCode } from "#wire/device/messages.ts";

const problems: Record<ProblemCode, { status: number; title: string }> = {
  bad_signature: { status: 401, title: "The request is not signed as it should be" },
  bad_time: { status: 401, title: "The device's clock is wrong" },
  device_not_activated: { status: 401, title: "Authentication request is not for an activated account" },
  device_blocked: { status: 401, title: "The device is blocked" },
  activation_refused: { status: 400, title: "The code is wrong, used or too old" },
  too_many_devices: { status: 409, title: "The person has as many devices as are allowed" },
  bad_decision: { status: 400, title: "The decision is not about this request, or not signed by this device" },
  bad_unlock: { status: 400, title: "The passkey is none that can unlock the app, or there is one already" },
  unlock_needed: { status: 403, title: "The app must be unlocked first" },
  request_over: { status: 404, title: "The request is over" },
  too_many_requests: { status: 429, title: "Too many requests; try again later" },
};

/** `serverTime` is in it, so that a device whose clock is wrong can correct for that. */
export function refuseDevice(deps: Deps, reply: FastifyReply, code: ProblemCode): FastifyReply {
  const { status, title } = problems[code];
  if (status === 401) reply.header("www-authenticate", "Device");
  if (status === 429) reply.header("retry-after", "10");
  const serverTime = deps.clock.now();
  const body = { type: "about:blank", title, status, code, serverTime, correlationId: reply.request.id };
  return reply.code(status).type("application/problem+json").send(JSON.stringify(body));
}
