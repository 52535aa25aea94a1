/**
 * Replies to texts. Must stay true: a reply counts for the newest challenge that waits for one from its number, and only
 * if it came back the way that challenge's text went out: to the same gateway, to the sender that the text had, and in its
 * thread where the vendor knows threads. Who a reply says it is from proves nothing; what it says is checked like any code.
 */

import type { TextEvent } from "#delivery/gateway.ts";
import { findThreads } from "#store/deliveries.ts";
import { answerByPhone } from "./by-phone.ts";
import { numberMac } from "./carry.ts";
import type { Deps } from "./deps.ts";
import type { Opened } from "./gateways-open.ts";

type Reply = Extract<TextEvent, { kind: "reply" }>;

export async function takeReply(
  deps: Deps,
  { gateway, reply }: { gateway: Opened; reply: Reply },
): Promise<"taken" | "unknown"> {
  const from = `+${digits(reply.from)}`;
  const threads = await findThreads(deps.db, { toMac: numberMac(deps, from), now: deps.clock.now() });
  const newest = threads.filter((thread) => thread.challengeId === threads[0]?.challengeId);
  const thread = newest.find(
    ({ gatewayId, sender, ref }) =>
      gatewayId === gateway.id &&
      digits(sender) === digits(reply.to) &&
      (reply.inReplyTo === undefined || reply.inReplyTo === ref),
  );
  if (!thread) {
    deps.log.info("a reply belongs to no text that waits for one", { gateway: gateway.name });
    return "unknown";
  }
  await answerByPhone(deps, { challengeId: thread.challengeId, answer: reply.text.trim() });
  return "taken";
}

/** Vendors write numbers with and without the plus. */
const digits = (number: string) => number.replaceAll(/\D/g, "");
