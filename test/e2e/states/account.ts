// The account's own page: with what somebody has, with nothing in it, and while it asks.
import type { Page } from "@playwright/test";
import { expectSignedIn, giveCode, givePassword } from "../sign-in.ts";
import { giveToken } from "../tokens.ts";
import type { Seen, States } from "./state.ts";

const longName = "Eva Maria Katarina Wolfeschlegelsteinhausenbergerdorff-Lindström";

async function atAccount(
  page: Page,
  { server, language }: Seen,
  { app = true, calls = false, displayName = "Eva Test" } = {},
) {
  const person = await server.addPerson({ language, displayName });
  const codes = app ? await server.addApp(person) : undefined;
  const phones = { number: "+46 8 465 004 99 x89", backupNumber: "+46 70 174 06 12" };
  if (calls) await server.node.tell("method add-phone", { by: "call", username: person.username, ...phones });
  await page.goto("/sign-in");
  await givePassword(page, person);
  await page.locator("#code").waitFor();
  await giveCode(page, codes ? await codes.code() : await server.textedCode(person.phone));
  await expectSignedIn(page);
  await page.locator("h1").waitFor();
  await page.locator("details").first().waitFor();
}

const section = async (page: Page, name: string) => {
  await page.locator(`nav a[href='#${name}']`).click();
  await page.locator("h2").first().waitFor();
};

export const accountStates: States = {
  methods: async (page, seen) => {
    await atAccount(page, seen);
  },
  "weak, with a long name": async (page, seen) => {
    await atAccount(page, seen, { app: false, displayName: longName });
  },
  "calls, with a PIN to choose": async (page, seen) => {
    const { server } = seen;
    await server.node.tell("settings set", { name: "pin.methods", text: '["voice"]' });
    await atAccount(page, seen, { calls: true });
    await section(page, "security");
    await page.locator("main h2 ~ * button, main section button").nth(1).click();
    await page.locator("input[inputmode=numeric]").first().waitFor();
  },
  "calls with a backup phone": async (page, seen) => {
    await atAccount(page, seen, { calls: true });
  },
  "a token set right": async (page, { server, language }) => {
    const person = await server.addPerson({ language, text: false });
    const token = await giveToken(server, person);
    await page.goto("/sign-in");
    await givePassword(page, person);
    await giveCode(page, token.code(1));
    await expectSignedIn(page);
    await page.locator("li button").nth(2).click();
    await page.locator("li input").first().waitFor();
  },
  "devices with the app": async (page, seen) => {
    const { server, language } = seen;
    const person = await server.addPerson({ language });
    await server.addDevice(person, "Eva's phone");
    await server.addDevice(person, longName);
    await page.goto("/sign-in");
    await givePassword(page, person);
    await page.locator("a[href*='other=1']").click();
    await page.locator(".choices button").last().click();
    await giveCode(page, await server.textedCode(person.phone));
    await expectSignedIn(page);
    await page.locator("h4").first().waitFor();
    await page.locator("h4 ~ div button").nth(1).click();
  },
  "before a method is removed": async (page, seen) => {
    await atAccount(page, seen);
    await page.locator("li button").last().click();
  },
  "the last method": async (page, seen) => {
    await atAccount(page, seen, { app: false });
    await page.locator("li button").last().click();
    await page.locator("li button").nth(-2).click();
    await page.getByRole("alert").waitFor();
  },
  renaming: async (page, seen) => {
    await atAccount(page, seen);
    await page.locator("li button").first().click();
    await page.locator("input").waitFor();
  },
  "sign-ins": async (page, seen) => {
    await atAccount(page, seen);
    await page.locator("nav a[href='#history']").click();
    await page.locator("summary").first().click();
  },
  devices: async (page, seen) => {
    await atAccount(page, seen);
    await section(page, "devices");
    await page.locator("li h3").waitFor();
  },
  "new password": async (page, seen) => {
    await atAccount(page, seen);
    await section(page, "security");
    await page.locator("section button").first().click();
    await page.locator("input[type=password]").first().waitFor();
  },
  "recovery codes": async (page, seen) => {
    await atAccount(page, seen);
    await section(page, "security");
    const heading = page.getByRole("heading", { name: /Recovery codes|Återställningskoder/ });
    await page.locator("section", { has: heading }).getByRole("button").click();
    await page.locator("ol").waitFor();
  },
  "no answer": async (page, seen) => {
    await atAccount(page, seen);
    await page.route("**/api/v1/me", (route) => route.fulfill({ status: 503 }));
    await page.reload();
    await page.getByRole("alert").waitFor();
  },
};
