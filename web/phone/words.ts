import type { Language } from "../parts/language.ts";
import en from "./words/en.json" with { type: "json" };
import sv from "./words/sv.json" with { type: "json" };

export type Word = keyof typeof en;
const dictionaries: Record<Language, Record<Word, string>> = { en, sv };
export type Say = (word: Word, values?: Record<string, string | number>) => string;

export const sayIn =
  (language: Language): Say =>
  (word, values = {}) =>
    dictionaries[language][word].replaceAll(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
