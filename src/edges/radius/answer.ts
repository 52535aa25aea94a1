/**
 * An Access-Request to the one verification call, and its outcome to a reply. Rendering is pure, so that any node gives
 * the same bytes for the same outcome. Must stay true: nothing here tells an unknown person from a wrong code.
 */

import type { RadiusClient } from "#actions/radius-clients.ts";
import type { Answer, Attempt, Source, Verified } from "#actions/asked.ts";
import type { DenyCode, Open } from "#core/outcome.ts";
import {
  attributeType as type,
  all,
  code,
  first,
  revealPassword,
  type NewAttribute,
  type Packet,
} from "#wire/radius/packet.ts";
import { readText, splitText } from "#wire/radius/text.ts";
import { promptText } from "./prompt.ts";

export type Reply = { code: number; attributes: NewAttribute[] };
/** What a request asks of the engine; a `reject` is refused for its form alone, with the reason for our log. */
export type Asked = { begin: Attempt } | { respond: Answer } | { reject: string };

/** RFC 5080 §2.1.1: without State these ask for authorization nobody has authenticated for. */
const authorizeOnly = [10, 17];
const stateLength = 17;

export function read(packet: Packet, client: RadiusClient, peer: string): Asked {
  const username = textOf(packet, type.userName);
  const states = all(packet, type.state);
  const hidden = first(packet, type.userPassword);
  if (!username) return { reject: "no readable User-Name" };
  if (!hidden) return { reject: "no User-Password: this client does not use PAP" };
  if (states.length > 1) return { reject: "two States" };
  if (states.length === 0 && authorizesOnly(packet)) return { reject: "an authorization-only request" };
  const password = revealPassword(packet, hidden, client.secret);
  const text = password && readText(password);
  // With a wrong secret the password is noise, seldom text: nobody's attempt is spent on it.
  if (text === undefined) return { reject: "the password does not read: is the shared secret right?" };
  const claim = { peer, authenticator: packet.authenticator.toString("base64url") };
  const source: Source = { protocol: "radius", station: textOf(packet, type.callingStationId), claim };
  const state = states[0];
  if (!state) return { begin: attempt({ client, username, text, source }) };
  if (state.length !== stateLength) return { reject: "a State that is not ours" };
  const challengeId = `chl_${state.toString("base64url", 0, 16)}`;
  return {
    respond: {
      application: client.application,
      username,
      challengeId,
      round: state[16]!,
      response: text,
      source,
    },
  };
}

function textOf(packet: Packet, attribute: number): string | undefined {
  const value = first(packet, attribute);
  return value && readText(value);
}
const authorizesOnly = (packet: Packet) => authorizeOnly.includes(first(packet, type.serviceType)?.at(-1) ?? 0);

/** Where password and code are in the one field that PAP has. */
function attempt({
  client,
  username,
  text,
  source,
}: {
  client: RadiusClient;
  username: string;
  text: string;
  source: Source;
}): Attempt {
  const { firstFactor, mode, separator, codeLength } = client.options;
  const asked = { application: client.application, username, source };
  if (firstFactor === "none") return { ...asked, code: text === "" ? undefined : text };
  if (mode === "challenge") return { ...asked, password: text };
  const at = mode === "append" ? text.lastIndexOf(separator) : text.length - codeLength;
  if (at <= 0) return { ...asked, password: text, code: "" };
  return { ...asked, password: text.slice(0, at), code: text.slice(mode === "append" ? at + 1 : at) };
}

/** How each refusal reads on the wire: silence makes the client try another server, everything else is the same Reject. */
const refusals: Record<DenyCode, "reject" | "silence"> = {
  unknown_person: "reject",
  person_disabled: "reject",
  wrong_password: "reject",
  no_method: "reject",
  wrong_code: "reject",
  code_duplicate: "reject",
  code_old: "reject",
  too_many_tries: "reject",
  expired: "reject",
  superseded: "reject",
  cancelled: "reject",
  foreign_challenge: "reject",
  locked_out: "reject",
  throttled: "reject",
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
