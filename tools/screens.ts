// npm run screens [page…]: a contact sheet of every state of every page in its eight looks into docs/screens/, for a
// person to look at. The states are those that the browser tests check (test/e2e/states.ts).
import { type Browser, chromium, type Page } from "@playwright/test";
import { mkdirSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { chromiumLaunch } from "../test/e2e/chromium.ts";
import { eachLook, languages, type Look, sizes } from "../test/e2e/looks.ts";
import { startServer } from "../test/e2e/server.ts";
import { pages } from "../test/e2e/states.ts";
import { ensurePages } from "./pages.ts";

type Shot = Look & { image: string };

const folder = fileURLToPath(new URL("../docs/screens/", import.meta.url));
const largestBytes = 400_000;
/** A page longer than this is cut: what matters is above. */
const longestPx = { phone: 1400, desktop: 1000 };

async function shoot(page: Page, size: Look["size"]): Promise<string> {
  const { width, height } = sizes[size];
  const long = await page.evaluate("document.documentElement.scrollHeight");
  const clip = { x: 0, y: 0, width, height: Math.min(Math.max(Number(long), height), longestPx[size]) };
  return `data:image/png;base64,${(await page.screenshot({ fullPage: true, clip })).toString("base64")}`;
}

const css = `
  body { margin: 0; padding: 16px; width: 1608px; background: #8a9391; font: 14px sans-serif; }
  h1 { font-size: 20px; margin: 0 0 12px; }
  section { display: flex; flex-wrap: wrap; gap: 16px; align-items: start; margin-bottom: 16px; }
  figure { margin: 0; } img { display: block; } figcaption { padding: 4px 0; }
  .phone img { width: 390px; } .desktop img { width: 796px; }`;

function sheet(title: string, shots: readonly Shot[]): string {
  const figures = (size: Look["size"]) =>
    shots
      .filter((shot) => shot.size === size)
      .map(({ language, colorScheme, image }) => {
        return `<figure><img src="${image}"><figcaption>${language}, ${colorScheme}, ${sizes[size].width} px</figcaption></figure>`;
      })
      .join("");
  const rows = (["phone", "desktop"] as const).map((size) => `<section class="${size}">${figures(size)}</section>`);
  return `<!doctype html><style>${css}</style><h1>${title}</h1>${rows.join("")}`;
}

/** Smaller until the file is small enough to keep in a repository. */
async function writeSheet(browser: Browser, html: string, path: string): Promise<void> {
  for (const deviceScaleFactor of [0.75, 0.5, 0.35]) {
    const context = await browser.newContext({ deviceScaleFactor, viewport: { width: 1640, height: 800 } });
    const page = await context.newPage();
    await page.setContent(html);
    await page.screenshot({ path, fullPage: true });
    await context.close();
    if (statSync(path).size <= largestBytes) return;
  }
}

async function main(wanted: readonly string[]): Promise<void> {
  ensurePages();
  mkdirSync(folder, { recursive: true });
  const [browser, server] = [await chromium.launch(chromiumLaunch()), await startServer()];
  try {
    for (const [name, states] of Object.entries(pages))
      for (const [state, reach] of Object.entries(states)) {
        const file = `${name}-${state.replaceAll(/\W+/g, "-")}.png`;
        if (wanted.length > 0 && !wanted.some((word) => file.startsWith(word))) continue;
        const shots: Shot[] = [];
        await eachLook(browser, {
          baseUrl: server.baseUrl,
          languages,
          reach: (page, language) => reach(page, { server, language }),
          look: async (page, look) => void shots.push({ ...look, image: await shoot(page, look.size) }),
        });
        await writeSheet(browser, sheet(`${name}: ${state}`, shots), `${folder}${file}`);
        console.log(`docs/screens/${file}`);
      }
  } finally {
    await browser.close();
    await server.stop();
  }
}

await main(process.argv.slice(2));
