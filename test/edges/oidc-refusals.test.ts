// What the provider does not do, and what it says of itself.
import { describe, expect, test } from "vitest";
import { acrValues, multipleauthn } from "#core/acr.ts";
import { callback, oidcWorld } from "./oidc-party.ts";

const h = oidcWorld();
const json = async (path: string, init?: RequestInit) =>
  (await (await h.browser().get(path, init)).json()) as Record<string, unknown>;

test("discovery says what there is and nothing else, under the public address whatever the request says", async () => {
  const headers = { host: "evil.example", "x-forwarded-host": "evil.example", "x-forwarded-proto": "https" };
  const document = await json("/.well-known/openid-configuration", { headers });
  expect(document).toMatchSnapshot();
  expect(document["acr_values_supported"]).toEqual(Object.keys(acrValues));
  expect(JSON.stringify(document)).not.toContain("evil");
});

test("the keys are published without their secret halves", async () => {
  const { keys } = (await json("/oidc/jwks")) as unknown as { keys: Record<string, string>[] };
  expect(keys.map(({ alg, use }) => [alg, use])).toEqual([
    ["ES256", "sig"],
    ["RS256", "sig"],
  ]);
  for (const key of keys)
    for (const secret of ["d", "p", "q", "dp", "dq", "qi"]) expect(key).not.toHaveProperty(secret);
});

/** What an application is answered, by the way to it or on a page. */
async function outcome(parameters: Record<string, string | undefined>, fields = {}) {
  const app = await h.party(fields);
  const url = await app.start();
  for (const [name, value] of Object.entries(parameters))
    if (value === undefined) url.searchParams.delete(name);
    else url.searchParams.set(name, value);
  const ada = await h.w.person({ username: `ada ${Math.random()}` });
  const browser = h.browser((await h.signIn(ada)).token);
  const seen = await browser.follow(url);
  const said =
    seen.left && (seen.left.hash === "" ? seen.left.searchParams : new URLSearchParams(seen.left.hash.slice(1)));
  return { ...seen, app, error: said?.get("error") ?? undefined, code: said?.get("code") ?? undefined };
}

describe("a request", () => {
  test.each([
    ["without PKCE", { code_challenge: undefined, code_challenge_method: undefined }],
    ["with a plain challenge", { code_challenge_method: "plain" }],
    ["with a challenge of no method", { code_challenge_method: undefined }],
    ["with a method and no challenge", { code_challenge: undefined }],
    ["for prompt=none and more", { prompt: "none login" }],
    ["with claims that do not read", { claims: "{" }],
  ])("%s is refused", async (_, parameters) => {
    expect(await outcome(parameters)).toMatchObject({ error: "invalid_request", code: undefined });
  });

  test.each(["token", "id_token", "id_token token", "code id_token", "code token", "none"])(
    "for response_type=%s is refused",
    async (response_type) => {
      const { error, code } = await outcome({ response_type, nonce: "n" });
      expect([error, code]).toEqual(["unsupported_response_type", undefined]);
    },
  );

  test.each(["request", "request_uri", "registration"])("that brings its own %s is refused", async (name) => {
    const { error, status } = await outcome({ [name]: "https://evil.example/request" });
    expect(error ?? status).toMatch(/not_supported|^400$/);
  });

  test("of an unknown application leads to a page and nowhere else", async () => {
    const { left, status, page } = await outcome({ client_id: "app_unheard_of" });
    expect([left, status]).toEqual([undefined, 400]);
    expect(page).toContain("CS-1003");
    const correlationId = /cor_[\w-]{22}/.exec(page!)?.[0];
    expect(h.w.logged.map(({ fields }) => fields)).toContainEqual(
      expect.objectContaining({ correlationId, code: "invalid_client" }),
    );
  });

  //
  test.each([
    "https://app.example/cb/",
    "https://app.example/cb?x=1",
    "https://app.example/CB",
    "https://app.example/%63b",
    "https://app.example/cb/../cb",
    "https://app.example//cb",
    "https://app.example:443/cb",
    "https://APP.example/cb",
    "https://sub.app.example/cb",
    "https://app.example.evil.example/cb",
    "https://app.example@evil.example/cb",
    "https://evil.example/cb",
    "https://evil.example/https://app.example/cb",
    "http://app.example/cb",
    "https://app.example/cb#fragment",
    "https://app.example/cb%23",
    "https://app.example\\@evil.example/cb",
    " https://app.example/cb",
    "https://app.example/cb ",
    "//app.example/cb",
    "javascript:alert(1)",
  ])("to return to %j leads to a page and nowhere else", async (redirect_uri) => {
    const { left, status, page } = await outcome({ redirect_uri });
    expect([left, status]).toEqual([undefined, 400]);
    expect(page).toContain("CS-1004");
  });

  test("of a program on the person's device may return to any of its own ports", async () => {
    const fields = { isPublic: true, redirectUris: ["http://127.0.0.1/cb"] };
    expect((await outcome({ redirect_uri: "http://127.0.0.1:49152/cb" }, fields)).code).toBeTruthy();
    expect((await outcome({ redirect_uri: "http://127.0.0.1:49152/other" }, fields)).code).toBeUndefined();
    const web = { redirectUris: ["http://127.0.0.1:3000/cb"] };
    expect((await outcome({ redirect_uri: "http://127.0.0.1:49152/cb" }, web)).code).toBeUndefined();
  });

  test("that is answered by a form has a policy that lets the form out to the application alone", async () => {
    const seen = await outcome({ response_mode: "form_post" });
    expect(seen.page).toContain(`action="${callback}"`);
    const policy = seen.headers!.get("content-security-policy")!;
    expect(policy).toContain("form-action 'self' https://app.example");
    expect(policy).toMatch(/script-src 'self' 'sha256-[^']+'/);
    expect(policy).toContain("frame-ancestors 'none'");
  });
});

describe("acr", () => {
  const totp = ["totp"];
  const claim = (acr: object) => JSON.stringify({ id_token: { acr } });
  test.each([
    [totp, {}, "urn:countersign:mfa"],
    [totp, { acr_values: multipleauthn }, multipleauthn],
    [totp, { acr_values: "unheard-of https://refeds.org/profile/mfa" }, "https://refeds.org/profile/mfa"],
    [totp, { claims: claim({ essential: true, value: "urn:countersign:mfa" }) }, "urn:countersign:mfa"],
    [totp, { acr_values: "unheard-of" }, "unmet_authentication_requirements"],
    [totp, { claims: claim({ essential: true, value: "unheard-of" }) }, "unmet_authentication_requirements"],
    [totp, { claims: claim({ values: ["unheard-of"] }) }, "unmet_authentication_requirements"],
    [totp, { acr_values: "phr" }, "sign-in"],
    [totp, { claims: claim({ essential: true, values: ["phr"] }) }, "sign-in"],
    [[], {}, "sign-in"],
    [[], { acr_values: "urn:countersign:password" }, "sign-in"],
  ])("of a session with %j, asked %j, is %s", async (methods, parameters, expected) => {
    const app = await h.party();
    const ada = await h.newPerson();
    const browser = h.browser((await h.signIn(ada, { methods })).token);
    const { left, signIn } = await browser.follow(await app.start(parameters));
    const said = async (url: URL) => url.searchParams.get("error") ?? (await app.redeem(url)).claims()?.["acr"];
    expect(signIn ? "sign-in" : await said(left!)).toBe(expected);
  });

  test("is what happened where the application asks for a password alone", async () => {
    const app = await h.party({ strength: "password", multipleauthn: true });
    const ada = await h.newPerson();
    const browser = h.browser((await h.signIn(ada, { methods: [] })).token);
    const one = (await app.redeem((await browser.follow(await app.start())).left!)).claims();
    expect([one?.["acr"], one?.["amr"]]).toEqual(["urn:countersign:password", ["pwd"]]);
    browser.hold((await h.signIn(ada)).token);
    const two = (await app.redeem((await browser.follow(await app.start())).left!)).claims();
    expect([two?.["acr"], two?.["amr"]]).toEqual(["urn:countersign:mfa", ["pwd", "otp", "mfa", multipleauthn]]);
  });
});

describe("the token endpoint", () => {
  const post = async (body: Record<string, string>, headers: Record<string, string> = {}) => {
    const response = await h.browser().get("/oidc/token", {
      method: "POST",
      body: new URLSearchParams(body),
      headers: { accept: "application/json", ...headers },
    });
    return { status: response.status, error: ((await response.json()) as { error?: string }).error };
  };
  async function code() {
    const { app, left, code: value } = await outcome({});
    return { app, left, value: value! };
  }

  test("wants the right secret, verifier, address and application", async () => {
    const { app, value } = await code();
    const other = await h.party();
    const good = {
      grant_type: "authorization_code",
      code: value,
      redirect_uri: callback,
      code_verifier: app.verifier,
      client_id: app.id,
      client_secret: app.secret!,
    };
    const wrong = "x".repeat(43);
    expect(await post({ ...good, client_secret: wrong })).toEqual({ status: 401, error: "invalid_client" });
    const { client_secret: _none, ...secretless } = good;
    expect(await post(secretless)).toEqual({ status: 401, error: "invalid_client" });
    expect(await post({ ...good, code_verifier: wrong })).toMatchObject({ error: "invalid_grant" });
    expect(await post({ ...good, redirect_uri: `${callback}/` })).toMatchObject({ error: "invalid_grant" });
    const theirs = { client_id: other.id, client_secret: other.secret! };
    expect(await post({ ...good, ...theirs })).toMatchObject({ error: "invalid_grant" });
    expect(await post(good)).toEqual({ status: 200, error: undefined });
  });

  test("takes no code that is older than a minute", async () => {
    const { app, left } = await code();
    h.move(61_000);
    await expect(app.redeem(left!)).rejects.toMatchObject({ error: "invalid_grant" });
  });

  test.each(["password", "implicit", "client_credentials", "urn:ietf:params:oauth:grant-type:device_code"])(
    "knows no grant of type %s",
    async (grant_type) => {
      const app = await h.party();
      const asked = { grant_type, client_id: app.id, client_secret: app.secret!, username: "ada", password: "x" };
      expect(await post(asked)).toMatchObject({ status: 400, error: "unsupported_grant_type" });
    },
  );
});

test.each(["/oidc/reg", "/oidc/register", "/oidc/device", "/oidc/token/introspection", "/reg", "/auth"])(
  "there is nothing at %s",
  async (path) => {
    expect((await h.browser().get(path)).status).toBe(404);
  },
);
