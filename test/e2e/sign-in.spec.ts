// Signing in with a browser, as people do it: with a mouse, with the keyboard alone, without JavaScript.
import type { Page } from "@playwright/test";
import type { Server } from "./server.ts";
import { choose, expectSignedIn, forget, giveCode, givePassword, lockMethod, setUpApp, wrongCode } from "./sign-in.ts";
import { expect, test } from "./test.ts";

type Start = { page: Page; server: Server };
const code = (page: Page) => page.getByLabel("Verification code");
const heading = (page: Page, name: string) => page.getByRole("heading", { level: 1, name });

/** A person with an app and a phone, at the page that asks for the app's code. */
async function atAppCode({ page, server }: Start) {
  const person = await server.addPerson();
  const app = await server.addApp(person);
  await page.goto("/sign-in");
  await givePassword(page, person);
  return { person, app };
}

async function signsInWithApp(start: Start) {
  const { app } = await atAppCode(start);
  await giveCode(start.page, await app.code());
  await expectSignedIn(start.page);
}

async function registersAndSignsIn({ page, server }: Start) {
  const person = await server.addPerson({ text: false });
  await page.goto("/sign-in");
  await givePassword(page, person);
  await expect(heading(page, "Set up your second step")).toBeVisible();
  await choose(page, "totp");
  const app = await setUpApp(page);
  await expect(heading(page, "That works")).toBeVisible();
  await page.getByRole("button", { name: "Done, continue" }).click();
  await expectSignedIn(page);
  return { person, app };
}

async function usesAText({ page, server }: Start) {
  const { person } = await atAppCode({ page, server });
  await page.getByRole("link", { name: "Use a different verification option" }).click();
  await page.getByRole("button", { name: `Text to •• ${person.phone.slice(-2)}` }).click();
  await giveCode(page, await server.textedCode(person.phone));
  await expectSignedIn(page);
}

for (const javaScriptEnabled of [true, false])
  test.describe(javaScriptEnabled ? "in any browser" : "without JavaScript", () => {
    test.use({ javaScriptEnabled });
    test("a person signs in with a code from their app", async ({ page, server }) => {
      await signsInWithApp({ page, server });
    });
    test("a new person registers an app and is in", async ({ page, server }) => {
      await registersAndSignsIn({ page, server });
    });
    test("a person uses a text instead of their app", async ({ page, server }) => {
      await usesAText({ page, server });
    });
  });

test("setting up an app begins with what to do, not with the field below it", async ({ page, server }) => {
  await page.setViewportSize({ width: 390, height: 600 });
  await page.goto("/sign-in");
  await givePassword(page, await server.addPerson({ text: false }));
  await choose(page, "totp");
  await expect(heading(page, "Set up an app")).toBeInViewport();
});

test("what was registered is asked for the next time", async ({ page, server }) => {
  const { person, app } = await registersAndSignsIn({ page, server });
  await forget(page);
  await page.goto("/sign-in");
  await givePassword(page, person);
  await giveCode(page, await app.code());
  await expectSignedIn(page);
});

test("the keyboard alone is enough, and each page has the focus where one goes on", async ({ page, server }) => {
  const person = await server.addPerson();
  const app = await server.addApp(person);
  await page.goto("/sign-in");
  await expect(page.getByLabel("User name")).toBeFocused();
  await page.keyboard.type(person.username);
  await page.keyboard.press("Tab");
  await page.keyboard.type(person.password);
  await page.keyboard.press("Enter");
  await expect(code(page)).toBeFocused();
  await page.keyboard.type(await app.code());
  await page.keyboard.press("Enter");
  await expectSignedIn(page);
});

test("a wrong code empties the field, keeps the focus, says so, and the right one still counts", async ({
  page,
  server,
}) => {
  const { app } = await atAppCode({ page, server });
  await giveCode(page, wrongCode);
  await expect(page.getByRole("alert")).toHaveText("That code is not right. Try again.");
  await expect(code(page)).toBeFocused();
  await expect(code(page)).toHaveValue("");
  await expect(code(page)).toHaveAttribute("aria-invalid", "true");
  await expect(code(page)).toHaveAccessibleDescription(/^That code is not right/);
  await giveCode(page, await app.code());
  await expectSignedIn(page);
});

test("a method with too many wrong codes says that it is locked, and another way is still open", async ({
  page,
  server,
}) => {
  const { person } = await atAppCode({ page, server });
  await lockMethod(page, server);
  await expect(page.getByRole("alert")).toContainText("locked");
  await page.goto("/sign-in");
  await givePassword(page, person);
  await giveCode(page, await server.textedCode(person.phone));
  await expectSignedIn(page);
});

test("a wrong password and an unknown name read the same", async ({ page, server }) => {
  const { username, password } = await server.addPerson();
  const seen = new Set<string>();
  for (const tried of [
    { username, password: "not the password" },
    { username: `no-${username}`, password },
  ]) {
    await page.goto("/sign-in");
    await givePassword(page, tried);
    await expect(page.getByRole("alert")).toBeVisible();
    seen.add(await page.locator("main").innerText());
  }
  expect(seen.size).toBe(1);
});

test("phones and browsers can fill in the code: its field says what it is, and takes what people paste", async ({
  page,
  server,
  context,
}) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const { app } = await atAppCode({ page, server });
  await expect(code(page)).toHaveAttribute("autocomplete", "one-time-code");
  await expect(code(page)).toHaveAttribute("inputmode", "numeric");
  const digits = await app.code();
  const pasted = ` ${digits.slice(0, 3)} ${digits.slice(3)} `;
  await page.evaluate((text) => navigator.clipboard.writeText(text), pasted);
  await code(page).focus();
  await page.keyboard.press("Control+V");
  await page.keyboard.press("Enter");
  await expectSignedIn(page);
});

test("password managers find name and password", async ({ page }) => {
  await page.goto("/sign-in");
  await expect(page.getByLabel("User name")).toHaveAttribute("autocomplete", /^username( webauthn)?$/);
  await expect(page.getByLabel("Password")).toHaveAttribute("autocomplete", "current-password");
});

test("a newer text makes the older code worthless", async ({ page, server }) => {
  const person = await server.addPerson();
  await page.goto("/sign-in");
  await givePassword(page, person);
  const first = await server.textedCode(person.phone);
  await page.getByRole("button", { name: "Send a new code" }).click();
  const second = await server.textedCode(person.phone, [first]);
  await giveCode(page, first);
  await expect(page.getByRole("alert")).toHaveText("That code is not right. Try again.");
  await giveCode(page, second);
  await expectSignedIn(page);
});

test("a browser that is to be remembered is asked for the password alone the next time", async ({ page, server }) => {
  const { person, app } = await atAppCode({ page, server });
  await page.getByLabel("Don't ask again in this browser").check();
  await giveCode(page, await app.code());
  await expectSignedIn(page);
  await page.goto("/sign-out");
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.goto("/sign-in");
  await givePassword(page, person);
  await expectSignedIn(page);
});

test("who signs out is asked again", async ({ page, server }) => {
  await signsInWithApp({ page, server });
  await page.goto("/sign-out");
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByLabel("User name")).toBeVisible();
  await page.goto("/account");
  await expect(page.getByLabel("User name")).toBeVisible();
});

test("going back to a page that was answered does nothing twice", async ({ page, server }) => {
  const { app } = await atAppCode({ page, server });
  await giveCode(page, await app.code());
  await expectSignedIn(page);
  await page.goBack();
  await page.reload();
  await expect(page.locator("body")).not.toContainText("Internal");
  await page.goto("/account");
  await expectSignedIn(page);
});

test("no script can read a cookie, and none is sent to us from elsewhere but by following a link", async ({
  page,
  server,
}) => {
  await signsInWithApp({ page, server });
  const cookies = await page.context().cookies();
  expect(cookies.length).toBeGreaterThan(0);
  for (const { httpOnly, sameSite, path } of cookies)
    expect({ httpOnly, sameSite, path }).toEqual({ httpOnly: true, sameSite: "Lax", path: "/" });
});

test("a page in another language stays in it", async ({ page, server }) => {
  await page.goto("/sign-in");
  await page.getByRole("link", { name: "Svenska" }).click();
  await expect(page.getByLabel("Användarnamn")).toBeVisible();
  await expect(page.locator("html")).toHaveAttribute("lang", "sv");
  await givePassword(page, { username: (await server.addPerson()).username, password: "fel lösenord" });
  await expect(page.getByRole("alert")).toHaveText("Namnet eller lösenordet stämmer inte. Försök igen.");
});

test("the ids of an error page are copied with one press", async ({ page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.goto("/help/no-such-question");
  await page.getByRole("button", { name: "Copy these details" }).click();
  await expect(page.getByText("Copied.")).toBeVisible();
  const copied = await page.evaluate(async () => await navigator.clipboard.readText());
  expect(copied).toMatch(/Error: CS-1008\n.*cor_[\w-]+\n/s);
});

test("no address that a link brings along is where a sign-in ends", async ({ page, server }) => {
  const { person, app } = await atAppCode({ page, server });
  const elsewhere = encodeURIComponent("https://stranger.test/");
  await page.goto(`/sign-in?returnTo=${elsewhere}`);
  await expect(page.getByText("CS-1004")).toBeVisible();
  const names = ["return_to", "rd", "next", "redirect_uri", "continue"];
  await page.goto(`/sign-in?${names.map((name) => `${name}=${elsewhere}`).join("&")}`);
  await givePassword(page, person);
  await giveCode(page, await app.code());
  await expectSignedIn(page);
});
