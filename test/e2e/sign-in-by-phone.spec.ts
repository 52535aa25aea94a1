// Signing in with a call or a reply, with the simulated phones in somebody's hand.
import type { Page } from "@playwright/test";
import { onPhone } from "./phones.ts";
import type { Server } from "./server.ts";
import { choose, expectSignedIn, giveCode, givePassword } from "./sign-in.ts";
import { expect, test } from "./test.ts";

type Start = { page: Page; server: Server };

/** Somebody whose phone rings for this page. */
async function atCall({ page, server }: Start, { text = false } = {}) {
  const person = await server.addPerson({ text });
  await server.node.tell("method add-phone", { by: "call", username: person.username, number: person.phone });
  await page.goto("/sign-in");
  await givePassword(page, person);
  return { person, phone: onPhone(server.baseUrl, person.phone) };
}
const shownNumber = async (page: Page) =>
  (await page.locator(".number [aria-hidden]").innerText()).replaceAll(/\D/g, "");

test("the number on the page, typed on the phone, is all there is to do", async ({ page, server }) => {
  const { phone } = await atCall({ page, server });
  const number = await shownNumber(page);
  await expect(page.locator(".unseen")).toHaveText(number.split("").join(" "));
  await phone.answer();
  await phone.press(`${number}#`);
  await expectSignedIn(page);
});

test("who declines is told, and is called again", async ({ page, server }) => {
  const { phone } = await atCall({ page, server });
  await phone.decline();
  await expect(page.getByRole("alert")).toContainText("could not reach your phone");
  await page.getByRole("button", { name: "Call again" }).click();
  const number = await shownNumber(page);
  await phone.answer();
  await phone.press(`${number}#`);
  await expectSignedIn(page);
});

test("while it rings a text can be asked for instead", async ({ page, server }) => {
  const { person, phone } = await atCall({ page, server }, { text: true });
  await page.getByRole("link", { name: "Use a different verification option" }).click();
  await page.getByRole("button", { name: "Call to" }).click();
  await phone.ringing();
  await page.getByRole("link", { name: "Use a different verification option" }).click();
  const seen = (await server.inbox(person.phone)).flatMap(({ text }) => /\b\d{6}\b/.exec(text)?.[0] ?? []);
  await page.getByRole("button", { name: "Text to" }).click();
  await giveCode(page, await server.textedCode(person.phone, seen));
  await expectSignedIn(page);
});

test("a phone is set up by replying to a text", async ({ page, server }) => {
  await server.node.tell("settings set", { name: "methods.sms-reply.enabled", text: "true" });
  const person = await server.addPerson({ text: false });
  await page.goto("/sign-in");
  await givePassword(page, person);
  await choose(page, "sms-reply");
  await page.getByLabel("Mobile number").fill(person.phone);
  await page.getByRole("button", { name: "Send the text" }).click();
  const phone = onPhone(server.baseUrl, person.phone);
  await phone.reply(await server.textedCode(person.phone));
  await expect(page.getByRole("heading", { level: 1, name: "That works" })).toBeVisible();
});

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });
  test("the page comes again by itself, and a button goes on", async ({ page, server }) => {
    const { phone } = await atCall({ page, server });
    await page.getByRole("button", { name: "I have answered" }).click();
    await expect(page.getByRole("alert")).toContainText("heard nothing from your phone yet");
    const number = await shownNumber(page);
    await phone.answer();
    await phone.press(`${number}#`);
    await page.getByRole("button", { name: "Continue" }).click();
    await expectSignedIn(page);
  });
});
