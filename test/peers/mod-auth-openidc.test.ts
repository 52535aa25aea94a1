// A real relying party, set up as the guide says: Apache's mod_auth_openidc, over TLS with a private authority.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { addApplication } from "#actions/applications.ts";
import { newPasswordHash } from "#actions/passwords.ts";
import { serveHttp, type HttpServer } from "#edges/http/server.ts";
import { makeAuthority } from "../support/certificates.ts";
import { freePort } from "../support/process.ts";
import { world, type World } from "../support/world.ts";
import { hasApache, startApache } from "./support/apache.ts";
import { openBrowser } from "./support/browser.ts";

const password = "correct horse battery";

describe.runIf(hasApache())("mod_auth_openidc", () => {
  let w: World;
  let http: HttpServer;
  let apache: Awaited<ReturnType<typeof startApache>>;
  let ca: string;
  let site: string;

  beforeAll(async () => {
    w = await world();
    const [port, sitePort] = [await freePort(), await freePort()];
    const issuer = `https://localhost:${port}`;
    site = `http://127.0.0.1:${sitePort}`;
    const authority = await makeAuthority();
    ca = authority.cert;
    const { certFile, keyFile } = await authority.issue("DNS:localhost");
    http = await serveHttp(w.deps, {
      people: { host: "127.0.0.1", port },
      internal: undefined,
      tls: { cert: certFile, key: keyFile },
      publicUrl: issuer,
      trustedProxies: [],
      ready: () => true,
      reasons: () => [],
      metrics: async () => "",
      webDist: new URL("../../web/dist/", import.meta.url),
    });
    const application = { name: "Wiki", redirectUris: [`${site}/callback`], groups: ["staff"] };
    const { id, secret } = await addApplication(w.deps, "cli", application);
    apache = await startApache({ port: sitePort, issuer, ca, client: { id, secret: secret! } });
  });
  afterAll(async () => {
    await apache?.stop();
    await http?.stop();
    await w?.close();
  });

  async function signIn(username: string, groups: string[]) {
    // the module looks at the time in the token, so the world's is the real one
    w.clock.at = Date.now();
    const person = await w.person({ username, passwordHash: await newPasswordHash(w.deps, password) });
    const changes = { groups: JSON.stringify(groups) };
    await w.deps.db.q.updateTable("person").set(changes).where("id", "=", person.id).execute();
    const browser = openBrowser({ ca });
    const name = await browser.go(`${site}/`);
    expect(name.text).toContain("Wiki");
    const code = await browser.submit(name, "/sign-in/password", { username, password });
    return { browser, last: async () => await browser.submit(code, "/sign-in/code", { code: w.code(person) }) };
  }

  test("lets someone in after two steps, and tells the site who it is and how", async () => {
    const { browser, last } = await signIn("ada", ["staff", "it"]);
    const page = await last();
    expect([page.url.href, page.status, page.text]).toEqual([`${site}/`, 200, "the application"]);
    expect(page.headers).toMatchObject({
      "x-user": "ada",
      "x-acr": "urn:countersign:mfa",
      "x-groups": "staff,it",
    });
    expect((await browser.once(new URL(site), {})).status).toBe(200);
  });

  test("lets nobody in whom the application is not for", async () => {
    const { browser, last } = await signIn("bo", ["sales"]);
    // the module (2.4.12) takes an error that bears RFC 9207's iss for something else, and answers it twice over
    await last().catch(() => undefined);
    const { status, headers } = await browser.once(new URL(site), {});
    expect([status, headers.location]).toEqual([302, expect.stringContaining("/oidc/authorize")]);
  });
});
