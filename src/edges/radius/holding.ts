/**
 * A request whose answer comes by phone: nothing is said to the client until then. Must stay true: waiting holds a
 * promise and no more, repetitions stay silent meanwhile, and once the client has given up an answer grants nothing.
 */

import type { Source, Verified } from "#actions/asked.ts";
import { endByPhone } from "#actions/by-phone.ts";
import { collect, collectLate } from "#actions/collect.ts";
import type { Deps } from "#actions/deps.ts";
import type { RadiusClient } from "#actions/radius-clients.ts";
import type { Asked } from "./answer.ts";
import type { Server } from "./server.ts";

type Held = { asked: Exclude<Asked, { reject: string }>; outcome: Verified };

/** What the client is to hear; a number that the person types on the phone is shown first, and waited for after that. */
export async function held(server: Server, client: RadiusClient, { asked, outcome }: Held): Promise<Verified> {
  if (outcome.kind !== "challenge" || outcome.prompt.kind !== "wait") return outcome;
  const shown = outcome.prompt.number !== undefined;
  if (shown && "begin" in asked) return outcome;
  const { username, source } = "begin" in asked ? asked.begin : asked.respond;
  const { deps, stopping } = server;
  const { application } = client;
  const holder = holderOf(deps, source);
  const waiting = { application, username, challengeId: outcome.id, holder, source };
  const patienceMs = client.options.waitSeconds * 1000;
  // what is asked for instead must come while the client still listens
  const waitMs = application.fallback ? patienceMs * 0.9 : patienceMs;
  const heard = await collect(deps, { ...waiting, waitMs, signal: stopping.signal });
  if (heard.kind !== "waiting") return heard;
  // another server, or this one after its start, waits on with the client's next packet
  if (stopping.signal.aborted) return { kind: "elsewhere" };
  if (shown) return outcome;
  await endByPhone(deps, { challengeId: outcome.id, result: "FAILED_AUTH_RESULT_TIMEOUT", holder });
  // the phone, or a later request, may have come first
  const instead = await collectLate(deps, waiting);
  return instead.kind === "waiting"
    ? { kind: "deny", correlationId: outcome.correlationId, code: "no_answer" }
    : instead;
}

/** Of two nodes that were sent one packet the later waits on, and the earlier stays silent: both would answer, and not the same. */
const holderOf = ({ db }: Deps, { claim }: Source) => `${db.node.id} ${claim!.peer} ${claim!.authenticator}`;
