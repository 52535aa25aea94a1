// From a protected site through the sign-in and back, and what a proxy is told before, between and after.
import { createPublicKey, verify, type webcrypto } from "node:crypto";
import { describe, expect, test } from "vitest";
import { endSessions } from "#actions/sessions.ts";
import { addSite, removeSite, setSiteRule } from "#actions/sites.ts";
import {
  caddy,
  caddyHost,
  cookieOf,
  forwardAuthWorld,
  get,
  nginx,
  opening,
  pathOf,
  portal,
  rules,
  site,
  type Pair,
} from "./setup.ts";

const f = forwardAuthWorld();
const passkey = () => ({ method: "passkey", at: f.h.w.clock.at, userVerified: true });
const minute = 60_000;

test("someone who opens a page is led to the sign-in and back to where they wanted to go", async () => {
  const asked = await f.ask([...caddy("/x?y=z"), ...opening]);
  expect([asked.status, asked.headers["location"]]).toEqual([302, `${site}/.countersign/start?rd=%2Fx%3Fy%3Dz`]);
  const forNginx = await f.ask([...nginx("/x?y=z"), ...opening]);
  expect([forNginx.status, forNginx.headers["location"]]).toEqual([401, asked.headers["location"]]);

  const stranger = await f.enter("", "/x?y=z");
  expect(stranger.leave.status).toBe(303);
  expect(stranger.leave.headers["location"]).toMatch(/^https:\/\/portal\.example\.org\/forward-auth\/start\?rd=/);
  expect(stranger.leave.cookies).toEqual([
    expect.stringMatching(/^__Host-countersign-state=[\w-]{32}; Path=\/; HttpOnly; SameSite=Lax; Secure$/),
  ]);
  expect([stranger.through.status, stranger.through.headers["location"]]).toEqual([
    303,
    expect.stringMatching(/^\/sign-in\?flow=/),
  ]);

  const { cookie } = await f.signIn();
  const entered = await f.enter(cookie, "/x?y=z");
  expect(entered.through.headers["location"]).toMatch(`${site}/.countersign/callback?ticket=`);
  expect([entered.entered.status, entered.entered.headers["location"]]).toEqual([303, `${site}/x?y=z`]);
  expect(entered.entered.cookies).toEqual([
    expect.stringMatching(/^__Host-countersign-site=[\w-]{32}; Path=\/; HttpOnly; SameSite=Lax; Secure$/),
  ]);
  for (const say of [nginx, caddy]) expect((await f.ask(say("/x?y=z"), entered.cookie)).status).toBe(200);
});

test("the application learns who it is by headers and by a token that it can check", async () => {
  const { cookie, userId } = await f.signIn({ groups: ["staff", "a,b"] });
  const entered = await f.enter(cookie);
  const { headers } = await f.ask(caddy("/staff"), entered.cookie);
  expect(headers).toMatchObject({
    "remote-user": "ada",
    "remote-name": "UTF-8''Ada%20%C3%85str%C3%B6m",
    "remote-email": "ada@example.org",
    "remote-groups": "staff,UTF-8''a%2Cb",
  });
  const [header = "", payload = "", signature = ""] = headers["x-countersign-jwt"]!.split(".");
  const read = (part: string) => JSON.parse(Buffer.from(part, "base64url").toString()) as Record<string, unknown>;
  const { keys } = JSON.parse((await get(f.port, "/forward-auth/jwks.json", [])).text) as {
    keys: (webcrypto.JsonWebKey & { kid: string })[];
  };
  const key = keys.find(({ kid }) => kid === read(header)["kid"])!;
  expect(read(header)).toEqual({ alg: "ES256", typ: "site+jwt", kid: key.kid });
  expect(JSON.stringify(keys)).not.toContain('"d"');
  const publicKey = createPublicKey({ key, format: "jwk" });
  const signed = Buffer.from(`${header}.${payload}`);
  const good = Buffer.from(signature, "base64url");
  expect(verify("sha256", signed, { key: publicKey, dsaEncoding: "ieee-p1363" }, good)).toBe(true);
  const iat = Math.floor(f.h.w.clock.at / 1000);
  expect(read(payload)).toEqual({
    iss: portal,
    aud: "app.example.org",
    sub: userId,
    iat,
    exp: iat + 60,
    preferred_username: "ada",
    name: "Ada Åström",
    email: "ada@example.org",
    groups: ["staff", "a,b"],
    acr: "urn:countersign:mfa",
    amr: expect.arrayContaining(["pwd", "mfa"]) as string[],
    auth_time: iat,
  });
  // a public path tells nothing, whoever asks
  const open = await f.ask(caddy("/public"), entered.cookie);
  expect([open.status, open.headers["remote-user"], open.headers["x-countersign-jwt"]]).toEqual([
    200,
    undefined,
    undefined,
  ]);
});

describe("a ticket", () => {
  const callback = async (path: string, cookie: string, more: readonly Pair[] = caddyHost) =>
    await get(f.port, path, [...opening, ...more, ["Cookie", cookie]]);
  const issued = async () => {
    const { cookie } = await f.signIn();
    const leave = await get(f.port, "/.countersign/start?rd=%2F", [...opening, ...caddyHost]);
    const through = await get(f.port, pathOf(leave), [...opening, ["Cookie", cookie]]);
    return { path: pathOf(through), state: cookieOf(leave) };
  };
  const failed = `${portal}/forward-auth/failed`;

  test("is good once, however many come at once", async () => {
    const { path, state } = await issued();
    const answers = await Promise.all(Array.from({ length: 8 }, async () => await callback(path, state)));
    expect(answers.filter(({ cookies }) => cookies.length > 0)).toHaveLength(1);
    expect(answers.filter(({ headers }) => headers["location"] === failed)).toHaveLength(7);
    expect((await get(f.port, "/forward-auth/failed", [])).status).toBe(400);
  });

  test("is good only in the browser that set out", async () => {
    const { path, state } = await issued();
    const another = cookieOf(await get(f.port, "/.countersign/start", [...opening, ...caddyHost]));
    for (const cookie of ["", another, `${another}; ${state}`]) {
      const { headers, cookies } = await callback(path, cookie);
      expect([cookie, headers["location"], cookies]).toEqual([cookie, failed, []]);
    }
    expect((await callback(path, state)).headers["location"]).toBe(`${site}/`);
  });

  test("is good only at its site, and for half a minute", async () => {
    await addSite(f.h.w.deps, "cli", { host: "other.example.org", rules });
    const { path, state } = await issued();
    const other: Pair[] = [
      ["X-Forwarded-Proto", "https"],
      ["X-Forwarded-Host", "other.example.org"],
    ];
    expect((await callback(path, state, other)).headers["location"]).toBe(failed);
    f.h.w.clock.at += 30_000;
    expect((await callback(path, state)).headers["location"]).toBe(failed);
  });

  test("is not taken by what opens no page", async () => {
    const { path, state } = await issued();
    for (const mode of ["no-cors", "cors", "websocket"]) {
      const headers: Pair[] = [...caddyHost, ["Cookie", state], ["Sec-Fetch-Mode", mode]];
      expect((await get(f.port, path, headers)).status).toBe(403);
    }
    expect((await callback(path, state)).status).toBe(303);
  });
});

describe("a site's cookie", () => {
  test("is no session of ours, and a session of ours no cookie of the site", async () => {
    const session = await f.signIn();
    const { cookie } = await f.enter(session.cookie);
    const value = (text: string) => text.split("=")[1]!;
    expect((await f.ask(caddy("/"), `__Host-countersign-site=${value(session.cookie)}`)).status).toBe(401);
    const asSession = await get(f.port, "/account", [["Cookie", `__Host-countersign=${value(cookie)}`]]);
    expect(asSession.status).not.toBe(200);
    expect((await f.ask(caddy("/"), `${cookie}; ${cookie}`)).status).toBe(401);
    // what the proxy of a malicious application sees of us is this one cookie
    expect(cookie).toMatch(/^__Host-countersign-site=[\w-]{32}$/);
  });

  test("is good at its own site only", async () => {
    await addSite(f.h.w.deps, "cli", { host: "other.example.org", rules });
    const { cookie } = await f.enter((await f.signIn()).cookie);
    const other = caddy("/").map(([name, value]): Pair => [name, value.replace("app.", "other.")]);
    expect((await f.ask(other, cookie)).status).toBe(401);
    expect((await f.ask(caddy("/"), cookie)).status).toBe(200);
  });

  test("ends with the session, with the person, and with the site", async () => {
    const { deps } = f.h.w;
    const one = await f.signIn({ username: "one" });
    const oneAtSite = await f.enter(one.cookie);
    await endSessions(deps, "cli", { userId: one.userId, only: one.sessionId });
    expect((await f.ask(caddy("/"), oneAtSite.cookie)).status).toBe(401);
    const two = await f.signIn({ username: "two" });
    const twoAtSite = await f.enter(two.cookie);
    await deps.db.q.updateTable("person").set({ state: "disabled" }).where("id", "=", two.userId).execute();
    expect((await f.ask(caddy("/"), twoAtSite.cookie)).status).toBe(401);
    const three = await f.enter((await f.signIn({ username: "three" })).cookie);
    await removeSite(deps, "cli", "app.example.org");
    expect((await f.ask(caddy("/"), three.cookie)).status).toBe(403);
    await addSite(deps, "cli", { host: "app.example.org", rules });
    expect((await f.ask(caddy("/"), three.cookie)).status).toBe(401);
  });

  test("ends after an hour without a request, not before", async () => {
    const { cookie } = await f.enter((await f.signIn()).cookie);
    for (let used = 0; used < 3; used += 1) {
      f.h.w.clock.at += 59 * minute;
      expect((await f.ask(caddy("/"), cookie)).status).toBe(200);
    }
    f.h.w.clock.at += 60 * minute;
    expect((await f.ask(caddy("/"), cookie)).status).toBe(401);
  });
});

test("too weak a sign-in is told in the words of RFC 9470, and leads to a stronger one", async () => {
  const weak = await f.signIn();
  const atSite = await f.enter(weak.cookie);
  const refused = await f.ask([...caddy("/admin"), ["Accept", "application/json"]], atSite.cookie);
  expect([refused.status, refused.headers["location"], refused.headers["www-authenticate"]]).toEqual([
    401,
    undefined,
    'Bearer error="insufficient_user_authentication", acr_values="urn:countersign:phishing-resistant"',
  ]);
  expect((await f.ask([...caddy("/admin"), ...opening], atSite.cookie)).status).toBe(302);
  expect((await f.enter(weak.cookie, "/admin")).through.headers["location"]).toMatch(/^\/sign-in\?flow=/);
  const strong = await f.enter((await f.signIn({ proofs: [passkey()], username: "bo" })).cookie, "/admin");
  expect((await f.ask(caddy("/admin"), strong.cookie)).status).toBe(200);
  expect((await f.ask(caddy("/"))).headers["www-authenticate"]).toBe("Bearer");
});

test("who is in none of the groups is let in nowhere, and told so", async () => {
  const { cookie } = await f.signIn();
  const atSite = await f.enter(cookie);
  const refused = await f.ask([...caddy("/staff"), ...opening], atSite.cookie);
  expect([refused.status, refused.headers["location"]]).toEqual([403, undefined]);
  expect(refused.text).not.toBe("");
  const { through } = await f.enter(cookie, "/staff");
  expect([through.status, through.text]).toEqual([403, expect.stringContaining("CS-1005")]);
});

test("every method, and a WebSocket, is answered as GET is", async () => {
  const { cookie } = await f.enter((await f.signIn()).cookie);
  const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "FROB", "get"];
  for (const method of methods)
    for (const say of [nginx, caddy]) {
      const seen = [];
      for (const target of ["/public", "/", "/admin", "/staff"])
        seen.push((await f.ask(say(target, method))).status, (await f.ask(say(target, method), cookie)).status);
      expect([method, seen]).toEqual([method, [200, 200, 401, 200, 401, 401, 401, 403]]);
    }
  // Traefik can be told to ask with the request's own method
  for (const method of ["POST", "OPTIONS", "DELETE"]) {
    expect((await f.ask(caddy("/", method), "", method)).status).toBe(401);
    expect((await f.ask(caddy("/", method), cookie, method)).status).toBe(200);
  }
  const socket = caddy("/").map(([name, value]): Pair => [name, value === "https" ? "wss" : value]);
  expect((await f.ask([...socket, ["Upgrade", "websocket"], ["Connection", "Upgrade"]])).status).toBe(401);
  await setSiteRule(f.h.w.deps, "cli", {
    host: "app.example.org",
    rule: { path: "/api", access: "public", methods: ["OPTIONS"] },
  });
  expect((await f.ask(caddy("/api/x", "OPTIONS"))).status).toBe(200);
  expect((await f.ask(caddy("/api/x", "GET"))).status).toBe(401);
});

test("what opens no page gets a 401 and is sent nowhere", async () => {
  const kinds: Pair[][] = [
    [["Accept", "application/json"]],
    [],
    [
      ["Sec-Fetch-Mode", "cors"],
      ["Sec-Fetch-Dest", "empty"],
      ["Accept", "text/html"],
    ],
    [
      ["Sec-Fetch-Mode", "no-cors"],
      ["Sec-Fetch-Dest", "image"],
    ],
    [
      ["Sec-Fetch-Mode", "navigate"],
      ["Sec-Fetch-Dest", "iframe"],
      ["Accept", "text/html"],
    ],
  ];
  for (const kind of kinds)
    for (const say of [nginx, caddy]) {
      const { status, headers } = await f.ask([...say("/"), ...kind]);
      expect([kind, status, headers["location"]]).toEqual([kind, 401, undefined]);
    }
  const posted = await f.ask([...caddy("/", "POST"), ...opening]);
  expect([posted.status, posted.headers["location"]]).toEqual([401, undefined]);
});

test("the passage begins and goes on for pages only, and ends at the address that was configured", async () => {
  const leave = async (...more: Pair[]) => await get(f.port, "/.countersign/start?rd=%2Fx", [...caddyHost, ...more]);
  expect((await leave(["Sec-Fetch-Mode", "no-cors"])).status).toBe(403);
  expect((await leave(["Sec-Fetch-Dest", "iframe"])).status).toBe(403);
  expect((await leave(["Host", "evil.example"])).headers["location"]).toMatch(/^https:\/\/portal\.example\.org\//);
  const through = pathOf(await leave());
  expect((await get(f.port, through, [["Sec-Fetch-Mode", "no-cors"]])).status).toBe(400);
  for (const rd of [
    "//evil.example",
    "https://evil.example/",
    "/\\evil.example",
    "/%2f%2fevil.example",
    "/a\r\nb",
    `/${"a".repeat(3000)}`,
  ]) {
    const left = await get(f.port, `/.countersign/start?rd=${encodeURIComponent(rd)}`, [...caddyHost]);
    expect(new URL(left.headers["location"]!).searchParams.get("rd")).toBe(`${site}/`);
  }
});

test("a site at our own name is refused: it would be sent our cookies", async () => {
  await addSite(f.h.w.deps, "cli", { host: "portal.example.org:8443", rules });
  const ours = caddy("/public").map(([name, value]): Pair => [
    name,
    value.replace("app.example.org", "portal.example.org:8443"),
  ]);
  expect((await f.ask(ours)).status).toBe(403);
});

test("when nothing can be decided nobody passes", async () => {
  const { cookie } = await f.enter((await f.signIn()).cookie);
  f.h.ready = false;
  expect((await f.ask(caddy("/public"), cookie)).status).toBe(403);
  f.h.ready = true;
  await f.h.w.deps.db.q.updateTable("protected_site").set({ rules: "[{}]" }).execute();
  expect((await f.ask(caddy("/public"), cookie)).status).toBe(403);
  await f.h.w.deps.db.close();
  expect((await f.ask(caddy("/"), cookie)).status).toBe(403);
});
