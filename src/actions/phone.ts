import { phoneReader } from "#core/phone.ts";
import { listMessages, saveMessage } from "#store/inbox.ts";
import type { Deps, Text } from "./deps.ts";

/** The simulated phones of the evaluation: what a carrier would have delivered, kept sealed like every message. */

export type PhoneMessage = { id: string; at: number; to: string; text: string };
const shown = 200;
const place = (id: string) => ({ table: "phone_message", column: "sealed_payload", row: id });

/** The simulated carrier's `send`. */
export async function keepMessage(deps: Pick<Deps, "db" | "keys" | "clock">, { id, to, text }: Text): Promise<void> {
  const payload = Buffer.from(JSON.stringify({ to, text }));
  const sealedPayload = deps.keys.seal("outbox", payload, place(id));
  await saveMessage(deps.db, "phone_message", { id, sealedPayload, at: deps.clock.now() });
}

/** The newest messages, of one phone or of all, newest first. */
export async function readInbox(deps: Deps, number?: string): Promise<PhoneMessage[]> {
  const wanted = number === undefined ? undefined : await e164(deps, number);
  const rows = await listMessages(deps.db, "phone_message", shown);
  const messages = rows.map(({ id, at, sealedPayload }) => {
    const payload = deps.keys.unseal("outbox", sealedPayload, place(id)).toString();
    return { id, at, ...(JSON.parse(payload) as { to: string; text: string }) };
  });
  return wanted === undefined ? messages : messages.filter(({ to }) => to === wanted);
}

async function e164(deps: Deps, number: string): Promise<string> {
  const read = (await phoneReader())(number, deps.settings.values()["phone.default-country"]);
  return read.ok ? read.number : number;
}
