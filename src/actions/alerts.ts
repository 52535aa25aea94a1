/**
 * What administrators are told by mail, each kind of event to its own addresses (`notify.*`). Must stay true: an alert is queued
 * in the transaction of what it tells; it names people, applications and ids, never a whole number, a code or a secret.
 */

import type { Settings } from "#core/settings/index.ts";
import { languageOf, translate, type TextKey } from "#i18n/translate.ts";
import type { Run } from "#store/open.ts";
import { post } from "#store/outbox.ts";
import { sealed } from "./sealed.ts";
import type { Deps } from "./deps.ts";
import { momentIn } from "./notices.ts";

/** The list of addresses that each kind goes to; its words are `alert.<kind>.subject`, `.what` and `.next`. */
const recipients = {
  fraud_blocked: "notify.fraud",
  fraud_reported: "notify.fraud",
  fraud_let_in: "notify.fraud",
  person_blocked: "notify.block",
  person_unblocked: "notify.block",
  number_blocked: "notify.block",
  number_unblocked: "notify.block",
  destination_blocked: "notify.destinations",
  method_locked: "notify.lockout",
  push_paused: "notify.lockout",
  client_guessing: "notify.lockout",
} as const satisfies Record<string, keyof Settings>;
export type AlertKind = keyof typeof recipients;

/** `number` is masked; `destination` a country or a range of numbers; `userId` is whom it is about, so that it goes with them. */
export type Alert = { kind: AlertKind; userId?: string } & Partial<
  Record<"username" | "application" | "number" | "destination" | "correlationId", string | undefined>
>;

export async function raise(deps: Deps, run: Run, alert: Alert): Promise<void> {
  const settings = deps.settings.values();
  const at = deps.clock.now();
  const language = languageOf(settings["notify.language"]);
  const { kind, username, application, number, destination = "", correlationId } = alert;
  const values = { username: username ?? "", application: application ?? "", id: correlationId ?? "", destination };
  const say = (key: TextKey, more: Record<string, string> = {}) => translate(language, key, { ...values, ...more });
  const facts = [
    username !== undefined && say("notice.account"),
    number !== undefined && say("alert.number", { number }),
    application !== undefined && say("alert.application"),
    say("notice.when", { when: momentIn(language, at) }),
    correlationId !== undefined && say("alert.correlation"),
    say("alert.server", { url: deps.db.node.publicUrl }),
  ].filter((line) => line !== false);
  const text = [say(`alert.${kind}.what`), facts.join("\n"), say(`alert.${kind}.next`)].join("\n\n");
  const mail = { channel: "email", subject: say(`alert.${kind}.subject`), text: `${text}\n` } as const;
  await post(
    run,
    settings[recipients[kind]].map((to) => {
      const message = sealed(deps, { ...mail, id: deps.random.id("msg_"), to });
      return { ...message, at, challenge_id: null, user_id: alert.userId ?? null };
    }),
  );
}
