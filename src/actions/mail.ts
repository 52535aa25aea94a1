import { listMessages, saveMessage } from "#store/inbox.ts";
import type { Deps, Mail } from "./deps.ts";

/** The simulated mailboxes of the evaluation: what a mail server would have delivered, kept sealed like every message. */

export type MailMessage = { id: string; at: number; to: string; subject: string; text: string };
const shown = 200;
const place = (id: string) => ({ table: "mail_message", column: "sealed_payload", row: id });

/** The simulated mail server's `send`. */
export async function keepMail(deps: Pick<Deps, "db" | "keys" | "clock">, mail: Mail): Promise<void> {
  const { id, to, subject, text } = mail;
  const sealedPayload = deps.keys.seal("outbox", Buffer.from(JSON.stringify({ to, subject, text })), place(id));
  await saveMessage(deps.db, "mail_message", { id, sealedPayload, at: deps.clock.now() });
}

/** The newest mail, of one address or of all, newest first. */
export async function readMail(deps: Deps, address?: string): Promise<MailMessage[]> {
  const rows = await listMessages(deps.db, "mail_message", shown);
  const mail = rows.map(({ id, at, sealedPayload }) => {
    const payload = deps.keys.unseal("outbox", sealedPayload, place(id)).toString();
    return { id, at, ...(JSON.parse(payload) as Pick<Mail, "to" | "subject" | "text">) };
  });
  return address === undefined ? mail : mail.filter(({ to }) => to.toLowerCase() === address.toLowerCase());
}
