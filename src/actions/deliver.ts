import { markFailed, markSent, takeDue, type Waiting } from "#store/outbox.ts";
import type { Deps, Message } from "./deps.ts";

/** Sends what the outbox holds: at once after the decision that wrote it, and by a job for what was left over. */
export async function deliverDue(deps: Deps): Promise<void> {
  try {
    const due = await takeDue(deps.db, deps.clock.now());
    await Promise.all(due.map((waiting) => deliver(deps, waiting)));
  } catch {
    deps.log.warn("the outbox could not be read; its messages wait");
  }
}

async function deliver(deps: Deps, waiting: Waiting): Promise<void> {
  try {
    const place = { table: "outbox", column: "sealed_payload", row: waiting.id };
    const { to, text } = JSON.parse(deps.keys.unseal("outbox", waiting.sealedPayload, place).toString()) as Pick<
      Message,
      "to" | "text"
    >;
    await deps.send({ id: waiting.id, channel: "sms", to, text });
    await markSent(deps.db, waiting.id);
  } catch {
    // the carrier's own words may repeat number or code, so they are not logged here
    deps.log.warn("a message could not be handed to the carrier", {
      message: waiting.id,
      attempt: waiting.attempts,
    });
    await markFailed(deps.db, waiting).catch(() => undefined);
  }
}
