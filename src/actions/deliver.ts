import { markFailed, markSent, takeDue, type Waiting } from "#store/outbox.ts";
import { carry, type Payload } from "./carry.ts";
import { carryPush } from "./carry-push.ts";
import type { Deps, Mail, PushTo } from "./deps.ts";
import { findGateways, type Opened } from "./gateways-open.ts";
import { unsealed } from "./sealed.ts";

/** Sends what the outbox holds: at once after the decision that wrote it, and by a job for what was left over. */
export async function deliverDue(deps: Deps): Promise<void> {
  try {
    const due = await takeDue(deps.db, deps.clock.now());
    const gateways = due.some(({ channel }) => channel === "sms" || channel === "voice")
      ? await findGateways(deps)
      : [];
    await Promise.all(due.map((waiting) => deliver(deps, waiting, gateways)));
  } catch {
    deps.log.warn("the outbox could not be read; its messages wait");
  }
}

async function deliver(deps: Deps, waiting: Waiting, gateways: Opened[]): Promise<void> {
  const { id, channel, attempts, last } = waiting;
  const end = await hand(deps, waiting, gateways).catch(() => "later" as const);
  if (end === "sent") return await markSent(deps.db, id).catch(() => undefined);
  // the carrier's own words may repeat address or code, so they are not logged here
  deps.log.warn("a message could not be handed to the carrier", { message: id, channel, attempt: attempts });
  if (last || end === "over") await markFailed(deps.db, id).catch(() => undefined);
}

async function hand(deps: Deps, waiting: Waiting, gateways: Opened[]): Promise<"sent" | "later" | "over"> {
  const { id, channel } = waiting;
  const payload = unsealed(deps, waiting);
  if (channel === "push") return await carryPush(deps, { waiting, payload: payload as PushTo });
  if (channel !== "email") return await carry(deps, { waiting, payload: payload as Payload, gateways });
  await deps.send({ ...payload, id, channel } as Mail);
  return "sent";
}
