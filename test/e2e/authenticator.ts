// What people do in the authenticator app, in any language: for the tests and for the states of its pages.
import { expect, type Page } from "@playwright/test";
import { readBase32 } from "#core/crypto/base32.ts";
import { hotp } from "#core/crypto/hotp.ts";
import type { Person, Server } from "./server.ts";
import { givePassword } from "./sign-in.ts";

/** Opens the app by a link for the person. */
export async function openLink(page: Page, server: Server, { username }: Pick<Person, "username">): Promise<string> {
  const { link } = await server.node.tell<{ link: string }>("method add-authenticator", { username });
  await page.goto(link);
  await page.locator("h1").waitFor();
  return link;
}

export type Activation = { deviceId: string; code: (moment: number) => string };

/** On the page that says what will happen: sets this device up. The codes are made from the seed that the server gave. */
export async function setUpDevice(page: Page): Promise<Activation> {
  const [answer] = await Promise.all([
    page.waitForResponse((response) => response.url().endsWith("/device/v1/activations")),
    page.locator("main button").click(),
  ]);
  const { deviceId, totp } = (await answer.json()) as { deviceId: string; totp: { secret: string } };
  await page.locator("main a[href='#home']").click();
  await page.locator("li button").waitFor();
  const secret = readBase32(totp.secret);
  if (!secret.ok) throw new Error(`the seed ${secret.reason}`);
  const step = (moment: number) => Math.floor(moment / 30_000);
  return { deviceId, code: (moment) => hotp(secret.bytes, step(moment), { digits: 6, algorithm: "sha1" }) };
}

export async function activate(page: Page, server: Server, person: Pick<Person, "username">): Promise<Activation> {
  await openLink(page, server, person);
  return await setUpDevice(page);
}

/** The shown code is the right one of this moment. */
export async function expectRightCode(page: Page, { code }: Activation): Promise<void> {
  const shown = async () => (await page.locator("li button span[aria-hidden]").innerText()).replaceAll(/\D/g, "");
  await expect(async () => expect(await shown()).toBe(code(Date.now()))).toPass();
}

/** The same person at a desk, where the app is asked for: the page, and the number that it shows; "" where the PIN is typed. */
export async function signingIn(app: Page, server: Server, person: Person) {
  const context = await app.context().browser()!.newContext({ baseURL: server.baseUrl });
  const desk = await context.newPage();
  await desk.goto("/sign-in");
  await givePassword(desk, person);
  await app.locator("dl").waitFor();
  const [shown = ""] = await desk.locator(".number [aria-hidden]").allInnerTexts();
  const number = shown.replaceAll(/\D/g, "");
  return { desk, number, leave: () => context.close() };
}
