import type { Person } from "#core/facts.ts";
import type { Settings } from "#core/settings/index.ts";
import { languageOf, translate } from "#i18n/translate.ts";
import type { Budget } from "#store/throttle.ts";

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

/** R-040, mission G20: what one more text to this person takes from. */
export const textBudgets = (settings: Settings, userId: string): Budget[] => [
  { id: `phone 10m ${userId}`, limit: settings["sms.per-ten-minutes"], windowMs: 600_000 },
  { id: `phone day ${userId}`, limit: settings["sms.per-day"], windowMs: 86_400_000 },
];
