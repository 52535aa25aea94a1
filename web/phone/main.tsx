// The evaluation's phones: what the simulated carrier delivered, and rings, for whoever tries the product.
import { showPage } from "../parts/page.tsx";
import { chooseLanguage } from "../parts/language.ts";
import { PhonesPage } from "./phones-page.tsx";
import { sayIn } from "./words.ts";

const language = chooseLanguage(navigator.languages);
showPage(`${sayIn(language)("title")} · Countersign`, language, <PhonesPage language={language} />);
