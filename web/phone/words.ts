import type { Language } from "../parts/language.ts";
import en from "./words/en.json" with { type: "json" };
import sv from "./words/sv.json" with { type: "json" };

export type Words = typeof en;
export const dictionaries: Record<Language, Words> = { en, sv };

/** The sentence with the number in its place. */
export const withNumber = (sentence: string, number: string) => sentence.replace("{number}", () => number);
