import type { Channel } from "#store/outbox.ts";
import type { Deps, Message } from "./deps.ts";

/** A message as the outbox holds it: where it goes and what it says stay sealed until it is sent. */

const place = (id: string) => ({ table: "outbox", column: "sealed_payload", row: id });

export function sealed(deps: Deps, { id, channel, ...payload }: Message) {
  const sealed_payload = deps.keys.seal("outbox", Buffer.from(JSON.stringify(payload)), place(id));
  return { id, channel: channel satisfies Channel, sealed_payload };
}

export const unsealed = (deps: Deps, { id, sealedPayload }: { id: string; sealedPayload: Uint8Array }): object =>
  JSON.parse(deps.keys.unseal("outbox", sealedPayload, place(id)).toString()) as object;
