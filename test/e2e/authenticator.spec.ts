// The authenticator app, in a browser of its own.
import { expect, test } from "./test.ts";

test("the app can be installed, and opens when its server does not answer", async ({ page, server }) => {
  await page.goto("/authenticator/");
  await page.evaluate(async () => await navigator.serviceWorker.ready);
  const client = await page.context().newCDPSession(page);
  const { installabilityErrors } = await client.send("Page.getInstallabilityErrors");
  // a test's browser keeps nothing, so it installs nothing; everything else must be right
  expect(installabilityErrors.filter(({ errorId }) => errorId !== "in-incognito")).toEqual([]);
  await server.node.stop();
  try {
    await page.reload();
    await expect(page.getByRole("heading", { name: "No account on this device yet" })).toBeVisible();
  } finally {
    await server.node.start();
  }
});
