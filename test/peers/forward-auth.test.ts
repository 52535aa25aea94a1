// The examples' files in the real nginx and Caddy, and in a stand-in for Traefik: in after two steps, and otherwise not; and
// nobody but us says who it is.
import { createServer } from "node:http";
import { connect } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { newPasswordHash } from "#actions/passwords.ts";
import { addSite } from "#actions/sites.ts";
import { serveHttp, type HttpServer } from "#edges/http/server.ts";
import { corpus, rules } from "../edges/forward-auth/setup.ts";
import { freePort } from "../support/process.ts";
import { world, type World } from "../support/world.ts";
import { openBrowser } from "./support/browser.ts";
import { installed } from "./support/installed.ts";
import { startCaddy, startNginx, startTraefikLike, type WebProxy } from "./support/web-proxies.ts";

const password = "correct horse battery";
/** What the application was asked: path, and headers as most applications read them. */
type Reached = { target: string; headers: Map<string, string[]> };

/** Sends exactly these octets, and gives the status; 0: none came. */
async function statusOf(port: number, text: string): Promise<number> {
  // not half-closed: to nginx that is a visitor who has gone
  const socket = connect(port, "127.0.0.1").setTimeout(10_000, () => socket.destroy());
  socket.write(Buffer.from(text, "latin1"));
  let answer = "";
  try {
    for await (const chunk of socket) answer += String(chunk);
  } catch {
    // reset
  }
  return Number(/^HTTP\/1\.[01] (\d{3})/.exec(answer)?.[1] ?? 0);
}

const proxies = [
  { name: "nginx", start: startNginx, here: installed("nginx"), encodes: false },
  // encodes raw octets for us as for the application
  { name: "Caddy", start: startCaddy, here: installed("caddy"), encodes: true },
  { name: "a stand-in for Traefik", start: startTraefikLike, here: true, encodes: false },
].filter(({ here }) => here);

describe.each(proxies)("behind $name", ({ start, encodes }) => {
  let w: World;
  let http: HttpServer;
  let proxy: WebProxy;
  let ada: { secret: Buffer };
  const reached: Reached[] = [];
  const app = createServer((request, response) => {
    const headers = new Map<string, string[]>();
    for (let at = 0; at < request.rawHeaders.length; at += 2) {
      const name = request.rawHeaders[at]!.toUpperCase().replaceAll("-", "_");
      headers.set(name, [...(headers.get(name) ?? []), request.rawHeaders[at + 1]!]);
    }
    reached.push({ target: request.url!, headers });
    response.end("the application");
  });

  beforeAll(async () => {
    w = await world();
    ada = await w.person({ username: "ada", passwordHash: await newPasswordHash(w.deps, password) });
    const [port, appPort] = [await freePort(), await freePort()];
    await new Promise<void>((resolve) => app.listen(appPort, "127.0.0.1", resolve));
    http = await serveHttp(w.deps, {
      people: { host: "127.0.0.1", port },
      internal: undefined,
      publicUrl: `http://localhost:${port}`,
      trustedProxies: ["127.0.0.1"],
      ready: () => true,
      reasons: () => [],
      metrics: async () => "",
      webDist: new URL("../../web/dist/", import.meta.url),
    });
    proxy = await start({ countersign: port, app: appPort });
    await addSite(w.deps, "cli", { host: proxy.site.host, name: "The app", rules });
  });
  beforeEach(() => {
    reached.length = 0;
    // a code is good once
    w.clock.at += 30_000;
  });
  afterAll(async () => {
    await proxy?.stop();
    await http?.stop();
    app.closeAllConnections();
    app.close();
    await w?.close();
  });

  async function signIn(target = "/") {
    const browser = openBrowser();
    const name = await browser.go(new URL(target, proxy.site));
    expect(name.url.pathname).toBe("/sign-in");
    expect(name.text).toContain("The app");
    const code = await browser.submit(name, "/sign-in/password", { username: "ada", password });
    expect(reached).toEqual([]);
    const page = await browser.submit(code, "/sign-in/code", { code: w.code(ada) });
    return { browser, page };
  }
  const identity = ({ headers }: Reached) =>
    [...headers].filter(([name]) => /^REMOTE_|COUNTERSIGN/.test(name) && name !== "REMOTE_ADDR");
  const request = (target: string, lines: string[] = []) =>
    [`GET ${target} HTTP/1.1`, `Host: ${proxy.site.host}`, "Connection: close", ...lines, "", ""].join("\r\n");

  test("someone gets to the page they wanted after two steps, and stays in", async () => {
    const { browser, page } = await signIn("/reports/a%20b?c=d&e=%2F");
    expect([page.status, page.text, page.url.href]).toEqual([
      200,
      "the application",
      new URL("/reports/a%20b?c=d&e=%2F", proxy.site).href,
    ]);
    expect(reached.map(({ target }) => target)).toEqual(["/reports/a%20b?c=d&e=%2F"]);
    expect(identity(reached[0]!)).toEqual([
      ["REMOTE_USER", ["ada"]],
      ["X_COUNTERSIGN_JWT", [expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/)]],
    ]);
    expect((await browser.once(new URL("/again", proxy.site), {})).status).toBe(200);
    expect((await browser.once(new URL("/again", proxy.site), { method: "POST", form: { a: "b" } })).status).toBe(200);
    // of our cookies the application sees the site's own, and nothing of the session
    expect(reached.flatMap(({ headers }) => headers.get("COOKIE") ?? []).join()).not.toMatch(/countersign=/);
  });

  test("nobody gets in with the password alone, or without anything", async () => {
    const browser = openBrowser();
    const name = await browser.go(proxy.site);
    const code = await browser.submit(name, "/sign-in/password", { username: "ada", password });
    expect(code.text).toContain("/sign-in/code");
    expect((await browser.go(proxy.site)).url.pathname).toBe("/sign-in");
    for (const headers of [{ accept: "application/json", "sec-fetch-mode": "cors" }, { "sec-fetch-dest": "iframe" }]) {
      const { status } = await browser.once(proxy.site, { headers });
      expect([headers, status]).toEqual([headers, 401]);
    }
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "PROPFIND"])
      expect([method, (await browser.once(proxy.site, { method })).status]).toEqual([method, 401]);
    const upgrade = [
      "Upgrade: websocket",
      "Connection: Upgrade",
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Key: AAAA",
    ];
    expect(await statusOf(Number(proxy.site.port), request("/", upgrade))).toBe(401);
    expect(reached).toEqual([]);
  });

  test("a public path needs nobody, and what needs more than was proven stays closed", async () => {
    const browser = openBrowser();
    expect((await browser.once(new URL("/public/x", proxy.site), {})).status).toBe(200);
    expect(identity(reached[0]!)).toEqual([]);
    reached.length = 0;
    const { browser: signedIn } = await signIn("/public/../x");
    reached.length = 0;
    expect((await signedIn.once(new URL("/staff", proxy.site), {})).status).toBe(403);
    expect((await signedIn.once(new URL("/admin", proxy.site), {})).status).toBe(302);
    expect(reached).toEqual([]);
  });

  test("no visitor says who they are, however the header is written", async () => {
    const { browser } = await signIn();
    reached.length = 0;
    const names = ["User", "Name", "Email", "Groups"].flatMap((name) => [`Remote-${name}`, `Remote_${name}`]);
    const tokens = ["X-Countersign-Jwt", "X_Countersign_Jwt", "X-Countersign_Jwt", "X_Countersign-Jwt"];
    const lines = [...names, ...tokens].flatMap((name) =>
      [name, name.toUpperCase(), name.toLowerCase(), name].map((written) => `${written}: root`),
    );
    const cookie = browser.header(proxy.site);
    const port = Number(proxy.site.port);
    expect(await statusOf(port, request("/", [...lines, `Cookie: ${cookie}`]))).toBe(200);
    expect(await statusOf(port, request("/public", lines))).toBe(200);
    expect(await statusOf(port, request("/", lines))).toBe(401);
    expect(reached.map(identity)).toEqual([
      [
        ["REMOTE_USER", ["ada"]],
        ["X_COUNTERSIGN_JWT", [expect.not.stringContaining("root")]],
      ],
      [],
    ]);
  });

  test("no visitor says where they are going but by the address", async () => {
    const lines = [
      "X-Original-URL: /public",
      `X-Original-URL: ${proxy.site.origin}/public`,
      "X-Original-Method: OPTIONS",
      "X-Forwarded-Uri: /public",
      "X-Forwarded-Method: OPTIONS",
      "X-Forwarded-Host: other.example.org",
      "X-Rewrite-URL: /public",
      "X-HTTP-Method-Override: OPTIONS",
    ];
    const port = Number(proxy.site.port);
    for (const line of lines) {
      const status = await statusOf(port, request("/", [line]));
      expect([line, [401, 403].includes(status)]).toEqual([line, true]);
      reached.length = 0;
      await statusOf(port, request("/public", [line.replace("/public", "/admin")]));
      for (const { headers } of reached)
        for (const name of ["X_ORIGINAL_URL", "X_REWRITE_URL", "X_FORWARDED_URI", "X_HTTP_METHOD_OVERRIDE"])
          expect([line, headers.get(name)?.join().includes("admin") ?? false]).toEqual([line, false]);
      reached.length = 0;
    }
  });

  test("no hostile address of the corpus reaches the application, for nobody and for who is signed in", async () => {
    const { browser } = await signIn();
    const cookie = `Cookie: ${browser.header(proxy.site)}`;
    const port = Number(proxy.site.port);
    expect(await statusOf(port, request("/", [cookie]))).toBe(200);
    reached.length = 0;
    const answered = [];
    // with scheme and host it is a request like any other (RFC 9112, 3.2.2)
    const whole = ["/admin", "/public/../admin"].flatMap((path) =>
      [proxy.site.origin, "http://other.example.org"].map((origin) => ({
        why: "absolute",
        target: `${origin}${path}`,
      })),
    );
    const kept = corpus<{ why: string; target: string }>("targets")
      .filter(({ target }) => !/^https?:/.test(target))
      .filter(({ why }) => !encodes || why !== "raw octets that belong encoded");
    for (const { why, target } of [...kept, ...whole])
      for (const lines of [[], [cookie]]) {
        const status = await statusOf(port, request(target, lines));
        // Caddy has nothing to say at a host that it does not know: an empty 200
        const elsewhere = target.startsWith("http://other.");
        if (status >= 200 && status < 300 && !elsewhere) answered.push({ why, target, status });
      }
    expect(reached.map(({ target }) => target)).toEqual([]);
    expect(answered).toEqual([]);
  });
});
