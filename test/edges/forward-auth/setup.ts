// A server that a proxy on this machine asks, sites, signed-in people, and requests whose octets are ours to choose.
import { readFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { afterEach, beforeEach } from "vitest";
import type { SiteRule } from "#core/forward-rules.ts";
import type { Proof } from "#core/strength.ts";
import { openSession } from "#actions/sessions.ts";
import { addSite } from "#actions/sites.ts";
import { httpWorld } from "../http-caller.ts";

export const site = "https://app.example.org";
export const portal = "https://portal.example.org";
const everyone = { strength: "mfa" as const, groups: [] };
export const rules: SiteRule[] = [
  { path: "/", access: everyone },
  { path: "/public", access: "public" },
  { path: "/admin", access: { strength: "phishing-resistant", groups: [] } },
  { path: "/staff", access: { strength: "mfa", groups: ["staff"] } },
];

/** One corpus: a JSON value a line. */
export const corpus = <T>(name: string): T[] =>
  readFileSync(new URL(`corpus/${name}.jsonl`, import.meta.url), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as T);

export type Pair = readonly [name: string, value: string];
export const nginx = (target: string, method = "GET"): Pair[] => [
  ["X-Original-URL", `${site}${target}`],
  ["X-Original-Method", method],
];
export const caddy = (target: string, method = "GET"): Pair[] => [
  ["X-Forwarded-Method", method],
  ["X-Forwarded-Proto", "https"],
  ["X-Forwarded-Host", "app.example.org"],
  ["X-Forwarded-Uri", target],
];
/** What a browser adds when somebody opens a page. */
export const opening: Pair[] = [
  ["Accept", "text/html"],
  ["Sec-Fetch-Mode", "navigate"],
  ["Sec-Fetch-Dest", "document"],
];

/** Sends exactly these octets (latin1) and gives the status; 0: the connection was closed without one. */
export async function statusOf(port: number, headers: readonly Pair[], path = "/forward-auth"): Promise<number> {
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const socket = connect(port, "127.0.0.1");
  socket.end(Buffer.from(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${lines}\r\n`, "latin1"));
  let text = "";
  try {
    for await (const chunk of socket) text += String(chunk);
  } catch {
    // reset: refused all the same
  }
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0);
}

export type Answer = { status: number; headers: Record<string, string | undefined>; cookies: string[]; text: string };

export async function get(port: number, path: string, headers: readonly Pair[], method = "GET"): Promise<Answer> {
  return await new Promise((resolve, reject) => {
    const request = httpRequest(
      { port, host: "127.0.0.1", path, method, headers: Object.fromEntries(headers) },
      (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (part: string) => (text += part));
        response.on("end", () => {
          const { "set-cookie": cookies = [], ...rest } = response.headers;
          resolve({ status: response.statusCode ?? 0, headers: rest as Answer["headers"], cookies, text });
        });
      },
    );
    request.on("error", reject).end();
  });
}

export const cookieOf = ({ cookies }: Answer): string => cookies.map((one) => one.split(";")[0]).join("; ");

/** For each test a world with the site above, people, and a server that believes a proxy on this machine. */
export function forwardAuthWorld() {
  const h = httpWorld();
  const f = {
    h,
    port: 0,
    signIn,
    enter,
    ask: async (headers: readonly Pair[], cookie = "", method = "GET") =>
      await get(f.port, "/forward-auth", cookie === "" ? headers : [...headers, ["Cookie", cookie]], method),
  };
  beforeEach(async () => {
    const server = await h.start(h.w.deps, { publicUrl: portal, trustedProxies: ["127.0.0.0/8"] });
    f.port = server.people!.port;
    await addSite(h.w.deps, "cli", { host: "app.example.org", name: "The app", rules });
  });
  afterEach(() => undefined);

  type Proven = { proofs?: Proof[]; groups?: string[]; username?: string };
  /** A session as a sign-in leaves it; gives its cookie. */
  async function signIn({ proofs, groups = [], username = "ada" }: Proven = {}) {
    const { deps, clock } = h.w;
    const { id } = await h.w.person({ username });
    await deps.db.q
      .updateTable("person")
      .set({ groups: JSON.stringify(groups), display_name: "Ada Åström", email: "ada@example.org" })
      .where("id", "=", id)
      .execute();
    const at = clock.at;
    const proven = {
      passwordAt: at,
      proofs: proofs ?? [{ method: "totp", at, userVerified: false }],
      rememberedAt: null,
    };
    const browser = { clientIp: "192.0.2.1", userAgent: "test" };
    const session = await deps.db.transaction((run) => openSession(deps, run, { userId: id, proven, browser }));
    return { userId: id, sessionId: session.id, cookie: `__Host-countersign=${session.token}` };
  }

  /** Through the passage, as a browser goes: gives the site's cookie and every answer on the way. */
  async function enter(cookie: string, target = "/x") {
    const leave = await get(f.port, `/.countersign/start?rd=${encodeURIComponent(target)}`, [...opening, ...caddyHost]);
    const state = cookieOf(leave);
    const through = await get(f.port, pathOf(leave), [...opening, ["Cookie", cookie]]);
    const back = pathOf(through);
    const entered = await get(f.port, back, [...opening, ...caddyHost, ["Cookie", state]]);
    return { leave, through, entered, state, back, cookie: cookieOf(entered) };
  }
  return f;
}

/** What Caddy and Traefik add to a request that they pass on. */
export const caddyHost: Pair[] = [
  ["X-Forwarded-Proto", "https"],
  ["X-Forwarded-Host", "app.example.org"],
];
export const pathOf = ({ headers }: Answer): string => {
  const url = new URL(headers["location"] ?? "", "https://nowhere.invalid");
  return `${url.pathname}${url.search}`;
};
