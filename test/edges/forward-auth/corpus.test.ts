// Hostile inputs, kept: whatever a visitor makes a proxy say, only what reads in one way and is allowed gets 2xx.
import { describe, expect, test } from "vitest";
import { caddy, corpus, forwardAuthWorld, nginx, opening, portal, get, statusOf, type Pair } from "./setup.ts";

const f = forwardAuthWorld();
const targets = corpus<{ why: string; target: string }>("targets");
const headers = corpus<{ why: string; headers: Pair[] }>("headers");
const returns = corpus<string>("returns");

test("the corpus is large, and no line is there twice", () => {
  expect(targets.length + headers.length).toBeGreaterThanOrEqual(200);
  expect(returns.length).toBeGreaterThanOrEqual(60);
  for (const list of [targets.map(({ target }) => target), headers.map((one) => JSON.stringify(one.headers)), returns])
    expect(new Set(list).size).toBe(list.length);
});

describe.each([
  ["nginx", nginx],
  ["Caddy and Traefik", caddy],
])("behind %s", (_, say) => {
  test("a plain public path passes, and a protected one for who is signed in", async () => {
    const { cookie } = await f.enter((await f.signIn()).cookie);
    expect(await statusOf(f.port, say("/public"))).toBe(200);
    expect(await statusOf(f.port, say("/"))).toBe(401);
    expect(await statusOf(f.port, [...say("/"), ["Cookie", cookie]])).toBe(200);
  });

  test("no hostile target passes, for nobody and for who is signed in", async () => {
    const { cookie } = await f.enter((await f.signIn()).cookie);
    const passed = [];
    for (const { why, target } of targets)
      for (const more of [[], opening, [["Cookie", cookie]]] as Pair[][]) {
        const status = await statusOf(f.port, [...say(target), ...more]);
        // 400: the server's own parser has refused it
        if (![400, 401, 403].includes(status)) passed.push({ why, target, status });
      }
    expect(passed).toEqual([]);
  });
});

test("no hostile set of headers passes, for nobody and for who is signed in", async () => {
  const { cookie } = await f.enter((await f.signIn()).cookie);
  const passed = [];
  for (const { why, headers: given } of headers)
    for (const more of [[], opening, [["Cookie", cookie]]] as Pair[][]) {
      const status = await statusOf(f.port, [...given, ...more]);
      if (![400, 401, 403].includes(status)) passed.push({ why, given, status });
    }
  expect(passed).toEqual([]);
});

test("from whoever is no trusted proxy nothing is believed", async () => {
  const { port } = (await f.h.start(f.h.w.deps, { publicUrl: portal, trustedProxies: ["10.0.0.0/8"] })).people!;
  for (const say of [nginx, caddy]) expect(await statusOf(port, say("/public"))).toBe(401);
  expect(f.h.w.logged.at(-1)).toMatchObject({ fields: { address: "127.0.0.1" } });
  const unset = (await f.h.start(f.h.w.deps, { publicUrl: portal })).people!;
  expect(await statusOf(unset.port, caddy("/public"))).toBe(401);
});

test("nobody is sent back to anywhere but a registered site", async () => {
  const { cookie } = await f.signIn();
  const state = "a".repeat(43);
  const start = async (rd: string) =>
    await get(f.port, `/forward-auth/start?${new URLSearchParams({ rd, state }).toString()}`, [["Cookie", cookie]]);
  expect((await start("https://app.example.org/x")).headers["location"]).toMatch(
    /^https:\/\/app\.example\.org\/\.countersign\/callback\?ticket=[\w-]{32}$/,
  );
  const sent = [];
  for (const rd of returns) {
    const { status, headers: answered } = await start(rd);
    if (status !== 400 || answered["location"] !== undefined) sent.push({ rd, status, to: answered["location"] });
  }
  expect(sent).toEqual([]);
});
