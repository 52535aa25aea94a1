// People look after their own account in a browser: what changes something asks who they are, and leads back to it.
import type { Page } from "@playwright/test";
import { expectSignedIn, giveCode, givePassword, setUpApp } from "./sign-in.ts";
import type { Server } from "./server.ts";
import { expect, expectAccessible, test } from "./test.ts";

async function signedIn(page: Page, server: Server) {
  const person = await server.addPerson();
  const app = await server.addApp(person);
  await page.goto("/sign-in");
  await givePassword(page, person);
  await giveCode(page, await app.code());
  await expectSignedIn(page);
  return { person, app };
}

const card = (page: Page, name: string) => page.locator("li").filter({ has: page.getByRole("heading", { name }) });

test("the account says what protects it, and a method is renamed", async ({ page, server }) => {
  await signedIn(page, server);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(
    "Your sign-in is protected by codes from an app or token and text messages",
  );
  await expect(page.getByText("Your account: signed in with codes from an app or token")).toBeVisible();
  await expectAccessible(page);
  await rename(page, "My work phone");
  await expect(card(page, "My work phone")).toBeVisible();
  await expect(page.getByText("The name is saved.")).toBeVisible();
});

test("a method is removed after a word of warning, and the last one stays", async ({ page, server }) => {
  await signedIn(page, server);
  const remove = async (name: string) => {
    await card(page, name).getByRole("button", { name: "Remove" }).click();
    await expect(card(page, name)).toContainText("You can no longer sign in with it");
    await page.getByRole("button", { name: "Remove it" }).click();
  };
  await remove("Text message");
  await expect(card(page, "Text message")).toHaveCount(0);
  await remove("phone");
  await expect(page.getByRole("alert")).toContainText("That is your last way to verify");
  await expect(card(page, "phone")).toBeVisible();
});

/** Signed in with the password alone, in a browser that is remembered: that is too little for a change. */
async function rememberedOnly(page: Page, server: Server) {
  const person = await server.addPerson();
  const app = await server.addApp(person);
  await page.goto("/sign-in");
  await givePassword(page, person);
  await page.getByLabel("Don't ask again in this browser").check();
  await giveCode(page, await app.code());
  await expectSignedIn(page);
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.goto("/sign-in");
  await givePassword(page, person);
  await expectSignedIn(page);
  return app;
}

async function rename(page: Page, name: string): Promise<void> {
  await card(page, "phone").getByRole("button", { name: "Rename" }).click();
  await page.getByRole("textbox", { name: "Name" }).fill(name);
  await page.getByRole("button", { name: "Save" }).click();
}

test("a change asks who it is when that was not lately, and is made when they are back", async ({ page, server }) => {
  const app = await rememberedOnly(page, server);
  await rename(page, "My work phone");
  await giveCode(page, await app.code());
  await expect(page).toHaveURL(/\/account#methods$/);
  await expect(card(page, "My work phone")).toBeVisible();
  await expect(page.getByText("The name is saved.")).toBeVisible();
});

test("who comes back without having verified is told so, and is not sent away again", async ({ page, server }) => {
  await rememberedOnly(page, server);
  await rename(page, "My work phone");
  await page.locator("#code").waitFor();
  await page.goto("/account");
  await expect(page.getByRole("alert")).toContainText("you have not verified that it is you");
  await expect(card(page, "phone")).toBeVisible();
  await page.reload();
  await expect(card(page, "phone")).toBeVisible();
  await expect(page.getByRole("alert")).toHaveCount(0);
});

test("a password is changed, and the old one is good no more", async ({ page, server }) => {
  const { person } = await signedIn(page, server);
  await page.getByRole("link", { name: "Password and language" }).click();
  await page.getByRole("button", { name: "Change password" }).click();
  const fill = async (current: string, next: string) => {
    await page.getByLabel("Current password").fill(current);
    await page.getByLabel("New password", { exact: true }).fill(next);
    await page.getByLabel("New password once more").fill(next);
    await page.getByRole("button", { name: "Change password" }).click();
  };
  await fill(person.password, "password1234");
  await expect(page.getByRole("alert")).toContainText("one of the first that anyone tries");
  await fill(person.password, "a long sentence of mine");
  await expect(page.getByText("Your password is changed.")).toBeVisible();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.goto("/sign-in");
  await givePassword(page, person);
  await expect(page.getByRole("alert")).toBeVisible();
  await givePassword(page, { ...person, password: "a long sentence of mine" });
  await page.locator("#code").waitFor();
});

test("recovery codes are shown once", async ({ page, server }) => {
  await signedIn(page, server);
  await page.getByRole("link", { name: "Password and language" }).click();
  await page.getByRole("button", { name: "Make new codes" }).click();
  await expect(page.locator("ol code")).toHaveCount(10);
  await page.getByRole("button", { name: "I have saved them" }).click();
  await expect(page.getByText("You have 10 codes left.")).toBeVisible();
});

test("another browser is signed out from here", async ({ page, server, browser }) => {
  const { person, app } = await signedIn(page, server);
  const context = await browser.newContext({ baseURL: server.baseUrl });
  const other = await context.newPage();
  await other.goto("/sign-in");
  await givePassword(other, person);
  await giveCode(other, await app.code());
  await expectSignedIn(other);
  await page.getByRole("link", { name: "Devices" }).click();
  await page.locator("li").getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByText("You are signed in nowhere else.")).toBeVisible();
  await other.goto("/account");
  await expect(other.getByLabel("User name")).toBeVisible();
  await context.close();
});

test("the language that is chosen is the person's", async ({ page, server }) => {
  await signedIn(page, server);
  await page.getByRole("link", { name: "Password and language" }).click();
  await page.getByLabel("Language").selectOption("Svenska");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Lösenord och språk");
  await expect(page.locator("html")).toHaveAttribute("lang", "sv");
});

test("the first load is small", async ({ page, server }) => {
  let octets = 0;
  page.on("response", (response) => {
    if (!response.url().includes("/account") && !response.url().includes("/assets/")) return;
    void response
      .request()
      .sizes()
      .then(({ responseBodySize }) => (octets += responseBodySize));
  });
  await signedIn(page, server);
  await expect(page.getByText("signed in with codes")).toBeVisible();
  await page.waitForLoadState("networkidle");
  expect(octets).toBeGreaterThan(50_000);
  expect(octets).toBeLessThan(250_000);
});

test("a method is added by the pages of the sign-in, which lead back", async ({ page, server }) => {
  await signedIn(page, server);
  await page.getByRole("button", { name: "Add a way to verify" }).first().click();
  await expect(page.getByRole("heading", { level: 1 })).not.toContainText("protected");
  await page.locator("button[value=totp]").click();
  await setUpApp(page);
  await page.getByRole("button", { name: "Done, continue" }).click();
  await expect(page).toHaveURL(/\/account#methods$/);
  await expect(page.getByRole("heading", { level: 3, name: "App or token" })).toBeVisible();
});
