// Signing in with the authenticator app: one browser with the sign-in pages, another with the app.
import type { Browser, Page } from "@playwright/test";
import { setUpDevice } from "./authenticator.ts";
import type { Person, Server } from "./server.ts";
import { choose, expectSignedIn, forget, givePassword, wrongCode } from "./sign-in.ts";
import { expect, test } from "./test.ts";

type Start = { page: Page; server: Server; browser: Browser };

/** In the wizard: the link on the page is opened on the phone, and the page goes on by itself. */
async function setUp(page: Page, { browser, server }: Start): Promise<Page> {
  await choose(page, "push");
  const link = await page.locator("a[href*='#activate=']").getAttribute("href");
  const phone = await (await browser.newContext({ baseURL: server.baseUrl })).newPage();
  await phone.goto(link!);
  await setUpDevice(phone);
  await expect(page.getByRole("heading", { level: 1, name: "That works" })).toBeVisible();
  return phone;
}

/** Somebody new, who has set up the app on the way to their account. */
async function withApp(start: Start): Promise<{ person: Person; phone: Page }> {
  const { page, server } = start;
  const person = await server.addPerson({ text: false });
  await page.goto("/sign-in");
  await givePassword(page, person);
  const phone = await setUp(page, start);
  await page.getByRole("button", { name: "Done, continue" }).click();
  await expectSignedIn(page);
  return { person, phone };
}

const shownNumber = async (page: Page) =>
  (await page.locator(".number [aria-hidden]").innerText()).replaceAll(/\D/g, "");
async function approve(phone: Page, number: string): Promise<void> {
  await phone.getByLabel("Type the number that the sign-in page shows").fill(number);
  await phone.getByRole("button", { name: "Approve" }).click();
}

test("the app is set up by the link on the page, and asked from then on: a wrong number and a no end it, the number lets in", async ({
  page,
  server,
  browser,
}) => {
  const { person, phone } = await withApp({ page, server, browser });
  await forget(page);
  await page.goto("/sign-in");
  await givePassword(page, person);
  await approve(phone, (await shownNumber(page)) === wrongCode ? "000001" : wrongCode);
  await expect(page.getByRole("alert")).toContainText("That was not the number");
  await phone.getByRole("button", { name: "Done" }).click();
  await page.getByRole("button", { name: "Ask on my phone again" }).click();
  await phone.getByRole("button", { name: "Deny" }).click();
  await expect(page.getByRole("alert")).toContainText("You said no on your phone");
  await phone.getByRole("button", { name: "Done" }).click();
  await page.getByRole("button", { name: "Ask on my phone again" }).click();
  await approve(phone, await shownNumber(page));
  await expectSignedIn(page);
  await phone.context().close();
});

test("a device that is removed on the account's page says so in the app, and is set up again from there", async ({
  page,
  server,
  browser,
}) => {
  const start = { page, server, browser };
  const { person, phone } = await withApp(start);
  await server.addApp(person);
  await page.reload();
  await page.getByRole("button", { name: /^Remove: .* on / }).click();
  await page.getByRole("button", { name: "Remove it" }).click();
  await expect(page.getByText("The device is removed.")).toBeVisible();
  await phone.reload();
  await expect(phone.getByText("Authentication request is not for an activated account")).toBeVisible();
  await phone.context().close();
  await page.getByRole("button", { name: "Add a way to verify" }).click();
  const again = await setUp(page, start);
  await page.getByRole("button", { name: "Done, continue" }).click();
  await expect(page.getByRole("heading", { level: 4 })).toHaveCount(1);
  await again.context().close();
});

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });
  test("the page comes again by itself, and a button goes on", async ({ page, server }) => {
    const person = await server.addPerson({ text: false });
    await page.goto("/sign-in");
    await givePassword(page, person);
    await choose(page, "push");
    await server.addDevice(person, "phone");
    await expect(page.getByRole("alert")).toContainText("This code is too old");
    await page.getByRole("button", { name: "New code" }).click();
    await expect(page.locator(".qr")).toBeVisible();
  });
});
