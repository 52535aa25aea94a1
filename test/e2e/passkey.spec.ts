// Passkeys on the sign-in pages: made in the wizard, then instead of name and password, or as the second step.
import type { Page } from "@playwright/test";
import type { Server } from "./server.ts";
import { expectSignedIn, forget, givePassword, makePasskey } from "./sign-in.ts";
import { expect, test, virtualAuthenticator } from "./test.ts";

const withPasskey = (page: Page) => page.getByRole("button", { name: "Use a passkey" });

/** A person who has just registered a passkey and is signed in. */
async function registered({ page, server }: { page: Page; server: Server }) {
  const person = await server.addPerson({ text: false });
  const device = await virtualAuthenticator(page);
  await page.goto("/sign-in");
  await givePassword(page, person);
  await makePasskey(page);
  await page.getByRole("button", { name: "Done, continue" }).click();
  // it is proven by its first use
  await withPasskey(page).click();
  await expectSignedIn(page);
  return { person, device };
}

test("a person registers a passkey, and is in the next time without name and password", async ({ page, server }) => {
  const { device } = await registered({ page, server });
  expect(await device.passkeys()).toHaveLength(1);
  await device.setPresent(false);
  await forget(page);
  await page.goto("/sign-in");
  await expect(withPasskey(page)).toBeVisible();
  await device.setPresent(true);
  await withPasskey(page).click();
  await expectSignedIn(page);
});

test("a passkey chosen from the names that the browser offers signs in without a press", async ({ page, server }) => {
  await registered({ page, server });
  await forget(page);
  // the authenticator answers before the page has loaded whole, and the answer leads on
  await page.goto("/sign-in", { waitUntil: "commit" });
  await expectSignedIn(page);
});

test("after name and password the passkey is the second step", async ({ page, server }) => {
  const { person, device } = await registered({ page, server });
  await device.setPresent(false);
  await forget(page);
  await page.goto("/sign-in");
  await givePassword(page, person);
  await expect(page.getByText("Use your passkey")).toBeVisible();
  await device.setPresent(true);
  await withPasskey(page).click();
  await expectSignedIn(page);
});

test("a device that does not look at the person first signs nobody in", async ({ page, server }) => {
  const { device } = await registered({ page, server });
  await device.setUserVerified(false);
  await forget(page);
  await page.goto("/sign-in");
  await withPasskey(page).click();
  await expect(page.locator("[data-passkey-error]")).toBeVisible();
  await page.goto("/account");
  await expect(page.getByLabel("User name")).toBeVisible();
});

test("a passkey of a person who was removed is refused in words", async ({ page, server }) => {
  const { person, device } = await registered({ page, server });
  await device.setPresent(false);
  await server.node.tell("user remove", { username: person.username });
  await forget(page);
  await page.goto("/sign-in");
  await device.setPresent(true);
  await withPasskey(page).click();
  await expect(page.getByRole("alert")).toContainText("passkey was not accepted");
});
