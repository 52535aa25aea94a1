// Signing in, from the name to the account, and what can go wrong on the way.
import type { Page } from "@playwright/test";
import { decide, look } from "../../../examples/device/device.ts";
import { giveCode, givePassword, lockMethod, makePasskey, wrongCode } from "../sign-in.ts";
import { onPhone } from "../phones.ts";
import { virtualAuthenticator } from "../test.ts";
import { giveToken } from "../tokens.ts";
import type { Seen, States } from "./state.ts";

type Has = { app?: boolean; text?: boolean };

/** A new person who has given their name and password. */
async function atSecondStep(page: Page, { server, language }: Seen, { app = false, text = true }: Has) {
  const person = await server.addPerson({ language, text });
  const codes = app ? await server.addApp(person) : undefined;
  await page.goto("/sign-in");
  await givePassword(page, person);
  await page.locator("#code").waitFor();
  return { person, codes };
}

/** Somebody whose phone rings. */
async function atCall(page: Page, { server, language }: Seen) {
  const person = await server.addPerson({ language, text: false });
  await server.node.tell("method add-phone", { by: "call", username: person.username, number: person.phone });
  await page.goto("/sign-in");
  await givePassword(page, person);
  await page.locator(".number").waitFor();
  return onPhone(server.baseUrl, person.phone);
}

/** Somebody who has the app on a phone, and is asked there. */
async function atRequest(page: Page, { server, language }: Seen) {
  const person = await server.addPerson({ language, text: false });
  const device = await server.addDevice(person, "Eva's phone");
  await page.goto("/sign-in");
  await givePassword(page, person);
  await page.locator(".number").waitFor();
  return device;
}

const otherWays = (page: Page) => page.locator("a[href*='other=1']").click();

/** What follows the link that is there where people may replace their own password. */
async function forgotten(page: Page, { node }: Seen["server"], then: () => Promise<void> = async () => undefined) {
  await node.tell("settings set", { name: "reset.self-service", text: "true" });
  await page.goto("/sign-in");
  await page.locator("a[href*='forgot?']").click();
  await page.locator("main button").waitFor();
  await then();
  await node.tell("settings unset", { name: "reset.self-service" });
}

export const signInStates: States = {
  name: async (page) => {
    await page.goto("/sign-in");
    await page.locator("#username").waitFor();
  },
  "wrong password": async (page, { server }) => {
    const { username } = await server.addPerson();
    await page.goto("/sign-in");
    await givePassword(page, { username, password: "not the password" });
    await page.getByRole("alert").waitFor();
  },
  "token out of step": async (page, { server, language }) => {
    const person = await server.addPerson({ language, text: false });
    await giveToken(server, person);
    await page.goto("/sign-in");
    await givePassword(page, person);
    await page.locator("a[href*='resync=1']").click();
    await page.locator("#first").fill(wrongCode);
    await page.locator("#second").fill(wrongCode);
    await page.locator("main button").first().click();
    await page.getByRole("alert").waitFor();
  },
  "passkey as second step": async (page, { server, language }) => {
    const person = await server.addPerson({ language, text: false });
    await virtualAuthenticator(page);
    await page.goto("/sign-in");
    await givePassword(page, person);
    await makePasskey(page);
    await page.locator("button.primary").click();
    await page.locator("form[data-passkey=get] button").waitFor();
  },
  "app code, the only way": async (page, seen) => {
    await atSecondStep(page, seen, { app: true, text: false });
  },
  "app code": async (page, seen) => {
    await atSecondStep(page, seen, { app: true });
  },
  text: async (page, seen) => {
    await atSecondStep(page, seen, {});
  },
  call: async (page, seen) => {
    await atCall(page, seen);
  },
  "call, nothing heard yet": async (page, seen) => {
    await atCall(page, seen);
    await page.locator("form[data-waiting] button").click();
    await page.getByRole("alert").waitFor();
  },
  "call declined": async (page, seen) => {
    const phone = await atCall(page, seen);
    await phone.decline();
    await page.getByRole("alert").waitFor();
  },
  "request in the app": async (page, seen) => {
    await atRequest(page, seen);
    // as it is after ten seconds
    await page.evaluate(() => {
      for (const animation of document.getAnimations()) animation.finish();
    });
  },
  "request in the app, wrong number": async (page, seen) => {
    const device = await atRequest(page, seen);
    const number = (await page.locator(".number [aria-hidden]").innerText()).replaceAll(/\D/g, "");
    const [request] = (await look(device)).requests;
    await decide(device, request!, { decision: "approve", number: number === wrongCode ? "000001" : wrongCode });
    await page.getByRole("alert").waitFor();
  },
  "called already": async (page, seen) => {
    const person = await seen.server.addPerson({ language: seen.language });
    await seen.server.node.tell("method add-phone", { by: "call", username: person.username, number: person.phone });
    await page.goto("/sign-in");
    await givePassword(page, person);
    for (let time = 0; time < 2; time++) {
      if (time === 1) {
        await page.goto("/sign-in");
        await givePassword(page, person);
      }
      await otherWays(page);
      await page.locator(".choices button").first().click();
    }
    await page.getByRole("alert").waitFor();
  },
  "wrong code": async (page, seen) => {
    await atSecondStep(page, seen, { app: true });
    await giveCode(page, wrongCode);
    await page.getByRole("alert").waitFor();
  },
  "other options": async (page, seen) => {
    await atSecondStep(page, seen, { app: true });
    await otherWays(page);
    await page.locator(".choices").waitFor();
  },
  ended: async (page, seen) => {
    await atSecondStep(page, seen, { app: true });
    for (let time = 0; time < 3; time++) await giveCode(page, wrongCode);
    await page.locator("#code").waitFor({ state: "detached" });
  },
  locked: async (page, seen) => {
    await atSecondStep(page, seen, { app: true });
    await lockMethod(page, seen.server);
  },
  "new password": async (page, { server, language }) => {
    const person = await server.addPerson({ language });
    const codes = await server.addApp(person);
    const { password } = await server.cli<{ password: string }>("user", "reset-password", person.username);
    await page.goto("/sign-in");
    await givePassword(page, { ...person, password });
    await giveCode(page, await codes.code());
    for (const field of ["#password", "#again"]) await page.locator(field).fill("too short");
    await page.locator("main button").click();
    await page.getByRole("alert").waitFor();
  },
  "error page": async (page) => {
    await page.goto("/sign-in");
    await page.goto(`/sign-in?flow=sgn_${"A".repeat(22)}`);
    await page.locator("dl").waitFor();
  },
  "forgotten password": async (page, { server }) => {
    await forgotten(page, server);
  },
  "code by mail": async (page, { server }) => {
    await forgotten(page, server, async () => {
      await page.locator("#username").fill("eva");
      await page.locator("main button").click();
      await page.locator("#code").waitFor();
    });
  },
  "sign out": async (page) => {
    await page.goto("/sign-out");
    await page.locator("main button").waitFor();
  },
};
