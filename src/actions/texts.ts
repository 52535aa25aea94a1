import type { Person } from "#core/facts.ts";
import { languageOf, translate } from "#i18n/translate.ts";

/** The text that carries a code: service and purpose, never a name, a link or what an attacker chose. */
export function textFor({
  person,
  application,
  code,
}: {
  person: Pick<Person, "language">;
  application: string;
  code: string;
}): string {
  return translate(languageOf(person.language), "sms.code", { code, application });
}
