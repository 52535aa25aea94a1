// The account's page: what protects somebody's sign-in, and what they can change about it.
import { chooseLanguage } from "../parts/language.ts";
import { showPage } from "../parts/page.tsx";
import { AccountPage } from "./account.tsx";
import { sayIn } from "./words.ts";

const language = chooseLanguage(navigator.languages);
showPage(sayIn(language)("title"), language, <AccountPage />);
