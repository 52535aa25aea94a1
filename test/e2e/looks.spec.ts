// Each state of each page in each look: WCAG as far as a machine can tell, nothing cut off, no error on the console.
import type { Page } from "@playwright/test";
import { eachLook, sizes } from "./looks.ts";
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

for (const [name, states] of Object.entries(pages))
  for (const [state, reach] of Object.entries(states))
    test(`${name}, ${state}: readable in both languages, light and dark, small and large`, async ({
      browser,
      server,
    }) => {
      let errors: string[] = [];
      await eachLook(browser, {
        baseUrl: server.baseUrl,
        reach: async (page, language) => {
          errors = watchConsole(page.context());
          await reach(page, { server, language });
          await expect(page.locator("html")).toHaveAttribute("lang", language);
        },
        look: async (page, { size, colorScheme, language }) => {
          // The slow part, so in two of the eight, which differ in all three.
          const [small, light, english] = [size === "phone", colorScheme === "light", language === "en"];
          if (small === light && light === english) await expectAccessible(page);
          if (size === "phone") await page.setViewportSize({ width: 320, height: 640 });
          expect(await sideways(page)).toBe(0);
          expect(await tooSmall(page)).toEqual([]);
          await page.setViewportSize(sizes[size]);
          expect(errors).toEqual([]);
        },
      });
    });
