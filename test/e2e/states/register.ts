// Registering the first methods, screen by screen.
import type { Page } from "@playwright/test";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { choose, giveCode, givePassword, setUpApp, wrongCode } from "../sign-in.ts";
import { assignToken } from "../tokens.ts";
import type { Seen, States } from "./state.ts";

async function atChoice(page: Page, { server, language }: Seen) {
  const person = await server.addPerson({ language, text: false });
  await page.goto("/sign-in");
  await givePassword(page, person);
  await page.locator(".choices").waitFor();
  return person;
}

async function atTextCode(page: Page, seen: Seen) {
  const { phone } = await atChoice(page, seen);
  await choose(page, "sms");
  await page.locator("#number").fill(phone);
  await page.locator("main button").first().click();
  await page.locator("#code").waitFor();
}

async function atSecondMethod(page: Page, seen: Seen) {
  await atChoice(page, seen);
  await choose(page, "totp");
  await setUpApp(page);
  await page.locator(".done").waitFor();
}

export const registerStates: States = {
  choice: async (page, seen) => {
    await atChoice(page, seen);
  },
  "the Countersign app": async (page, seen) => {
    await atChoice(page, seen);
    await choose(page, "push");
    await page.locator("summary").click();
    await page.locator(".key").waitFor();
  },
  app: async (page, seen) => {
    await atChoice(page, seen);
    await choose(page, "totp");
    await page.locator(".key").waitFor();
  },
  "app, wrong code": async (page, seen) => {
    await atChoice(page, seen);
    await choose(page, "totp");
    await giveCode(page, wrongCode);
    await page.getByRole("alert").waitFor();
  },
  "app, too late": async (page, seen) => {
    const { username } = await atChoice(page, seen);
    await choose(page, "totp");
    await page.locator(".key").waitFor();
    // ten minutes later
    const db = new DatabaseSync(join(seen.server.node.data, "countersign.db"));
    db.prepare(
      `update sign_in set state = json_set(state, '$.registering.until', 0)
       where app_of = (select id from person where username = ?)`,
    ).run(username);
    db.close();
    await page.reload();
    await page.getByRole("alert").waitFor();
  },
  passkey: async (page, seen) => {
    await atChoice(page, seen);
    await choose(page, "passkey");
    await page.locator("form[data-passkey] button").waitFor();
  },
  "token, refused": async (page, { server, language }) => {
    const person = await server.addPerson({ language, text: false });
    const { serial } = await assignToken(server, person);
    await page.goto("/sign-in");
    await givePassword(page, person);
    await choose(page, "token");
    await page.locator("#serial").fill(serial);
    await giveCode(page, wrongCode);
    await page.getByRole("alert").waitFor();
  },
  number: async (page, seen) => {
    await atChoice(page, seen);
    await choose(page, "sms");
    await page.locator("#number").waitFor();
  },
  "number, wrong": async (page, seen) => {
    await atChoice(page, seen);
    await choose(page, "sms");
    await page.locator("#number").fill("12");
    await page.locator("main button").first().click();
    await page.getByRole("alert").waitFor();
  },
  "text code": atTextCode,
  "number for calls": async (page, seen) => {
    await atChoice(page, seen);
    await choose(page, "voice");
    await page.locator("#extension").waitFor();
  },
  "call that proves a phone": async (page, seen) => {
    const { phone } = await atChoice(page, seen);
    await choose(page, "voice");
    await page.locator("#number").fill(phone);
    await page.locator("main button").first().click();
    await page.locator(".number").waitFor();
  },
  "text to reply to": async (page, seen) => {
    await seen.server.node.tell("settings set", { name: "methods.sms-reply.enabled", text: "true" });
    const { phone } = await atChoice(page, seen);
    await choose(page, "sms-reply");
    await page.locator("#number").fill(phone);
    await page.locator("main button").first().click();
    await page.locator("form[data-waiting]").waitFor();
  },
  "second method": atSecondMethod,
  "recovery codes": async (page, seen) => {
    await atSecondMethod(page, seen);
    await choose(page, "recovery");
    await page.locator(".sheet").waitFor();
  },
};
