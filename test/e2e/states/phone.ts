// The evaluation's phones, with what is on them made up, so that they look the same every time.
import type { Page } from "@playwright/test";
import type { Language } from "../looks.ts";
import type { States } from "./state.ts";

const code = {
  en: "482913 is your verification code for Head office. Never share it. If you are not signing in now, tell your support.",
  sv: "482913 är din verifieringskod för Huvudkontoret. Dela den aldrig. Om du inte loggar in nu, meddela din support.",
};
const reply = {
  en: "Head office: reply with the code 195 204 to sign in. Not you? Reply 0.",
  sv: "Huvudkontoret: svara med koden 195 204 för att logga in. Inte du? Svara 0.",
};
const greeting = {
  en: "This is your sign-in verification for Head office. Type the number that you see on the page and end with hash. If you are not signing in now, press zero and hash.",
  sv: "Det här är verifieringen av din inloggning till Huvudkontoret. Slå numret som du ser på sidan och avsluta med fyrkant. Om du inte loggar in nu, tryck noll och fyrkant.",
};
const wrong = {
  en: "That was not the number. Type the number that you see on the page and end with hash.",
  sv: "Det var inte numret. Slå numret som du ser på sidan och avsluta med fyrkant.",
};
const long = "A message without a code and with anunusuallylongwordthatnobodywouldeverwritebutthatmustnotbreakthepage.";

const ours = "+46701740699";
const bo = "+46701740605";
const ada = "+46701740606";
const cleo = "+358401234567";
const switches = { texts: "at_once", delaySeconds: 20, calls: "ring" };
const phone = (number: string, more: object = {}) => ({ number, switches, texts: [], past: [], ...more });
const text = (id: string, ago: number, more: object) => ({ id, at: Date.now() - ago, from: ours, to: bo, ...more });
const call = (more: object) => ({
  id: "dlv_9",
  from: ours,
  at: Date.now() - 40_000,
  state: "ringing",
  voicemail: false,
  said: [],
  hears: false,
  keys: "",
  ...more,
});
const said = (language: Language, ...lines: Record<Language, string>[]) =>
  lines.map((line) => ({ language, words: [{ text: line[language] }] }));

/** What is shown when the stream ends after its first word: nothing else comes. */
async function show(page: Page, phones: object[]): Promise<void> {
  const body = `retry: 3600000\n\ndata: ${JSON.stringify({ phones })}\n\n`;
  await page.route("**/phone/events", (route) => route.fulfill({ contentType: "text/event-stream", body }));
  await page.goto("/phone");
  await page.locator("h2").first().waitFor();
}

export const phoneStates: States = {
  empty: async (page) => {
    await show(page, []);
  },
  messages: async (page, { language }) => {
    const texts = [
      text("a", 86_400_000, { text: long, from: "Countersign" }),
      text("b", 7_300_000, { text: reply[language] }),
      text("c", 7_200_000, { text: "195204", from: bo, to: ours }),
      text("d", 90_000, { text: code[language] }),
    ];
    const past = [
      call({
        id: "p",
        at: Date.now() - 3_600_000,
        ended: { at: Date.now() - 3_570_000, how: "hung_up" },
        said: said(language, greeting),
      }),
      call({ id: "q", at: Date.now() - 1_800_000, ended: { at: Date.now() - 1_800_000, how: "busy" } }),
    ];
    const late = { texts: "delayed", delaySeconds: 30, calls: "voicemail" };
    await show(page, [
      phone(bo, { name: "Bo Exempel", texts, past }),
      phone(ada, { name: "Ada Maria Katarina Wolfeschlegelsteinhausenbergerdorff-Lindström", switches: late }),
      phone(cleo, { texts: [text("e", 4000, { to: cleo, text: code[language] })] }),
    ]);
    await page
      .locator("summary")
      .filter({ hasText: /^(Nät|Network)$/ })
      .nth(1)
      .click();
  },
  "a call": async (page, { language }) => {
    const lines = said(language, greeting, wrong);
    const ended = { at: Date.now(), how: "hung_up" };
    await show(page, [
      phone(bo, { name: "Bo Exempel", call: call({}) }),
      phone(ada, { name: "Ada Exempel", call: call({ state: "listening", said: lines, hears: true, keys: "4829" }) }),
      phone(cleo, { call: call({ state: "ended", said: lines, ended }) }),
    ]);
  },
  "no answer": async (page) => {
    await page.route("**/phone/events", (route) => route.fulfill({ status: 503 }));
    await page.goto("/phone");
    await page.getByRole("alert").waitFor();
  },
};
