/**
 * What people are told when something about their sign-in has changed, so that a change by somebody else does not stay
 * unseen. Must stay true: the notice is queued in the transaction of the change; it holds no secret and, as a text,
 * no link and no name.
 */

import type { Settings } from "#core/settings/index.ts";
import { languageOf, languages, translate, type Language, type TextKey } from "#i18n/translate.ts";
import type { NewMessage } from "#store/outbox.ts";
import type { Addressee } from "#store/people.ts";
import { sealed } from "./sealed.ts";
import type { Deps } from "./deps.ts";

export type NoticeKind =
  | "method_added"
  | "method_removed"
  | "method_suspended"
  | "method_restored"
  | "method_unlocked"
  | "method_resynchronised"
  | "method_locked"
  | "wrong_codes"
  | "recovery_code_used"
  | "password_changed"
  | "password_reset"
  | "number_changed"
  | "email_changed"
  | "pin_set"
  | "pin_changed"
  | "pin_expired"
  | "fraud_blocked"
  | "fraud_reported"
  | "person_blocked"
  | "person_unblocked"
  | "state_disabled"
  | "state_enabled"
  | "state_enforced"
  | "recovery_codes_made"
  | "temporary_pass_issued"
  | "re_registration_required"
  | "sessions_revoked"
  | "devices_forgotten";
export type Notice = {
  kind: NoticeKind;
  /** the kind of method it is about */
  method?: string;
  /** the address it was done from, when a person did it */
  from?: string | undefined;
  /** where it goes, when what changes is just that: who takes over an account would tell themselves */
  to?: Addressee;
};

/** To the person's e-mail, else by text to their number; nobody's who has neither. */
export function noticeOf(
  deps: Deps,
  { person, kind, method, from, at }: Omit<Notice, "to"> & { person: Addressee; at: number },
): (NewMessage & { at: number })[] {
  const { id: user_id, username, email, mobilePhone } = person;
  const language = languageOf(person.language);
  const say = (key: TextKey, values: Record<string, string> = {}) => translate(language, key, values);
  const what = say(`notice.${kind}`, { method: method === undefined ? "" : methodName(language, method) });
  const when = momentIn(language, at);
  const support = supportOf(deps.settings.values(), say("notice.support"));
  const about = { challenge_id: null, user_id, at };
  const id = deps.random.id("msg_");
  if (email === null) {
    if (mobilePhone === null) return [];
    const text = say("notice.text", { what, when, support });
    return [{ ...sealed(deps, { id, channel: "sms", to: mobilePhone, text }), ...about }];
  }
  const facts = [say("notice.account", { username }), say("notice.when", { when })];
  if (from !== undefined) facts.push(say("notice.from", { from }));
  const help = say("notice.help", { url: `${deps.db.node.publicUrl.replace(/\/$/, "")}/help` });
  // who is blocked by a report of their own has a call to make, as the first line says
  const fine = kind === "fraud_blocked" ? [] : [say("notice.fine")];
  const text = [what, facts.join("\n"), ...fine, `${say("notice.not-you", { support })}\n${help}`];
  const mail = {
    id,
    channel: "email",
    to: email,
    subject: say("notice.subject"),
    text: `${text.join("\n\n")}\n`,
  } as const;
  return [{ ...sealed(deps, mail), ...about }];
}

function methodName(language: Language, method: string): string {
  const key = `method.${method}`;
  return Object.hasOwn(languages[language], key) ? translate(language, key as TextKey) : method;
}

/** In the server's time zone, which is the organisation's, with its distance from UTC. */
export function momentIn(language: Language, at: number): string {
  const date = new Date(at);
  const minutes = -date.getTimezoneOffset();
  const two = (value: number) => String(Math.floor(Math.abs(value))).padStart(2, "0");
  const locale = { en: "en-GB", sv: "sv-SE" }[language];
  const shown = new Intl.DateTimeFormat(locale, { dateStyle: "long", timeStyle: "short" }).format(date);
  return `${shown} (UTC${minutes < 0 ? "-" : "+"}${two(minutes / 60)}:${two(minutes % 60)})`;
}

function supportOf(settings: Settings, nameless: string): string {
  const ways = (["support.phone", "support.email", "support.hours"] as const).map((name) => settings[name]);
  const shown = ways.filter((way) => way !== "").join(", ");
  return (settings["support.name"] || nameless) + (shown === "" ? "" : ` (${shown})`);
}
