// Which of the languages we have the browser's owner reads best, and the time in its words.

const languages = ["en", "sv"] as const;
export type Language = (typeof languages)[number];

/** The first of the wanted languages ("sv-FI" is "sv") that we have; English otherwise. */
export function chooseLanguage(wanted: readonly string[]): Language {
  const bases = wanted.map((tag) => tag.split("-")[0]!.toLowerCase());
  return bases.map((base) => languages.find((language) => language === base)).find((found) => found) ?? "en";
}

/** "2 minutes ago"; after a day the date says more. */
export function timeInWords(at: number, moment: number, language: Language): string {
  const seconds = Math.round((at - moment) / 1000);
  const words = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  if (seconds > -60) return words.format(Math.min(0, seconds), "second");
  if (seconds > -3600) return words.format(Math.ceil(seconds / 60), "minute");
  if (seconds > -86_400) return words.format(Math.ceil(seconds / 3600), "hour");
  return exactTime(at, language);
}

/** "2 minutes": to the minute above one, to the second below. */
export function durationInWords(ms: number, language: Language): string {
  const minutes = ms > 60_000;
  const unit = minutes ? "minute" : "second";
  return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long" }).format(
    Math.round(ms / (minutes ? 60_000 : 1000)),
  );
}

export const exactTime = (at: number, language: Language) =>
  new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "medium" }).format(at);
