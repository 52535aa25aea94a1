// The passkey script in a real browser, against the real verifier: a page with its two forms under the server's own policy.
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { test as base, expect, type Page } from "@playwright/test";
import {
  addPasskey,
  beginPasskeyRegistration,
  beginPasskeySignIn,
  finishPasskeyRegistration,
  finishPasskeySignIn,
} from "../../src/actions/passkeys.ts";
import { serverPagePolicy } from "../../src/edges/http/headers.ts";
import { html } from "../../src/edges/sign-in/html.ts";
import { world } from "../support/world.ts";
import { virtualAuthenticator, watchConsole } from "./test.ts";

const script = readFileSync(new URL("../../src/edges/sign-in/passkey.js", import.meta.url));
const application = { id: "app", name: "App", firstFactor: "none", canChallenge: true, pages: true } as const;

async function startPages() {
  const w = await world();
  const { id: userId } = await w.person({ username: "ada", totp: false });
  const boundTo = "flow";
  const form = (kind: string, options: unknown, autofill: boolean) =>
    html`<form
      method="post"
      action="/${kind}"
      hidden
      data-passkey="${kind}"
      data-options="${JSON.stringify(options)}"
      ${autofill && html` data-passkey-autofill`}
    >
      <input type="hidden" name="passkey" /><button>${kind}</button>
      <p hidden data-passkey-error data-cancelled="Cancelled." data-known="Known." data-failed="Failed."></p>
    </form>`;
  async function page(autofill: boolean) {
    const create = await beginPasskeyRegistration(w.deps, { userId, boundTo });
    const get = await beginPasskeySignIn(w.deps, { boundTo });
    return html`<!doctype html>
      <html lang="en">
        <title>Passkeys</title>
        <script type="module" src="/passkey.js"></script>
        <input autocomplete="username webauthn" />
        ${form("create", create, false)} ${form("get", get, autofill)}
      </html>`.markup;
  }
  const answers: Record<string, (response: string) => Promise<unknown>> = {
    "/create": async (response) => {
      const made = await finishPasskeyRegistration(w.deps, { userId, boundTo, response });
      await w.deps.db.transaction((run) => addPasskey(run, made!));
      return { name: made!.name };
    },
    "/get": async (response) => {
      const source = { protocol: "web" } as const;
      const asked = { ...application, allowWithoutMethodUntil: 0 };
      const verified = await finishPasskeySignIn(w.deps, { boundTo, response, application: asked, source });
      return { kind: verified?.outcome.kind, userVerified: verified?.userVerified };
    },
  };
  const answer = async (request: IncomingMessage) => {
    const sent = new URLSearchParams(await text(request)).get("passkey");
    if (request.url === "/passkey.js") return ["text/javascript", script] as const;
    if (sent === null) return ["text/html", await page(request.url === "/?autofill")] as const;
    return ["application/json", JSON.stringify(await answers[request.url!]!(sent))] as const;
  };
  const server = createServer((request, response) => {
    response.setHeader("content-security-policy", serverPagePolicy([]));
    void answer(request).then(([type, body]) => response.setHeader("content-type", type).end(body));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const url = `http://localhost:${(server.address() as AddressInfo).port}`;
  w.deps.db.node.publicUrl = url;
  return {
    url,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await w.close();
    },
  };
}

const test = base.extend<{ url: string; consoleErrors: string[] }>({
  // oxlint-disable-next-line no-empty-pattern -- Playwright reads the names of the fixtures from here
  url: async ({}, use) => {
    const pages = await startPages();
    await use(pages.url);
    await pages.stop();
  },
  consoleErrors: [
    async ({ context }, use) => {
      const errors = watchConsole(context);
      await use(errors);
      expect(errors, "errors on the console").toEqual([]);
    },
    { auto: true },
  ],
});

const press = async (page: Page, name: string) => {
  await page.getByRole("button", { name }).click();
  await page.waitForURL(`**/${name}`);
  return JSON.parse(await page.locator("body").innerText()) as unknown;
};

/** As browsers were before they had JSON forms. */
const old = () => {
  const without = PublicKeyCredential as unknown as Record<string, unknown>;
  without["parseCreationOptionsFromJSON"] = undefined;
  without["parseRequestOptionsFromJSON"] = undefined;
  Object.defineProperty(PublicKeyCredential.prototype, "toJSON", { value: undefined });
};

for (const browser of ["a browser of today", "an older one"])
  test(`in ${browser} a passkey is made, and signs in after a look at the person`, async ({ page, url }) => {
    const device = await virtualAuthenticator(page);
    if (browser === "an older one") await page.addInitScript(old);
    await page.goto(url);
    expect(await press(page, "create")).toHaveProperty("name");
    expect(await device.passkeys()).toHaveLength(1);
    await page.goto(url);
    expect(await press(page, "get")).toEqual({ kind: "allow", userVerified: true });
    await device.setUserVerified(false);
    await page.goto(url);
    await page.getByRole("button", { name: "get" }).click();
    await expect(page.getByText("Cancelled.")).toBeVisible();
  });

test("what goes wrong is said in the page's words", async ({ page, url }) => {
  await virtualAuthenticator(page);
  await page.goto(url);
  await page.getByRole("button", { name: "get" }).click();
  await expect(page.getByText("Cancelled.")).toBeVisible();
  await press(page, "create");
  await page.goto(url);
  await page.getByRole("button", { name: "create" }).click();
  await expect(page.getByText("Known.")).toBeVisible();
});

test("a passkey is offered beside names, and signs in without a button", async ({ page, url }) => {
  await virtualAuthenticator(page);
  await page.goto(url);
  await press(page, "create");
  await page.goto(`${url}/?autofill`);
  await page.waitForURL(`${url}/get`);
  expect(JSON.parse(await page.locator("body").innerText())).toEqual({ kind: "allow", userVerified: true });
});

test("where there are no passkeys, or no scripts, no form is shown", async ({ browser, page, url }) => {
  await page.addInitScript(() => Reflect.deleteProperty(globalThis, "PublicKeyCredential"));
  await page.goto(url, { waitUntil: "networkidle" });
  await expect(page.getByRole("button")).toHaveCount(0);
  const context = await browser.newContext({ javaScriptEnabled: false });
  const plain = await context.newPage();
  await plain.goto(url);
  await expect(plain.getByRole("button")).toHaveCount(0);
  await context.close();
});
