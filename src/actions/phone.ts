import { phoneReader } from "#core/phone.ts";
import { listMessages, saveMessage } from "#store/inbox.ts";
import type { Deps } from "./deps.ts";

/** What the evaluation's simulated phones have received and sent, kept sealed like every message. */

/** `from` is the sender as the phone shows it; `callbackUrl` is of the gateway that a reply goes to. */
type Kept = { to: string; text: string; from?: string; callbackUrl?: string; reply?: true };
export type PhoneText = Kept & { id: string; at: number };
export type PhoneMessage = { id: string; at: number; to: string; text: string };
const shown = 200;
const place = (id: string) => ({ table: "phone_message", column: "sealed_payload", row: id });

export async function keepMessage(
  deps: Pick<Deps, "db" | "keys" | "clock">,
  { id, ...kept }: Kept & { id: string },
): Promise<void> {
  const sealedPayload = deps.keys.seal("outbox", Buffer.from(JSON.stringify(kept)), place(id));
  await saveMessage(deps.db, "phone_message", { id, sealedPayload, at: deps.clock.now() });
}

/** Newest first. */
export async function readTexts(deps: Deps): Promise<PhoneText[]> {
  const rows = await listMessages(deps.db, "phone_message", shown);
  return rows.map(({ id, at, sealedPayload }) => {
    const payload = deps.keys.unseal("outbox", sealedPayload, place(id)).toString();
    return { id, at, ...(JSON.parse(payload) as Kept) };
  });
}

/** What was received, on one phone or on all, newest first. */
export async function readInbox(deps: Deps, number?: string): Promise<PhoneMessage[]> {
  const wanted = number === undefined ? undefined : await e164(deps, number);
  const texts = (await readTexts(deps)).filter(({ reply }) => !reply);
  const messages = texts.map(({ id, at, to, text }) => ({ id, at, to, text }));
  return wanted === undefined ? messages : messages.filter(({ to }) => to === wanted);
}

async function e164(deps: Deps, number: string): Promise<string> {
  const read = (await phoneReader())(number, deps.settings.values()["phone.default-country"]);
  return read.ok ? read.number : number;
}
