// what every answer bears. The routes are those that the listeners really have, so that a new one is tested
// by being there; what is no route, no request or no method of it is asked for too.
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { connect } from "node:net";
import type { FastifyInstance } from "fastify";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { openPhones } from "#actions/phones.ts";
import { httpWorld } from "./http-caller.ts";

const h = httpWorld();
type Route = { method: string; path: string };
const routes = new Map<string, Route>();

const note = (message: unknown): void => {
  (message as { fastify: FastifyInstance }).fastify.addHook("onRoute", ({ method, url: path }) => {
    for (const one of [method].flat()) routes.set(`${one} ${path}`, { method: one, path });
  });
};
beforeAll(() => {
  subscribe("fastify.initialization", note);
});
afterAll(() => void unsubscribe("fastify.initialization", note));
beforeEach(async () => {
  routes.clear();
  h.server = await start();
});

const start = async (publicUrl = "http://localhost:8080") =>
  await h.start(h.w.deps, { publicUrl, phones: await openPhones(h.w.deps) });

const sides = ["people", "internal"] as const;
const ask = async (side: (typeof sides)[number], { method, path }: Route, headers: Record<string, string> = {}) =>
  await fetch(`http://127.0.0.1:${h.server[side]!.port}${path.replaceAll(/[:*]\w*/g, "x")}`, {
    method,
    redirect: "manual",
    headers,
  });

/** What is wrong with the headers of an answer, in words; nothing is right. */
function faults({ headers, url, ok }: Response): string[] {
  const policy = headers.get("content-security-policy") ?? "";
  const directives = policy.split(/;\s*/);
  const needed = ["default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"];
  const fixed: Record<string, string> = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
  };
  // files that are the same for everyone
  const kept = ok && new URL(url).pathname.startsWith("/assets/");
  return [
    ...needed.filter((directive) => !directives.includes(directive)),
    ...(directives.some((directive) => directive.startsWith("form-action ")) ? [] : ["form-action"]),
    ...(policy.match(/unsafe-\w+|(?<![\w'])\*|\bhttps?:(?!\/\/)|data:|blob:/g) ?? []),
    ...Object.entries(fixed).flatMap(([name, value]) => (headers.get(name) === value ? [] : [name])),
    ...(headers.get("cache-control")?.startsWith(kept ? "public, max-age=" : "no-store") ? [] : ["cache-control"]),
    ...(kept && headers.has("set-cookie") ? ["a cookie in what is kept"] : []),
    ...(/^cor_[\w-]{22}$/.test(headers.get("x-correlation-id") ?? "") ? [] : ["x-correlation-id"]),
    ...["server", "x-powered-by"].filter((name) => headers.has(name)),
  ];
}

describe("every answer bears the security headers", () => {
  test("of every route there is", async () => {
    expect(routes.size).toBeGreaterThan(8);
    for (const side of sides)
      for (const route of routes.values()) expect([route, faults(await ask(side, route))]).toEqual([route, []]);
  });

  test("asked with a method it does not have", async () => {
    for (const { path } of routes.values())
      for (const method of ["DELETE", "PATCH", "POST"].filter((other) => !routes.has(`${other} ${path}`))) {
        const answer = await ask("people", { method, path });
        expect([method, path, faults(answer)]).toEqual([method, path, []]);
        expect([method, path, [400, 404, 405].includes(answer.status)]).toEqual([method, path, true]);
      }
  });

  test("where there is nothing, and where the path is not one", async () => {
    const paths = [
      "/nowhere",
      "/account/x.css",
      "/phone/x.css",
      "/assets/none.js",
      "/%zz",
      "//",
      "/..%2f..%2fetc/passwd",
    ];
    for (const path of paths)
      for (const side of sides) {
        const answer = await ask(side, { method: "GET", path });
        expect([path, faults(answer), answer.headers.get("cache-control")]).toEqual([path, [], "no-store"]);
        expect([path, [400, 404].includes(answer.status)]).toEqual([path, true]);
      }
  });

  test("to what is no HTTP", async () => {
    const socket = connect(h.server.people!.port, "127.0.0.1");
    let seen = "";
    socket.on("data", (data) => (seen += data.toString()));
    socket.write("\x16\x03\x01\x02\x00\x01\r\n\r\n");
    await once(socket, "close");
    expect(seen).toMatch(/^HTTP\/1\.1 400 /);
    for (const name of ["content-security-policy: default-src 'none'", "x-content-type-options: nosniff"])
      expect(seen).toContain(name);
  });

  test("also while the node is not ready", async () => {
    h.ready = false;
    for (const route of routes.values()) expect([route, faults(await ask("people", route))]).toEqual([route, []]);
  });

  test("with TLS for a year where the public address has it, and only there", async () => {
    const seen = async () => {
      const answers = await Promise.all(
        [...routes.values(), { method: "GET", path: "/nowhere" }].map((route) => ask("people", route)),
      );
      return new Set(answers.map(({ headers }) => headers.get("strict-transport-security")));
    };
    expect(await seen()).toEqual(new Set([null]));
    h.server = await start("https://mfa.example.org");
    expect(await seen()).toEqual(new Set(["max-age=31536000; includeSubDomains"]));
  });
});

test("a page's policy has a nonce of its own each time and no other way in for a style or a script", async () => {
  let pages = 0;
  for (const route of [...routes.values()].filter(({ method }) => method === "GET")) {
    const [one, two] = [await ask("people", route), await ask("people", route)];
    if (!one.headers.get("content-type")?.startsWith("text/html")) continue;
    const policies = [one, two].map(({ headers }) => headers.get("content-security-policy")!);
    if (!policies[0]!.includes("nonce-")) continue;
    pages += 1;
    expect(policies[0]).not.toBe(policies[1]);
    const [, nonce] = /'nonce-([\w+/=]{22,})'/.exec(policies[0]!)!;
    expect(await one.text()).toContain(`nonce="${nonce}"`);
    for (const directive of ["object-src 'none'", "style-src-attr 'none'", "require-trusted-types-for 'script'"])
      expect(policies[0]).toContain(directive);
  }
  expect(pages).toBeGreaterThan(0);
});
