import { chooseLanguage, type Language } from "../parts/language.ts";
import en from "./words/en.json" with { type: "json" };
import sv from "./words/sv.json" with { type: "json" };

export type Word = keyof typeof en;
export type Say = (word: Word, values?: Record<string, string | number>) => string;

const dictionaries: Record<Language, Record<Word, string>> = { en, sv };
const sayer =
  (language: Language): Say =>
  (word, values = {}) =>
    dictionaries[language][word].replaceAll(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
const sayers: Record<Language, Say> = { en: sayer("en"), sv: sayer("sv") };

/** The same each time, so that nothing is drawn anew for it. */
export const sayIn = (language: Language): Say => sayers[language];

/** As the person chose, else as the device is set. */
export const languageOf = (chosen: Language | undefined): Language => chosen ?? chooseLanguage(navigator.languages);

/** A word for a code of the server's; a code that this app does not know yet reads as the group's "other". */
export const wordFor = (group: "problem" | "rule", code: string): Word => {
  const word = `${group}.${code}`;
  return Object.hasOwn(en, word) ? (word as Word) : `${group}.other`;
};
