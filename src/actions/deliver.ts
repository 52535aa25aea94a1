import { markFailed, markSent, takeDue, type Channel, type Waiting } from "#store/outbox.ts";
import type { Deps, Message } from "./deps.ts";

const place = (id: string) => ({ table: "outbox", column: "sealed_payload", row: id });

/** A message as the outbox holds it: where it goes and what it says stay sealed until it is sent. */
export function sealed(deps: Deps, { id, channel, ...payload }: Message) {
  const sealed_payload = deps.keys.seal("outbox", Buffer.from(JSON.stringify(payload)), place(id));
  return { id, channel: channel satisfies Channel, sealed_payload };
}

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
  const { id, channel, sealedPayload } = waiting;
  try {
    const payload = JSON.parse(deps.keys.unseal("outbox", sealedPayload, place(id)).toString()) as object;
    await deps.send({ ...payload, id, channel } as Message);
    await markSent(deps.db, id);
  } catch {
    // the carrier's own words may repeat address or code, so they are not logged here
    deps.log.warn("a message could not be handed to the carrier", { message: id, channel, attempt: waiting.attempts });
    await markFailed(deps.db, waiting).catch(() => undefined);
  }
}
