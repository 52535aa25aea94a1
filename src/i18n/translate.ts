/** What people read, in their language: one JSON file a language, the same keys in each. */

import en from "./en.json" with { type: "json" };
import sv from "./sv.json" with { type: "json" };

export const languages = { en, sv } satisfies Record<string, Record<keyof typeof en, string>>;
export type Language = keyof typeof languages;
export type TextKey = keyof typeof en;

/** `sv-SE`, `SV` and `sv` are Swedish; what we do not speak is English. */
export function languageOf(tag: string | null | undefined): Language {
  const primary = tag?.toLowerCase().split("-")[0];
  return primary !== undefined && Object.hasOwn(languages, primary) ? (primary as Language) : "en";
}

export function translate(language: Language, key: TextKey, values: Record<string, string | number> = {}): string {
  return languages[language][key].replaceAll(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}
