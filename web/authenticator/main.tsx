// The authenticator app: codes, and requests to answer.
import { serviceWorker, showPage } from "../parts/page.tsx";
import { AuthenticatorApp } from "./app.tsx";
import { languageOf, sayIn } from "./words.ts";

const language = languageOf(undefined);
showPage(sayIn(language)("title"), language, <AuthenticatorApp />);
void navigator.serviceWorker.register(serviceWorker, { updateViaCache: "none" });
