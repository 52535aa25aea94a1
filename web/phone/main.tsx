// The evaluation's phone: what the simulated carrier delivered, for whoever tries the product.
import { showPage } from "../parts/page.tsx";
import { chooseLanguage } from "../parts/language.ts";
import { Phone } from "./phone.tsx";
import { dictionaries } from "./words.ts";

const language = chooseLanguage(navigator.languages);
showPage(`${dictionaries[language].title} · Countersign`, language, <Phone language={language} />);
