// Signing out at an application's request, telling the others, and signing keys that come and go.
import type { webcrypto } from "node:crypto";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import tls from "node:tls";
import * as client from "openid-client";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { keepSigningKeys, loadSigningKeys, rotateSigningKeys } from "#actions/oidc-keys.ts";
import { deliverLogouts } from "#actions/oidc-logout.ts";
import { requireRegistration, resetPassword, revokeSessions } from "#actions/help-desk.ts";
import { blockPerson } from "#actions/blocks.ts";
import { erasePerson } from "#actions/erase.ts";
import { removePerson, setState } from "#actions/people.ts";
import { endSessions, findSession } from "#actions/sessions.ts";
import { makeAuthority } from "../support/certificates.ts";
import { kinds } from "../support/world.ts";
import { oidcWorld } from "./oidc-party.ts";

const day = 86_400_000;
const endings: Record<string, (...given: Parameters<typeof revokeSessions>) => Promise<unknown>> = {
  "signs a person out": revokeSessions,
  "gives a password for once": resetPassword,
  "has them register anew": requireRegistration,
  "disables them": async (deps, actor, { username }) => await setState(deps, actor, { username, state: "disabled" }),
  "blocks them": async (deps, actor, { username }) => await blockPerson(deps, actor, { username, reason: "stolen" }),
};
const bye = "https://app.example/bye";

describe.each(kinds)("signing out, on %s,", (kind) => {
  const h = oidcWorld(kind);

  async function signedIn() {
    const app = await h.party({ postLogoutUris: [bye] });
    const person = await h.newPerson();
    const { username } = person;
    const session = await h.signIn(person);
    const browser = h.browser(session.token);
    const tokens = await app.redeem((await browser.follow(await app.start())).left!);
    const works = async () =>
      await client.fetchUserInfo(app.config, tokens.access_token, client.skipSubjectCheck).then(
        () => true,
        () => false,
      );
    const isSignedIn = async () => (await findSession(h.w.deps, session.token)) !== undefined;
    return { app, username, session, browser, hint: tokens.id_token!, works, isSignedIn };
  }
  const fields = (page: string) =>
    Object.fromEntries([...page.matchAll(/name="(\w+)"\s+value="([^"]*)"/g)].map(([, name, value]) => [name!, value!]));
  const press = async (browser: ReturnType<typeof h.browser>, page: string) => {
    const body = new URLSearchParams(fields(page));
    return await browser.follow(/action="([^"]+)"/.exec(page)![1]!, { method: "POST", body });
  };

  test("with the application's ID token happens by itself, here and there, and leads back", async () => {
    const { app, browser, hint, works, isSignedIn } = await signedIn();
    const url = client.buildEndSessionUrl(app.config, {
      id_token_hint: hint,
      post_logout_redirect_uri: bye,
      state: "done",
    });
    const { page, headers } = await browser.follow(url);
    expect(page).toContain('<script src="/oidc/leave.js">');
    expect(headers!.get("content-security-policy")).toContain("form-action 'self' https://app.example;");
    const { left } = await press(browser, page!);
    expect(left?.href).toBe(`${bye}?state=done`);
    expect([await works(), await isSignedIn()]).toEqual([false, false]);
    expect(browser.jar.filter(({ name }) => ["countersign", "countersign-oidc"].includes(name))).toEqual([]);
  });

  test("without one takes a press of one's own", async () => {
    const { app, browser, works, isSignedIn } = await signedIn();
    const { page } = await browser.follow(client.buildEndSessionUrl(app.config, { post_logout_redirect_uri: bye }));
    expect(page).not.toContain("<script");
    expect([await works(), await isSignedIn()]).toEqual([true, true]);
    expect((await press(browser, page!)).left?.href).toBe(bye);
    expect([await works(), await isSignedIn()]).toEqual([false, false]);
  });

  test("with another person's ID token takes one too", async () => {
    const { hint } = await signedIn();
    const { browser } = await signedIn();
    expect((await browser.follow(`/oidc/logout?id_token_hint=${hint}`)).page).not.toContain("<script");
  });

  test.each(Object.entries(endings))("happens to applications too when the help desk %s", async (_what, end) => {
    const { username, works } = await signedIn();
    expect(await works()).toBe(true);
    await end(h.w.deps, "cli", { username });
    await setState(h.w.deps, "cli", { username, state: "enforced" });
    expect(await works()).toBe(false);
  });

  test("cannot be done to somebody by another site", async () => {
    const { browser, works, isSignedIn } = await signedIn();
    const forged = new URLSearchParams({ xsrf: "guess", logout: "yes" });
    expect((await browser.follow("/oidc/logout/confirm", { method: "POST", body: forged })).status).toBe(400);
    // nor by a form that this site itself made for a browser without the library's session
    const bare = browser.jar.findIndex(({ name }) => name === "countersign-oidc");
    browser.jar.splice(bare, 1);
    const { page } = await browser.follow("/oidc/logout");
    await press(browser, page!);
    expect([await works(), await isSignedIn()]).toEqual([true, true]);
  });

  test("leads to no address that is not the application's", async () => {
    const { browser, hint } = await signedIn();
    const to = async (uri: string) =>
      await browser.follow(`/oidc/logout?id_token_hint=${hint}&post_logout_redirect_uri=${encodeURIComponent(uri)}`);
    for (const uri of [`${bye}/`, `${bye}?x=1`, "https://evil.example/", "javascript:alert(1)"])
      expect(await to(uri)).toMatchObject({ status: 400 });
    expect(await to(bye)).toMatchObject({ status: 200 });
  });
});

describe.each(kinds)("an application that wants to be told, on %s,", (kind) => {
  const h = oidcWorld(kind);
  const heard: string[] = [];
  let status = 200;
  let uri: string;
  let stop: () => void;

  beforeAll(async () => {
    const authority = await makeAuthority();
    const before = tls.getCACertificates();
    tls.setDefaultCACertificates([...before, authority.cert]);
    const { cert, key } = await authority.issue("DNS:localhost");
    const server = createServer({ cert, key }, (request, response) => {
      let body = "";
      request.on("data", (part: Buffer) => (body += part.toString()));
      request.on("end", () => {
        heard.push(new URLSearchParams(body).get("logout_token") ?? "");
        response.writeHead(status, { location: "https://localhost/elsewhere" }).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    uri = `https://localhost:${(server.address() as AddressInfo).port}/out`;
    stop = () => {
      server.close();
      tls.setDefaultCACertificates(before);
    };
  });
  afterAll(() => stop());

  async function ended(
    fields: object,
    end: (given: Ended) => Promise<unknown> = async ({ person, session }) =>
      await endSessions(h.w.deps, "cli", { userId: person.id, only: session.id }),
  ) {
    heard.length = 0;
    const app = await h.party({ backchannelLogoutUri: uri, ...fields });
    const person = await h.newPerson();
    const session = await h.signIn(person);
    const seen = await h.browser(session.token).follow(await app.start());
    const claims = (await app.redeem(seen.left!)).claims();
    await end({ person, session });
    return { app, person, sid: claims?.["sid"] };
  }
  type Ended = { person: Awaited<ReturnType<typeof h.newPerson>>; session: { id: string } };
  const deliver = async () => await deliverLogouts(h.w.deps, { issuer: "http://localhost:8080" });
  const part = (token: string, index: number) =>
    JSON.parse(Buffer.from(token.split(".")[index]!, "base64url").toString()) as Record<string, unknown>;

  test.each(["ES256", "RS256"])("hears of it once, signed with %s", async (idTokenAlg) => {
    const { app, person, sid } = await ended({ intranet: true, idTokenAlg });
    await deliver();
    await deliver();
    expect(heard).toHaveLength(1);
    const [token] = heard as [string];
    expect(part(token, 0)).toMatchObject({ typ: "logout+jwt", alg: idTokenAlg });
    expect(part(token, 1)).toMatchObject({
      iss: "http://localhost:8080",
      aud: app.id,
      sub: person.id,
      sid,
      events: { "http://schemas.openid.net/event/backchannel-logout": {} },
    });
    expect(part(token, 1)).not.toHaveProperty("nonce");
    const { keys } = (await (await h.browser().get("/oidc/jwks")).json()) as {
      keys: (webcrypto.JsonWebKey & { kid: string })[];
    };
    const jwk = keys.find(({ kid }) => kid === part(token, 0)["kid"])!;
    expect(await verifies(token, jwk, idTokenAlg)).toBe(true);
  });

  test.each<[string, (given: Ended) => Promise<unknown>]>([
    ["removed", ({ person }) => removePerson(h.w.deps, "cli", { username: person.username })],
    ["erased", ({ person }) => erasePerson(h.w.deps, "cli", { userId: person.id, reason: "asked" })],
  ])("hears of someone who is %s", async (_how, end) => {
    const { person, sid } = await ended({ intranet: true }, end);
    await deliver();
    expect(heard.map((token) => part(token, 1))).toMatchObject([{ sub: person.id, sid }]);
  });

  test("in the own network is not told unless that was said", async () => {
    await ended({});
    await deliver();
    expect(heard).toEqual([]);
    expect(h.w.logged.at(-1)).toMatchObject({ fields: { reason: "not a public address" } });
  });

  test("is told again when it fails, a few times, and is never followed elsewhere", async () => {
    await ended({ intranet: true });
    status = 302;
    for (let minutes = 0; minutes < 10; minutes += 1) {
      await deliver();
      h.move(60_000);
    }
    status = 200;
    await deliver();
    expect(heard).toHaveLength(5);
  });
});

async function verifies(token: string, jwk: webcrypto.JsonWebKey, alg: string): Promise<boolean> {
  const how =
    alg === "ES256"
      ? { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" }
      : { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("jwk", jwk, how, false, ["verify"]);
  const [header, payload, signature] = token.split(".");
  return await crypto.subtle.verify(
    how,
    key,
    Buffer.from(signature!, "base64url"),
    Buffer.from(`${header}.${payload}`),
  );
}

describe.each(kinds)("signing keys, on %s,", (kind) => {
  const h = oidcWorld(kind);
  const published = async (to = h.server) => {
    const response = await fetch(`http://127.0.0.1:${to.people!.port}/oidc/jwks`);
    return ((await response.json()) as { keys: { kid: string; alg: string }[] }).keys;
  };
  const signer = async () => {
    const app = await h.party();
    const { token } = await h.signIn(await h.newPerson());
    const tokens = await app.redeem((await h.browser(token).follow(await app.start())).left!);
    const { kid } = JSON.parse(Buffer.from(tokens.id_token!.split(".")[0]!, "base64url").toString()) as { kid: string };
    return { kid, hint: tokens.id_token! };
  };

  test("are published a day before they sign, and long after, on every node", async () => {
    const other = await h.serve(await h.w.node("node_b"));
    const first = await signer();
    expect((await published()).map(({ kid }) => kid)).toContain(first.kid);
    expect(await published(other)).toEqual(await published());
    const { signsFrom } = await rotateSigningKeys(h.w.deps, "cli");
    expect(signsFrom).toBe(h.w.clock.at + day);
    h.move(3000);
    const both = await published();
    expect(both.map(({ alg }) => alg).toSorted()).toEqual(["ES256", "ES256", "RS256", "RS256"]);
    expect(await published(other)).toEqual(both);
    expect((await signer()).kid).toBe(first.kid);
    await expect(rotateSigningKeys(h.w.deps, "cli")).rejects.toMatchObject({ code: "conflict" });
    h.move(day);
    const second = await signer();
    expect(second.kid).not.toBe(first.kid);
    expect(both.map(({ kid }) => kid)).toContain(second.kid);
    // an ID token of before still names its session
    const { status } = await h.browser().get(`/oidc/logout?id_token_hint=${first.hint}`);
    expect(status).toBe(200);
    h.move(39 * day);
    await keepSigningKeys(h.w.deps);
    expect(await published()).toHaveLength(4);
    h.move(2 * day);
    await keepSigningKeys(h.w.deps);
    expect((await published(other)).map(({ kid }) => kid)).not.toContain(first.kid);
    h.move(60 * day);
    await keepSigningKeys(h.w.deps);
    expect(await published()).toHaveLength(4);
  });

  test("are the same for nodes that make them at once", async () => {
    await h.w.deps.db.q.deleteFrom("oidc_key").execute();
    const nodes = [h.w.deps, await h.w.node("node_c"), await h.w.node("node_d")];
    const sets = await Promise.all(nodes.map(async (deps) => await loadSigningKeys(deps)));
    const names = sets.map((keys) => keys.map(({ jwk }) => jwk.kid).join());
    expect(new Set(names).size).toBe(1);
  });

  test("and codes are nowhere to be read in the database", async () => {
    const app = await h.party();
    const { token } = await h.signIn(await h.newPerson());
    const { left } = await h.browser(token).follow(await app.start({ nonce: "a-nonce-to-find" }));
    const rows = await h.w.deps.db.q.selectFrom("oidc_item").selectAll().execute();
    const [key] = await h.w.deps.db.q.selectFrom("oidc_key").selectAll().execute();
    const all = rows.map((row) => JSON.stringify(row) + Buffer.from(row.sealed_payload).toString("latin1")).join();
    expect(rows.length).toBeGreaterThan(2);
    for (const secret of [left!.searchParams.get("code")!, "a-nonce-to-find", app.secret!])
      expect(all).not.toContain(secret);
    expect(Buffer.from(key!.sealed_jwk).toString("latin1")).not.toContain('"d"');
  });
});
