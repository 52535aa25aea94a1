// no page of ours shows inside somebody else's, who could lay their own over it.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "./test.ts";

/** Somebody else's page with one of ours in a frame. */
async function framingPage(address: string) {
  const html = `<!doctype html><link rel="icon" href="data:,"><iframe src="${address}"></iframe>`;
  const server = createServer((_request, response) => response.setHeader("content-type", "text/html").end(html));
  await once(server.listen(0, "127.0.0.1"), "listening");
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, close: () => server.close() };
}

for (const path of ["/phone"])
  test(`a stranger's page cannot frame ${path}`, async ({ page, server, consoleErrors }) => {
    const stranger = await framingPage(server.baseUrl + path);
    const asked = page.waitForResponse(server.baseUrl + path, { timeout: 10_000 });
    await Promise.all([asked, page.goto(stranger.url)]);
    stranger.close();
    expect((await asked).status()).toBe(200);
    await expect.poll(() => page.frames().map((frame) => frame.url())).toContain("chrome-error://chromewebdata/");
    // The browser says why; nothing else may be wrong.
    expect(consoleErrors.splice(0)).toEqual([expect.stringContaining("frame-ancestors 'none'")]);
  });
