/** The OIDC edge on a world of its own: a relying party (openid-client) and a browser that follows it, with a session or without. */

import * as client from "openid-client";
import { afterAll, beforeAll, vi } from "vitest";
import { addApplication, type NewRelyingParty } from "#actions/applications.ts";
import type { Deps } from "#actions/deps.ts";
import { openSession } from "#actions/sessions.ts";
import type { Proof } from "#core/strength.ts";
import { serveHttp, type HttpServer } from "#edges/http/server.ts";
import { world, type Kind, type World } from "../support/world.ts";

export const callback = "https://app.example/cb";
const publicUrl = "http://localhost:8080";
/** The library reads the clock itself; the world's stands still until it is moved. */
export function oidcWorld(kind: Kind = "sqlite") {
  const servers: HttpServer[] = [];
  let people = 0;
  const h = { serve, newPerson, party, browser, signIn, move, inGroups, interactionOf } as {
    w: World;
    server: HttpServer;
    serve: typeof serve;
    newPerson: typeof newPerson;
    party: typeof party;
    browser: typeof browser;
    signIn: typeof signIn;
    move: typeof move;
    inGroups: typeof inGroups;
    interactionOf: typeof interactionOf;
  };
  // one for all tests of a block: making the signing keys takes longer than most of them
  beforeAll(async () => {
    h.w = await world({ kind });
    vi.setSystemTime(h.w.clock.at);
    h.server = await serve(h.w.deps);
  });
  afterAll(async () => {
    for (const one of servers.splice(0)) await one.stop();
    await h.w.close();
    vi.useRealTimers();
  });

  async function serve(deps: Deps): Promise<HttpServer> {
    const one = await serveHttp(deps, {
      people: { host: "127.0.0.1", port: 0 },
      internal: undefined,
      publicUrl,
      ready: () => true,
      reasons: () => [],
      metrics: async () => "",
      trustedProxies: [],
      webDist: new URL("../../web/dist/", import.meta.url),
    });
    servers.push(one);
    return one;
  }

  async function newPerson() {
    people += 1;
    return await h.w.person({ username: `ada${people}` });
  }

  /** Asks a node under the public address, as a proxy in front of it would. */
  async function ask(url: string | URL, init: RequestInit = {}, to = h.server): Promise<Response> {
    const { pathname, search } = new URL(url, publicUrl);
    return await fetch(`http://127.0.0.1:${to.people!.port}${pathname}${search}`, { ...init, redirect: "manual" });
  }

  /** An application, and openid-client set up for it by discovery. */
  async function party(fields: Partial<NewRelyingParty> = {}) {
    const name = fields.name ?? `app ${Math.random()}`;
    const app = await addApplication(h.w.deps, "cli", { redirectUris: [callback], ...fields, name });
    const metadata = { id_token_signed_response_alg: app.idTokenAlg, redirect_uris: [callback] };
    const authentication = app.secret === undefined ? client.None() : client.ClientSecretBasic(app.secret);
    const config = await client.discovery(new URL(publicUrl), app.id, metadata, authentication, {
      execute: [client.allowInsecureRequests],
      [client.customFetch]: async (url, init) => await ask(url, init as RequestInit),
    });
    config[client.customFetch] = async (url, init) => await ask(url, init as RequestInit);
    const verifier = client.randomPKCECodeVerifier();
    return {
      ...app,
      config,
      verifier,
      /** where the application sends the browser */
      start: async (parameters: Record<string, string> = {}) =>
        client.buildAuthorizationUrl(config, {
          redirect_uri: callback,
          scope: "openid profile email groups",
          code_challenge: await client.calculatePKCECodeChallenge(verifier),
          code_challenge_method: "S256",
          state: "s1",
          ...parameters,
        }),
      redeem: async (url: URL) =>
        await client.authorizationCodeGrant(config, url, { pkceCodeVerifier: verifier, expectedState: "s1" }),
    };
  }

  /** Follows redirects with its cookies until it leaves for an application, or comes to a page. */
  function browser(session?: string) {
    const jar: { name: string; value: string; path: string }[] = [];
    if (session !== undefined) jar.push({ name: "countersign", value: session, path: "/" });
    const keep = (line: string) => {
      const [pair = "", ...attributes] = line.split("; ");
      const name = pair.slice(0, pair.indexOf("="));
      const path = attributes.find((one) => one.toLowerCase().startsWith("path="))?.slice(5) ?? "/";
      const old = jar.findIndex((one) => one.name === name && one.path === path);
      if (old !== -1) jar.splice(old, 1);
      if (!/expires=Thu, 01 Jan 1970/i.test(line)) jar.push({ name, value: pair.slice(name.length + 1), path });
    };
    const get = async (url: string | URL, init: RequestInit = {}) => {
      const { pathname } = new URL(url, publicUrl);
      const own = jar.filter(
        ({ path }) => pathname === path || pathname.startsWith(path.endsWith("/") ? path : `${path}/`),
      );
      const cookies = own.map(({ name, value }) => `${name}=${value}`).join("; ");
      const response = await ask(url, {
        ...init,
        headers: { accept: "text/html", cookie: cookies, ...(init.headers as Record<string, string>) },
      });
      for (const line of response.headers.getSetCookie()) keep(line);
      return response;
    };
    const follow = async (url: string | URL, init: RequestInit = {}) => {
      let response = await get(url, init);
      for (let hops = 0; hops < 10; hops += 1) {
        const location = response.headers.get("location");
        if (location === null)
          return { page: await response.text(), status: response.status, headers: response.headers };
        const target = new URL(location, publicUrl);
        if (target.origin !== publicUrl) return { left: target, status: response.status };
        if (target.pathname === "/sign-in") return { signIn: target, status: response.status };
        response = await get(target);
      }
      throw new Error("the browser is sent in circles");
    };
    const hold = (token: string) => {
      const own = jar.find(({ name }) => name === "countersign");
      if (own) own.value = token;
      else jar.push({ name: "countersign", value: token, path: "/" });
    };
    return { jar, get, follow, hold };
  }

  /** A session as the sign-in pages leave it; `methods` are verified now. */
  async function signIn(
    person: { id: string },
    { methods = ["totp"], password = true }: { methods?: string[]; password?: boolean } = {},
  ): Promise<{ id: string; token: string }> {
    const at = h.w.clock.at;
    const proofs: Proof[] = methods.map((method) => ({ method, at, userVerified: method === "passkey" }));
    const proven = { passwordAt: password ? at : null, proofs, rememberedAt: null };
    return await h.w.deps.db.transaction((run) =>
      openSession(h.w.deps, run, {
        userId: person.id,
        proven,
        browser: { clientIp: "127.0.0.1", userAgent: "test" },
      }),
    );
  }
  function move(ms: number): void {
    h.w.clock.at += ms;
    vi.setSystemTime(h.w.clock.at);
  }

  async function inGroups({ id }: { id: string }, groups: string[]): Promise<void> {
    await h.w.deps.db.q
      .updateTable("person")
      .set({ groups: JSON.stringify(groups) })
      .where("id", "=", id)
      .execute();
  }

  /** Where the sign-in pages send this browser back to. */
  async function interactionOf({ jar }: ReturnType<typeof browser>): Promise<string> {
    return jar.findLast(({ name }) => name === "countersign-oidc-interaction")!.path;
  }
  return h;
}
