import type { Language } from "../parts/language.ts";
import en from "./words/en.json" with { type: "json" };
import sv from "./words/sv.json" with { type: "json" };

export type Word = keyof typeof en;
export const dictionaries: Record<Language, Record<Word, string>> = { en, sv };
export type Say = (word: Word, values?: Record<string, string | number>) => string;

const sayer =
  (language: Language): Say =>
  (word, values = {}) =>
    dictionaries[language][word].replaceAll(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));

const sayers: Record<Language, Say> = { en: sayer("en"), sv: sayer("sv") };
/** The same each time, so that nothing is drawn anew for it. */
export const sayIn = (language: Language): Say => sayers[language];

/** A word for a kind of method; one that this page does not know yet is "other". */
export const ofKind = (group: "kind" | "by", kind: string | null): Word => {
  const word = `${group}.${kind}`;
  return Object.hasOwn(en, word) ? (word as Word) : `${group}.other`;
};
