/** An outcome as a reply. Pure, so that any node gives the same bytes for the same outcome. */

import type { Verified } from "#actions/asked.ts";
import type { RadiusClient } from "#actions/radius-clients.ts";
import type { DenyCode, Open } from "#core/outcome.ts";
import { attributeType as type, code } from "#wire/radius/codes.ts";
import type { NewAttribute } from "#wire/radius/packet.ts";
import { splitText } from "#wire/radius/text.ts";
import { promptText } from "./prompt.ts";

export type Reply = { code: number; attributes: NewAttribute[] };

/** How each refusal reads on the wire: silence makes the client try another server, everything else is the same Reject. */
const refusals: Record<DenyCode, "reject" | "silence"> = {
  unknown_person: "reject",
  person_disabled: "reject",
  person_blocked: "reject",
  number_blocked: "reject",
  wrong_password: "reject",
  password_expired: "reject",
  no_method: "reject",
  wrong_code: "reject",
  code_duplicate: "reject",
  code_old: "reject",
  too_many_tries: "reject",
  pin_expired: "reject",
  declined: "reject",
  no_answer: "reject",
  unreachable: "reject",
  busy: "reject",
  expired: "reject",
  superseded: "reject",
  cancelled: "reject",
  foreign_challenge: "reject",
  locked_out: "reject",
  throttled: "reject",
  method_broken: "reject",
  unavailable: "silence",
};
export const reject: Reply = { code: code.accessReject, attributes: [] };

/** Undefined is silence. */
export function render(outcome: Verified, client: RadiusClient): Reply | undefined {
  if (outcome.kind === "elsewhere") return undefined;
  if (outcome.kind === "allow") return { code: code.accessAccept, attributes: client.replyAttributes };
  if (outcome.kind === "challenge") return challenge(outcome, "");
  if (outcome.retry && client.application.canChallenge) return challenge(outcome.retry, "retry.wrong");
  return refusals[outcome.code] === "silence" ? undefined : reject;
}

/** the State is the challenge's 128 random bits and the round that the next answer must name. */
function challenge(open: Open, before: "" | "retry.wrong"): Reply {
  const state = Buffer.concat([
    Buffer.from(open.id.slice("chl_".length), "base64url"),
    Buffer.from([open.round & 0xff]),
  ]);
  const message = splitText(promptText(open.prompt, before)).map((value) => ({
    type: type.replyMessage,
    value,
  }));
  return { code: code.accessChallenge, attributes: [{ type: type.state, value: state }, ...message] };
}
