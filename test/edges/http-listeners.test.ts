// The listeners as a stranger, a browser, a slow client and an operator meet them.
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import { openPhones } from "#actions/phones.ts";
import { httpWorld, path } from "./http-caller.ts";

const h = httpWorld();

describe("the listeners", () => {
  const get = async (to: "people" | "internal", target: string) =>
    await fetch(`http://127.0.0.1:${h.server[to]!.port}${target}`, { redirect: "manual" });

  test("both say how they are, without version or place", async () => {
    for (const to of ["people", "internal"] as const) {
      expect(await (await get(to, "/health/live")).json()).toEqual({ status: "live" });
      expect(await (await get(to, "/health/ready")).json()).toMatchObject({ status: "ready" });
    }
    h.ready = false;
    const answer = await get("people", "/health/ready");
    expect([answer.status, await answer.json()]).toEqual([503, { status: "not ready" }]);
    expect((await get("people", "/health/live")).status).toBe(200);
  });

  test("say that something is amiss, and to operators what", async () => {
    h.server = await h.start(h.w.deps, { reasons: () => ["clock_skew"] });
    const status = "degraded";
    for (const [to, body] of [
      ["people", { status }],
      ["internal", { status, reasons: ["clock_skew"] }],
    ] as const) {
      const answer = await get(to, "/health/ready");
      expect([answer.status, await answer.json()]).toEqual([200, body]);
    }
  });

  test("keep metrics and API documents from people, and the API from operators", async () => {
    expect(await (await get("internal", "/metrics")).text()).toBe("up 1\n");
    expect(await (await get("internal", "/api/openapi.json")).json()).toMatchObject({ openapi: "3.1.0" });
    for (const target of ["/metrics", "/api/openapi.json"]) expect((await get("people", target)).status).toBe(404);
    expect((await get("internal", `${path}/chl_x`)).status).toBe(404);
  });

  test("take no correlation id from a stranger", async () => {
    const answer = await fetch(`http://127.0.0.1:${h.server.people!.port}/nowhere`, {
      headers: { "x-request-id": "cor_stranger", "request-id": "cor_stranger" },
    });
    expect(await answer.text()).not.toContain("stranger");
    expect(answer.headers.get("x-correlation-id")).not.toContain("stranger");
  });

  test("give nothing of an inner failure away", async () => {
    h.server = await h.start(h.w.deps, {
      metrics: async () => await Promise.reject(new TypeError("cannot read /etc/secret of undefined")),
    });
    const answer = await get("internal", "/metrics");
    const text = await answer.text();
    expect(answer.status).toBe(503);
    expect(text).not.toMatch(/secret|TypeError|\.ts|at /);
    expect(h.w.logged).toContainEqual({
      message: "a request could not be answered",
      fields: {
        correlationId: answer.headers.get("x-correlation-id"),
        reason: expect.stringContaining("secret"),
      },
    });
  });

  test("outside the evaluation show a plain page and no phone", async () => {
    const page = await get("people", "/");
    expect([page.status, page.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
    for (const target of ["/phone", "/phone/messages"]) expect((await get("people", target)).status).toBe(404);
  });

  test("do not open one address and leave the other behind", async () => {
    const taken = { host: "127.0.0.1", port: h.server.internal!.port };
    const people = { host: "127.0.0.1", port: 0 };
    await expect(h.start(h.w.deps, { people, internal: taken })).rejects.toMatchObject({
      code: "EADDRINUSE",
    });
  });
});

describe("the evaluation's phone", () => {
  test("is a page whose policy has a nonce of its own each time, with its files", async () => {
    const folder = mkdtempSync(join(tmpdir(), "countersign-web-"));
    try {
      for (const name of ["account", "authenticator", "phone", "assets"]) mkdirSync(join(folder, name));
      writeFileSync(join(folder, "secret.js"), "no");
      writeFileSync(join(folder, "assets/phone-1.js"), "let a");
      for (const name of ["account", "authenticator", "phone"])
        writeFileSync(join(folder, `${name}/index.html`), '<meta name="csp-nonce" nonce="{{nonce}}" />');
      h.server = await h.start(h.w.deps, {
        phones: await openPhones(h.w.deps),
        webDist: pathToFileURL(`${folder}/`),
      });
      const get = async (target: string) =>
        await fetch(`http://127.0.0.1:${h.server.people!.port}${target}`, { redirect: "manual" });
      const nonces = new Set<string>();
      for (let time = 0; time < 2; time++) {
        const page = await get("/phone");
        const [, nonce] = /nonce="([\w+/=]{24})"/.exec(await page.text())!;
        nonces.add(nonce!);
        const policy = page.headers.get("content-security-policy")!;
        expect(policy).toContain(`style-src 'self' 'nonce-${nonce}'`);
        expect(policy).toContain("require-trusted-types-for 'script'");
        expect(policy).not.toContain("unsafe");
      }
      expect(nonces.size).toBe(2);
      const file = await get("/assets/phone-1.js");
      expect([await file.text(), file.headers.get("content-type")]).toEqual([
        "let a",
        "text/javascript; charset=utf-8",
      ]);
      for (const target of ["/assets/..%2fsecret.js", "/assets/../secret.js", "/assets/", "/assets/x.js"])
        expect((await get(target)).status).toBe(404);
      expect((await get("/")).headers.get("location")).toBe("/phone");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("limits", () => {
  /** What the server sends until it hangs up. */
  async function raw(text: string | Buffer, more?: (write: (text: string) => void) => void): Promise<string> {
    const socket = connect(h.server.people!.port, "127.0.0.1");
    let seen = "";
    socket.on("data", (data) => (seen += data.toString("latin1")));
    socket.on("error", () => undefined);
    socket.write(text);
    more?.((later) => socket.write(later));
    await once(socket, "close");
    return seen;
  }
  const post = `POST ${path} HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n`;

  test.each([
    ["both lengths", `${post}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`],
    ["two lengths", `${post}content-length: 5\r\ncontent-length: 6\r\n\r\n{}   `],
    ["a strange encoding", `${post}transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n`],
    ["a bare line feed", `POST ${path} HTTP/1.1\nhost: a\n\n`],
    ["a folded header", `${post}x-a: b\r\n c\r\n\r\n`],
    ["no host", `GET /health/live HTTP/1.1\r\n\r\n`],
    ["a header beyond 16 kB", `GET /health/live HTTP/1.1\r\nhost: a\r\nx: ${"x".repeat(17_000)}\r\n\r\n`],
    ["no HTTP", "\x16\x03\x01\x02\x00\x01\r\n\r\n"],
  ])("%s is refused and the connection ends", async (_what, text) => {
    expect(await raw(text)).toMatch(/^HTTP\/1\.1 400 /);
  });

  test("who is slow with the headers is hung up on after ten seconds, and an idle connection after five", async () => {
    const began = performance.now();
    const unasked = Promise.all([raw("GET /health/live HTTP/1.1\r\nhost:"), raw("")]);
    const slow = unasked.then(() => performance.now() - began);
    const idle = raw("GET /health/live HTTP/1.1\r\nhost: a\r\n\r\n").then(() => performance.now() - began);
    expect(await idle).toBeGreaterThan(4500);
    expect(await idle).toBeLessThan(8000);
    expect(await slow).toBeGreaterThan(9500);
    expect(await slow).toBeLessThan(14_000);
    expect(await unasked).toEqual(["", ""]);
  });

  test("one address has a thousand connections at most, and new ones once those are gone; a proxy of ours has more", async () => {
    const proxied = (await h.start(h.w.deps, { trustedProxies: ["127.0.0.1"] })).people!.port;
    const port = h.server.people!.port;
    // In waves that fit the queue of connections not yet taken: beyond it the system drops some, and takes them later.
    const fill = async (to: number) => {
      const sockets: Socket[] = [];
      while (sockets.length < 1024) {
        const wave = Array.from({ length: 64 }, () => connect(to, "127.0.0.1").on("error", () => undefined));
        await Promise.all(wave.map(async (socket) => await once(socket, "connect")));
        sockets.push(...wave);
      }
      return sockets;
    };
    const ask = async (to: number) =>
      await new Promise<number>((resolve) => {
        const asked = httpRequest({ port: to, host: "127.0.0.1", path: "/health/live", agent: false }, (answer) =>
          resolve(answer.statusCode!),
        );
        asked.on("error", () => resolve(0));
        asked.end();
      });
    const sockets = await fill(port);
    expect(await ask(port)).toBe(0);
    for (const socket of sockets) socket.destroy();
    await expect.poll(async () => await ask(port)).toBe(200);
    const others = await fill(proxied);
    expect(await ask(proxied)).toBe(200);
    for (const socket of others) socket.destroy();
  });
});
