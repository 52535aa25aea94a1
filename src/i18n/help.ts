/** The guide for people: one file a language in `help/`, with the same questions in the same order in each. */

import { readFileSync } from "node:fs";
import type { Language } from "./translate.ts";

export const readGuide = (language: Language): string =>
  readFileSync(new URL(`help/${language}.md`, import.meta.url), "utf8");
