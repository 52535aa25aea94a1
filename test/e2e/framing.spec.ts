// no page of ours shows inside somebody else's, who could lay their own over it.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Response } from "@playwright/test";
import { expect, test } from "./test.ts";

/** Somebody else's page with one of ours in a frame. */
async function framingPage(address: string) {
  const html = `<!doctype html><link rel="icon" href="data:,"><iframe src="${address}"></iframe>`;
  const server = createServer((_request, response) => response.setHeader("content-type", "text/html").end(html));
  await once(server.listen(0, "127.0.0.1"), "listening");
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, close: () => server.close() };
}

for (const path of ["/phone", "/mail", "/sign-in", "/account", "/sign-out", "/help", "/authenticator/"])
  test(`a stranger's page cannot frame ${path}`, async ({ page, server, consoleErrors }) => {
    const stranger = await framingPage(server.baseUrl + path);
    const isOurs = (answer: Response) => answer.url().startsWith(server.baseUrl) && answer.status() !== 303;
    await Promise.all([page.waitForResponse(isOurs, { timeout: 10_000 }), page.goto(stranger.url)]);
    stranger.close();
    await expect.poll(() => page.frames().map((frame) => frame.url())).toContain("chrome-error://chromewebdata/");
    // The browser says why; nothing else may be wrong.
    expect(consoleErrors.splice(0)).toEqual([expect.stringContaining("frame-ancestors 'none'")]);
  });
