// What people do on the sign-in pages, in any language: for the tests and for the states of the pages.
import { expect, type Page } from "@playwright/test";
import { type CodeApp, codeApp, type Person, type Server } from "./server.ts";

/** The browser's own check of a field is not what is tested. */
const press = async (page: Page) => await page.locator("main button").first().click();

export async function givePassword(page: Page, { username, password }: Pick<Person, "username" | "password">) {
  await page.locator("#username").fill(username);
  await page.locator("#password").fill(password);
  await press(page);
}

export async function giveCode(page: Page, code: string): Promise<void> {
  await page.locator("#code").fill(code);
  await press(page);
}

export const wrongCode = "000000";

/** Wrong codes, with the pauses between that the server demands, until the method is locked. */
export async function lockMethod(page: Page, server: Server): Promise<void> {
  await server.node.tell("settings set", { name: "lockout.after", text: "4" });
  await expect(async () => {
    if ((await page.locator("#code").count()) === 0) await press(page); // ended: begin again
    await giveCode(page, wrongCode);
    await expect(page.locator("a[href='/help/locked-out']")).toBeVisible({ timeout: 200 });
  }).toPass({ intervals: [0, 0, 0, 1000] });
  await server.node.tell("settings unset", { name: "lockout.after" });
}

export const choose = async (page: Page, kind: string) => await page.locator(`button[value=${kind}]`).click();

/** On the page that shows the key of an app: sets the app up and gives its first code. */
export async function setUpApp(page: Page): Promise<CodeApp> {
  const app = codeApp(await page.locator(".key code").innerText());
  await giveCode(page, await app.code());
  return app;
}

/** On the page of the choices: makes a passkey. */
export async function makePasskey(page: Page): Promise<void> {
  await choose(page, "passkey");
  await page.locator("form[data-passkey=create] button").click();
  await page.locator(".done").waitFor();
}

/** As in a browser that nobody has signed in with. A page that learns of it while it loads would lead on by itself. */
export async function forget(page: Page): Promise<void> {
  await page.waitForLoadState("networkidle");
  await page.goto("about:blank");
  await page.context().clearCookies();
}

export async function expectSignedIn(page: Page): Promise<void> {
  await expect(page).toHaveURL(/\/account$/);
}
