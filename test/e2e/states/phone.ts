// The evaluation's phone, with messages made up, so that it looks the same every time.
import type { Page } from "@playwright/test";
import type { States } from "./state.ts";

const texts = {
  en: "482913 is your verification code for Head office. Never share it. If you are not signing in now, tell your support.",
  sv: "482913 är din verifieringskod för Huvudkontoret. Dela den aldrig. Om du inte loggar in nu, meddela din support.",
};
const long = "A message without a code and with anunusuallylongwordthatnobodywouldeverwritebutthatmustnotbreakthepage.";

const showMessages = async (page: Page, messages: object[]) => {
  await page.route("**/phone/messages", (route) => route.fulfill({ json: { messages } }));
  await page.goto("/phone");
};

export const phoneStates: States = {
  empty: async (page) => {
    await showMessages(page, []);
    await page.getByRole("heading", { level: 2 }).waitFor();
  },
  messages: async (page, { language }) => {
    const message = { id: "msg_1", to: "+46701740605", kind: "text", text: texts[language], at: Date.now() - 90_000 };
    const other = { ...message, id: "msg_3", to: "+46701740699", at: Date.now() - 86_400_000 * 3 };
    await showMessages(page, [message, { ...message, id: "msg_2", text: long, at: Date.now() - 7_300_000 }, other]);
    await page.getByRole("listitem").first().waitFor();
  },
  "no answer": async (page) => {
    await page.route("**/phone/messages", (route) => route.fulfill({ status: 503 }));
    await page.goto("/phone");
    await page.getByRole("alert").waitFor();
  },
};
