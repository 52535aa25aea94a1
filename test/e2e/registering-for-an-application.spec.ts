// A new person meets their first application: registered on the way, in at the end, and led nowhere else.
import type { Page } from "@playwright/test";
import type { Server } from "./server.ts";
import { choose, forget, giveCode, givePassword, setUpApp } from "./sign-in.ts";
import { expect, test } from "./test.ts";

async function addressOf({ node }: Server): Promise<string> {
  const shown = await node.ask<{ postLogoutUris: string[] }>(["application", "show", "Sample application"]);
  return shown.postLogoutUris[0]!;
}

async function startAtApplication(page: Page, server: Server): Promise<void> {
  await page.goto(await addressOf(server));
  await page.getByRole("link", { name: "Sign in" }).click();
  await expect(page.getByText("to continue to Sample application")).toBeVisible();
}

const expectInside = async (page: Page) =>
  await expect(page.getByRole("heading", { name: "Signed in as Eva Test" })).toBeVisible();

for (const javaScriptEnabled of [true, false])
  test.describe(javaScriptEnabled ? "in any browser" : "without JavaScript", () => {
    test.use({ javaScriptEnabled });
    test("a new person registers on the way into an application, and uses that the next time", async ({
      page,
      server,
    }) => {
      const person = await server.addPerson({ text: false });
      await startAtApplication(page, server);
      await givePassword(page, person);
      await choose(page, "totp");
      const app = await setUpApp(page);
      await page.getByRole("button", { name: "Done, continue" }).click();
      await expectInside(page);

      await forget(page);
      await startAtApplication(page, server);
      await givePassword(page, person);
      await giveCode(page, await app.code());
      await expectInside(page);
    });
  });

test("nobody is led to an address that the application has not registered", async ({ page, server }) => {
  const url = await addressOf(server);
  await page.goto(url);
  const asked = page.waitForRequest(/client_id=/);
  await page.getByRole("link", { name: "Sign in" }).click();
  const elsewhere = new URL((await asked).url());
  for (const stranger of [
    "https://stranger.test/callback",
    `${url}callback/../stranger`,
    `${url}callback?to=stranger`,
  ]) {
    elsewhere.searchParams.set("redirect_uri", stranger);
    await page.goto(elsewhere.href);
    expect(new URL(page.url()).origin).toBe(server.baseUrl);
    await expect(page.getByRole("alert")).toContainText("not registered");
  }
});
