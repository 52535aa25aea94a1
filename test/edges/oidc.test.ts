// The provider as applications meet it, with a published client on their side.
import * as client from "openid-client";
import { describe, expect, test } from "vitest";
import { endSessions } from "#actions/sessions.ts";
import { setState } from "#actions/people.ts";
import { kinds } from "../support/world.ts";
import { callback, oidcWorld } from "./oidc-party.ts";

const minute = 60_000;

describe.each(kinds)("an application, on %s,", (kind) => {
  const h = oidcWorld(kind);

  /** Somebody signed in with password and app code, an application, and what the application got. */
  async function signedIn(scope = "openid profile email groups", fields = {}) {
    const app = await h.party(fields);
    const ada = await h.newPerson();
    const session = await h.signIn(ada);
    const browser = h.browser(session.token);
    const { left } = await browser.follow(await app.start({ scope, prompt: "consent" }));
    return { app, ada, session, browser, left: left! };
  }
  type App = Awaited<ReturnType<typeof signedIn>>["app"];
  const works = async (app: App, token: string) =>
    await client.fetchUserInfo(app.config, token, client.skipSubjectCheck).then(
      () => true,
      () => false,
    );
  const refreshed = async (app: App, token: string) =>
    await client.refreshTokenGrant(app.config, token).catch((error: { error?: string }) => error.error);

  test("is told who has signed in, how and when", async () => {
    const { app, ada, left } = await signedIn();
    expect(left.href.startsWith(callback)).toBe(true);
    expect(left.searchParams.get("iss")).toBe("http://localhost:8080");
    const tokens = await app.redeem(left);
    expect(tokens.refresh_token).toBeUndefined();
    expect(tokens.claims()).toMatchObject({
      iss: "http://localhost:8080",
      aud: app.id,
      sub: ada.id,
      acr: "urn:countersign:mfa",
      amr: ["pwd", "otp", "mfa"],
      auth_time: h.w.clock.at / 1000,
    });
    expect(await client.fetchUserInfo(app.config, tokens.access_token, ada.id)).toEqual({
      sub: ada.id,
      preferred_username: ada.username,
      name: ada.username,
      groups: [],
    });
  });

  test("redeems a code once; who tries again ends all that came of it", async () => {
    const { app, left } = await signedIn("openid offline_access");
    const tokens = await app.redeem(left);
    expect(await works(app, tokens.access_token)).toBe(true);
    await expect(app.redeem(left)).rejects.toMatchObject({ error: "invalid_grant" });
    expect(await works(app, tokens.access_token)).toBe(false);
    expect(await refreshed(app, tokens.refresh_token!)).toBe("invalid_grant");
  });

  test("that redeems a code a hundred times at once on two nodes is served once, and then not at all", async () => {
    const { app, left } = await signedIn("openid offline_access");
    const second = await h.serve(await h.w.node("node_b"));
    const body = new URLSearchParams({
      grant_type: "authorization_code",
      code: left.searchParams.get("code")!,
      redirect_uri: callback,
      code_verifier: app.verifier,
      client_id: app.id,
      client_secret: app.secret!,
    });
    const answers = await Promise.all(
      Array.from({ length: 100 }, async (_, index) => {
        const port = (index % 2 === 0 ? h.server : second).people!.port;
        const response = await fetch(`http://127.0.0.1:${port}/oidc/token`, { method: "POST", body });
        return { status: response.status, body: (await response.json()) as Record<string, string> };
      }),
    );
    const won = answers.filter(({ status }) => status === 200);
    expect(won).toHaveLength(1);
    const lost = answers.filter(({ status }) => status !== 200);
    expect(new Set(lost.map(({ body: { error } }) => error))).toEqual(new Set(["invalid_grant"]));
    expect(await works(app, won[0]!.body["access_token"]!)).toBe(false);
    expect(await refreshed(app, won[0]!.body["refresh_token"]!)).toBe("invalid_grant");
  });

  test("gets a new refresh token with each use; an old one ends the family", async () => {
    const { app, ada, left } = await signedIn("openid offline_access");
    const first = await app.redeem(left);
    const second = await client.refreshTokenGrant(app.config, first.refresh_token!);
    expect(second.refresh_token).not.toBe(first.refresh_token);
    expect(second.claims()).toMatchObject({ sub: ada.id, acr: "urn:countersign:mfa" });
    expect(await works(app, second.access_token)).toBe(true);
    expect(await refreshed(app, first.refresh_token!)).toBe("invalid_grant");
    expect(await works(app, second.access_token)).toBe(false);
    expect(await refreshed(app, second.refresh_token!)).toBe("invalid_grant");
  });

  test("that uses a refresh token many times at once is served at most once", async () => {
    const { app, left } = await signedIn("openid offline_access");
    const { refresh_token: token } = await app.redeem(left);
    const answers = await Promise.all(Array.from({ length: 20 }, async () => await refreshed(app, token!)));
    const won = answers.flatMap((one) => (typeof one === "object" ? [one.refresh_token!] : []));
    expect(won.length).toBeLessThanOrEqual(1);
    for (const one of won) expect(await refreshed(app, one)).toBe("invalid_grant");
  });

  test("loses a family that is used for a month, however often", async () => {
    const { app, left } = await signedIn("openid offline_access");
    let { refresh_token: token } = await app.redeem(left);
    for (let days = 0; days < 24; days += 12) {
      h.move(12 * 24 * 60 * minute);
      const next = await refreshed(app, token!);
      expect(typeof next).toBe("object");
      token = (next as { refresh_token: string }).refresh_token;
    }
    h.move(7 * 24 * 60 * minute);
    expect(await refreshed(app, token!)).toBe("invalid_grant");
  });

  test("loses everything when the session ends, and nothing when another does", async () => {
    const { app, ada, session, left } = await signedIn("openid offline_access");
    const tokens = await app.redeem(left);
    const other = await h.signIn(ada);
    await endSessions(h.w.deps, "cli", { userId: ada.id, only: other.id });
    expect(await works(app, tokens.access_token)).toBe(true);
    await endSessions(h.w.deps, "cli", { userId: ada.id, only: session.id });
    expect(await works(app, tokens.access_token)).toBe(false);
    expect(await refreshed(app, tokens.refresh_token!)).toBe("invalid_grant");
  });

  test("keeps what it has when a further step makes the session a new one, and loses it with that", async () => {
    const { app, ada, browser, left } = await signedIn("openid offline_access");
    const tokens = await app.redeem(left);
    const renewed = await h.signIn(ada);
    browser.hold(renewed.token);
    expect((await browser.follow(await app.start())).left?.searchParams.get("code")).toBeTruthy();
    expect(await works(app, tokens.access_token)).toBe(true);
    await endSessions(h.w.deps, "cli", { userId: ada.id, only: renewed.id });
    expect(await works(app, tokens.access_token)).toBe(false);
  });

  test("loses everything when the person is disabled, or leaves the group that it is for", async () => {
    const { app, ada, left } = await signedIn("openid offline_access");
    const tokens = await app.redeem(left);
    await setState(h.w.deps, "cli", { username: ada.username, state: "disabled" });
    expect(await works(app, tokens.access_token)).toBe(false);
    expect(await refreshed(app, tokens.refresh_token!)).toBe("invalid_grant");
  });

  test("that is for a group is closed to others", async () => {
    const app = await h.party({ groups: ["staff", "it"] });
    const ada = await h.newPerson();
    const browser = h.browser((await h.signIn(ada)).token);
    const refused = await browser.follow(await app.start());
    expect(refused.left?.searchParams.get("error")).toBe("access_denied");
    await h.inGroups(ada, ["it"]);
    const let_in = await browser.follow(await app.start());
    const tokens = await app.redeem(let_in.left!);
    await h.inGroups(ada, ["sales"]);
    expect(await works(app, tokens.access_token)).toBe(false);
  });

  test("pushes a request that is good once", async () => {
    const app = await h.party();
    const ada = await h.newPerson();
    const browser = h.browser((await h.signIn(ada)).token);
    const pushed = await client.buildAuthorizationUrlWithPAR(app.config, (await app.start()).searchParams);
    expect([...pushed.searchParams.keys()].toSorted()).toEqual(["client_id", "request_uri"]);
    const first = await browser.follow(pushed);
    expect((await app.redeem(first.left!)).claims()).toMatchObject({ sub: ada.id });
    const second = await browser.follow(pushed);
    expect(Object.fromEntries(second.left!.searchParams)).toMatchObject({ error: "invalid_request_uri" });
  });

  test("shows no page with prompt=none, whatever there is to say", async () => {
    const app = await h.party();
    const ada = await h.newPerson();
    const error = async (token: string | undefined, more = {}) =>
      (await h.browser(token).follow(await app.start({ prompt: "none", ...more }))).left?.searchParams.get("error");
    expect(await error(undefined)).toBe("login_required");
    expect(await error((await h.signIn(ada, { methods: [] })).token)).toBe("login_required");
    const { token } = await h.signIn(ada);
    expect(await error(token)).toBeNull();
    expect(await error(token, { acr_values: "phr" })).toBe("login_required");
    h.move(5 * minute);
    expect(await error(token, { max_age: "60" })).toBe("login_required");
    expect(await error(token, { max_age: "600" })).toBeNull();
  });

  test("that asks for a new sign-in gets one, once", async () => {
    const app = await h.party();
    const ada = await h.newPerson();
    const browser = h.browser((await h.signIn(ada)).token);
    const before = h.w.clock.at;
    h.move(minute);
    const asked = await browser.follow(await app.start({ prompt: "login" }));
    expect(asked.signIn?.pathname).toBe("/sign-in");
    // coming back without having done it leads to the sign-in again
    const interaction = await h.interactionOf(browser);
    expect((await browser.follow(interaction)).signIn).toBeDefined();
    h.move(minute);
    browser.hold((await h.signIn(ada)).token);
    const tokens = await app.redeem((await browser.follow(interaction)).left!);
    expect(tokens.claims()?.["auth_time"]).toBe((before + 2 * minute) / 1000);
  });

  test.each(["0", "30"])("that asks for max_age=%s gets somebody who has just signed in", async (max_age) => {
    const app = await h.party();
    const ada = await h.newPerson();
    const browser = h.browser((await h.signIn(ada)).token);
    h.move(minute);
    expect((await browser.follow(await app.start({ max_age }))).signIn).toBeDefined();
    const interaction = await h.interactionOf(browser);
    h.move(1000);
    browser.hold((await h.signIn(ada)).token);
    // however slow they are on the way back
    h.move(2 * minute);
    const tokens = await app.redeem((await browser.follow(interaction)).left!);
    expect(tokens.claims()?.["auth_time"]).toBe((h.w.clock.at - 2 * minute) / 1000);
  });

  test("gets the person that it names, or nobody", async () => {
    const { app, left, browser } = await signedIn();
    const { id_token: hint } = await app.redeem(left);
    const bo = await h.newPerson();
    browser.hold((await h.signIn(bo)).token);
    const none = await browser.follow(await app.start({ id_token_hint: hint!, prompt: "none" }));
    expect(none.left?.searchParams.get("error")).toBe("login_required");
    h.move(1000);
    expect((await browser.follow(await app.start({ id_token_hint: hint! }))).signIn).toBeDefined();
    const interaction = await h.interactionOf(browser);
    h.move(1000);
    browser.hold((await h.signIn(bo)).token);
    const still = await browser.follow(interaction);
    expect(still.left?.searchParams.get("error")).toBe("login_required");
  });

  test("learns nothing of who used the browser before", async () => {
    const { app, left, browser } = await signedIn();
    const first = await app.redeem(left);
    const cookie = browser.jar.find(({ name }) => name === "countersign-oidc")?.value;
    const bo = await h.newPerson();
    browser.hold((await h.signIn(bo)).token);
    const second = await app.redeem((await browser.follow(await app.start())).left!);
    expect(second.claims()?.sub).toBe(bo.id);
    expect(browser.jar.find(({ name }) => name === "countersign-oidc")?.value).not.toBe(cookie);
    expect(await works(app, first.access_token)).toBe(false);
  });
});
