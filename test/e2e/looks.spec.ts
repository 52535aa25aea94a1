// Each state of each page, light and dark, small and large: WCAG as far as a machine can tell, nothing cut off, no error on
// the console. Getting there is what takes time, so every other state is looked at in Swedish and the rest in English, and
// all of them in both by `npm run torture -- looks`.
import type { Page } from "@playwright/test";
import { eachLook, languages, sizes } from "./looks.ts";
import { pages } from "./states.ts";
import { expect, expectAccessible, test, watchConsole } from "./test.ts";

/** WCAG 1.4.10: what has to be scrolled sideways is not read. */
const sideways = (page: Page) =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

/** What is pressed or written into is large enough for a thumb. */
const tooSmall = (page: Page) =>
  page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>("button, select, input:not([type=hidden])")]
      .map((one) => (one.matches("[type=checkbox], [type=radio]") ? (one.closest("label") ?? one) : one))
      .filter((one) => one.offsetParent !== null && one.getBoundingClientRect().height < 44)
      .map((one) => one.outerHTML),
  );

const inAll = process.env["EVERY_LANGUAGE"] !== undefined;
const all = Object.entries(pages).flatMap(([name, states]) =>
  Object.entries(states).map(([state, reach]) => ({ title: `${name}, ${state}`, reach })),
);

for (const [place, { title, reach }] of all.entries())
  test(`${title}: readable light and dark, small and large`, async ({ browser, server }) => {
    let errors: string[] = [];
    await eachLook(browser, {
      baseUrl: server.baseUrl,
      languages: inAll ? languages : [languages[place % languages.length]!],
      reach: async (page, language) => {
        errors = watchConsole(page.context());
        await reach(page, { server, language });
        await expect(page.locator("html")).toHaveAttribute("lang", language);
      },
      look: async (page, { size, colorScheme, language }) => {
        // The slow part, so in one look of each language: small and light in one, large and dark in the other.
        const english = language === "en";
        if ((size === "phone") === english && (colorScheme === "light") === english) await expectAccessible(page);
        if (size === "phone") await page.setViewportSize({ width: 320, height: 640 });
        expect(await sideways(page)).toBe(0);
        expect(await tooSmall(page)).toEqual([]);
        await page.setViewportSize(sizes[size]);
        expect(errors).toEqual([]);
      },
    });
  });
