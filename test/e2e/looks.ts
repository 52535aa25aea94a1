// Every page is looked at in eight looks: both languages, light and dark, on a phone and on a desk.
import type { Browser, Page } from "@playwright/test";

export const languages = ["sv", "en"] as const;
const colorSchemes = ["light", "dark"] as const;
export const sizes = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 800 } } as const;

export type Language = (typeof languages)[number];
export type Look = { language: Language; colorScheme: (typeof colorSchemes)[number]; size: keyof typeof sizes };

type Visit = {
  baseUrl: string;
  languages: readonly Language[];
  /** Brings a fresh page to where it is looked at; once for each language. */
  reach: (page: Page, language: Language) => Promise<void>;
  look: (page: Page, look: Look) => Promise<void>;
};

/** The language needs a new visit; colours and size change under the open page, as on a real machine. */
export async function eachLook(browser: Browser, { baseUrl, languages, reach, look }: Visit): Promise<void> {
  for (const language of languages) {
    const locale = language === "sv" ? "sv-SE" : "en-GB";
    const context = await browser.newContext({
      baseURL: baseUrl,
      locale,
      reducedMotion: "reduce",
      viewport: sizes.phone,
    });
    const page = await context.newPage();
    await reach(page, language);
    for (const size of ["phone", "desktop"] as const) {
      await page.setViewportSize(sizes[size]);
      for (const colorScheme of colorSchemes) {
        await page.emulateMedia({ colorScheme });
        await drawn(page);
        await look(page, { language, colorScheme, size });
      }
    }
    await context.close();
  }
}

/** Two frames later what was changed is on the screen. */
const drawn = (page: Page) =>
  page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
