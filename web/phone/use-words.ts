import { createContext, use } from "react";
import type { Language } from "../parts/language.ts";
import { sayIn, type Say } from "./words.ts";

/** What every part of the page says things in; `now` moves on by itself, for times in words. */
export type Words = { language: Language; say: Say; now: number };

export const WordsContext = createContext<Words>({ language: "en", say: sayIn("en"), now: 0 });
export const useWords = (): Words => use(WordsContext);
