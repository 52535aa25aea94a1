import type { Person } from "#core/facts.ts";
import { languageOf, translate } from "#i18n/translate.ts";

/** The text that carries a code: service and purpose, never a name, a link or what an attacker chose. */
export function textFor({
  person,
  application,
  code,
  reply,
}: {
  person: Pick<Person, "language">;
  application: string;
  code: string;
  /** it is answered with the code, and not typed */
  reply?: true | undefined;
}): string {
  return translate(languageOf(person.language), reply ? "sms.reply" : "sms.code", { code, application });
}
