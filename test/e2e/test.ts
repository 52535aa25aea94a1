// What every browser test has: a server of its worker, people to sign in, and the rule that no page may say an error on
// the console (a refused script or style of the security policy is one).
import AxeBuilder from "@axe-core/playwright";
import { test as base, type BrowserContext, expect, type Page } from "@playwright/test";
import { type Server, startServer } from "./server.ts";

type ForTest = { consoleErrors: string[] };
type ForWorker = { server: Server };

export const test = base.extend<ForTest, ForWorker>({
  server: [
    // oxlint-disable-next-line no-empty-pattern -- Playwright reads the names of the fixtures from here
    async ({}, use) => {
      const server = await startServer();
      await use(server);
      await server.stop();
    },
    { scope: "worker", timeout: 120_000 },
  ],
  baseURL: async ({ server }, use) => await use(server.baseUrl),
  consoleErrors: [
    async ({ context }, use) => {
      const errors = watchConsole(context);
      await use(errors);
      expect(errors, "errors on the console").toEqual([]);
    },
    { auto: true },
  ],
});
export { expect };

const parts = ["stylesheet", "script", "image", "font"];

/** Collects what the pages of a context say on the console as errors, and the parts that they did not get. */
export function watchConsole(context: BrowserContext): string[] {
  const errors: string[] = [];
  context.on("console", (message) => {
    // Chromium says this of every answer from 400 on; a page may well be one (a wrong code), a part of a page may not.
    const answered = message.text().startsWith("Failed to load resource: the server responded");
    if (message.type() === "error" && !answered) errors.push(message.text());
  });
  context.on("weberror", (error) => errors.push(String(error.error())));
  context.on("response", (response) => {
    const missing = response.status() >= 400 && parts.includes(response.request().resourceType());
    if (missing) errors.push(`${response.status()} ${response.url()}`);
  });
  return errors;
}

/** WCAG as far as a machine can tell: nothing serious or critical (axe). */
export async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page })
    .setLegacyMode()
    .options({ resultTypes: ["violations"] })
    .analyze();
  const grave = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  expect(grave.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`)).toEqual([]);
}

/** A passkey provider built into the machine that says yes at once (`userVerified`: after a look at the face). */
export async function virtualAuthenticator(page: Page, { userVerified = true } = {}) {
  const client = await page.context().newCDPSession(page);
  await client.send("WebAuthn.enable");
  const { authenticatorId } = await client.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: userVerified,
      automaticPresenceSimulation: true,
    },
  });
  return {
    passkeys: async () => (await client.send("WebAuthn.getCredentials", { authenticatorId })).credentials,
    /** While nobody is there, a question stays open. */
    setPresent: async (is: boolean) =>
      await client.send("WebAuthn.setAutomaticPresenceSimulation", { authenticatorId, enabled: is }),
    setUserVerified: async (is: boolean) =>
      await client.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: is }),
  };
}
