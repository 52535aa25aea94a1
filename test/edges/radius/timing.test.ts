// When an answer leaves, how many are taken on at once, and what a server that stops still owes.
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { Deps } from "#actions/deps.ts";
import { newPasswordHash } from "#actions/passwords.ts";
import { serveRadius } from "#edges/radius/server.ts";
import { code } from "#wire/radius/codes.ts";
import { waitUntil } from "../../support/process.ts";
import { sleeping } from "../../support/world.ts";
import { results, settled, site, state, type Nas, type Site } from "./setup.ts";

vi.unmock("node:crypto");

let s: Site;
afterEach(async () => await s.close());

/** The machine's own time instead of the world's, and how long each sleep was to be. */
function realClock(deps: Deps) {
  const sleeps: number[] = [];
  const sleep: Deps["clock"]["sleep"] = async (ms, signal) => {
    sleeps.push(ms);
    await delay(ms, undefined, { signal }).catch(() => undefined);
  };
  const now = () => performance.timeOrigin + performance.now();
  return { deps: { ...deps, clock: { now, ...sleeping(sleep) } }, sleeps };
}

//
test("a refusal leaves 1.0 to 1.2 s after its request, whoever was refused for whatever reason", async () => {
  s = await site();
  const passwordHash = await newPasswordHash(s.w.deps, "secret");
  await s.w.person({ username: "ada", passwordHash });
  await s.w.person({ username: "off", passwordHash, state: "disabled" });
  await s.w.person({ username: "none", passwordHash, totp: false });
  await s.client({ firstFactor: "local" });
  const { deps, sleeps } = realClock(s.w.deps);
  const server = await s.serve(deps);
  const vpn = await s.nas();
  const asked = [
    { user: "ada", password: "wrong" },
    { user: "nobody", password: "wrong" },
    { user: "off", password: "secret" },
    { user: "none", password: "secret" },
    { user: "ada" },
    { user: "ada", password: "secret", state: Buffer.alloc(17) },
  ];
  const took = async (asking: Parameters<Nas["ask"]>[0]) => {
    const begun = performance.now();
    const reply = await vpn.ask(asking, server);
    return { code: reply.code, ms: performance.now() - begun };
  };
  const times = await Promise.all([...asked, ...asked, ...asked].map(took));
  for (const one of times) {
    expect(one.code).toBe(code.accessReject);
    expect(one.ms).toBeGreaterThanOrEqual(999);
  }
  // how late a busy machine wakes is not ours: what was asked of it is
  expect(sleeps).toHaveLength(times.length);
  expect(Math.max(...sleeps)).toBeLessThan(1200);
  // not a constant: an exact second would show what was computed before it
  expect(Math.max(...times.map((one) => one.ms)) - Math.min(...times.map((one) => one.ms))).toBeGreaterThan(20);
});

test("a refusal waits for its second and no longer, though the clock is set back meanwhile", async () => {
  s = await site();
  await s.client();
  const slept: number[] = [];
  const server = await s.serve({
    ...s.w.deps,
    db: {
      ...s.w.deps.db,
      atOnce: async (item) => {
        const settled = await s.w.deps.db.atOnce(item);
        s.w.clock.at -= 600_000;
        return settled;
      },
    },
    clock: { ...s.w.deps.clock, sleep: async (ms) => void slept.push(ms) },
  });
  const vpn = await s.nas();
  expect((await vpn.ask({ password: "000000" }, server)).code).toBe(code.accessReject);
  expect(slept).toHaveLength(1);
  expect(slept[0]).toBeLessThan(1200);
});

test("a challenge and an acceptance wait for nothing", async () => {
  s = await site();
  const ada = await s.w.person({ username: "ada" });
  await s.client();
  const server = await s.serve({
    ...s.w.deps,
    clock: { ...s.w.deps.clock, sleep: async () => await new Promise(() => undefined) },
  });
  const vpn = await s.nas();
  expect((await vpn.ask({ password: "" }, server)).code).toBe(code.accessChallenge);
  expect((await vpn.ask({ password: s.w.code(ada) }, server)).code).toBe(code.accessAccept);
});

//
describe("more than is wanted", () => {
  test("a client gets its rate and no more; what is dropped costs nothing and may be repeated", async () => {
    s = await site();
    await s.w.person({ username: "ada" });
    await s.client({ rate: 3 });
    await s.client({}, { name: "other", addresses: ["127.0.0.2"] });
    const server = await s.serve();
    const vpn = await s.nas();
    const packets = Array.from({ length: 5 }, () => vpn.request({ password: "000000" }));
    for (const bytes of packets) vpn.send(bytes, server);
    await settled(vpn, server);
    expect(vpn.inbox).toHaveLength(3);
    expect(server.stats().dropped).toEqual({ "over its rate": 2 });
    expect(await results(s.w)).toHaveLength(3);
    // one client's flood is not another's
    const other = await s.nas({ from: "127.0.0.2" });
    expect((await other.ask({ password: "000000" }, server)).code).toBe(code.accessReject);
    // repetitions of what was answered do not count, and a third of a second is one more
    vpn.send(packets[0]!, server);
    s.w.clock.at += 334;
    expect((await vpn.exchange(packets[3]!, server)).code).toBe(code.accessReject);
    vpn.send(packets[4]!, server);
    await settled(vpn, server);
    expect(server.stats().dropped).toEqual({ "over its rate": 3 });
    // what was saved up over a night is one second's worth
    s.w.clock.at += 3_600_000;
    const flood = Array.from({ length: 10 }, () => vpn.request({ password: "000000" }));
    for (const bytes of flood) vpn.send(bytes, server);
    await settled(vpn, server);
    expect(server.stats().dropped).toEqual({ "over its rate": 3 + 7 });
  });

  test("above four fifths of what it can hold, only conversations that have begun go on", async () => {
    s = await site();
    const ada = await s.w.person({ username: "ada" });
    await s.client({ rate: 1_000_000 });
    const { promise, resolve: release } = Promise.withResolvers<void>();
    let holding = false;
    const atOnce: Deps["db"]["atOnce"] = async (item) => {
      if (holding) {
        await promise;
        throw new Error("held back");
      }
      return await s.w.deps.db.atOnce(item);
    };
    const server = await s.serve({ ...s.w.deps, db: { ...s.w.deps.db, atOnce } });
    const vpn = await s.nas();
    const begun = state(await vpn.ask({ password: "" }, server));
    holding = true;
    const limit = Math.floor(16_384 * 0.8);
    let sent = 0;
    while (sent <= limit) {
      // a port of its own for every 256, as a busy access server does
      const port = await s.nas();
      for (let identifier = 0; identifier < 256 && sent <= limit; identifier++, sent++)
        port.send(port.request({ password: "000000", identifier }), server);
      await waitUntil("these to be taken", () => server.stats().received === sent + 1, { everyMs: 1 });
    }
    expect(server.stats().pending).toBe(limit + 1);
    holding = false;
    vpn.send(vpn.request({ password: s.w.code(ada) }), server);
    expect((await vpn.ask({ password: s.w.code(ada), state: begun }, server)).code).toBe(code.accessAccept);
    expect(server.stats().dropped).toEqual({ overload: 1 });
    release();
    await waitUntil("all to be let go", () => server.stats().pending === 0);
    expect(server.stats().dropped).toEqual({ overload: 1, "could not be answered": limit + 1 });
    // and room is made again
    expect((await vpn.ask({ password: s.w.code(ada, 1) }, server)).code).toBe(code.accessAccept);
  });
});

describe("a server that stops", () => {
  test("answers what is under way, and refusals that wait for their second at once", async () => {
    s = await site({ hasty: false });
    const [ada] = [await s.w.person({ username: "ada" }), await s.w.person({ username: "eve" })];
    await s.client();
    const { promise, resolve: release } = Promise.withResolvers<void>();
    let waiting = 0;
    const atOnce: Deps["db"]["atOnce"] = async (item) => {
      const settled = await s.w.deps.db.atOnce(item);
      if ("outcome" in settled && settled.outcome.kind === "allow") {
        waiting += 1;
        await promise;
      }
      return settled;
    };
    const server = await s.serve({ ...s.w.deps, db: { ...s.w.deps.db, atOnce } });
    const vpn = await s.nas();
    const [right, wrong] = [vpn.request({ password: s.w.code(ada) }), vpn.request({ user: "eve", password: "000000" })];
    vpn.send(right, server);
    vpn.send(wrong, server);
    await waitUntil("both decisions", async () => (await results(s.w)).length === 2 && waiting === 1);
    const begun = performance.now();
    const stopped = server.stop();
    expect((await vpn.answerTo(wrong)).code).toBe(code.accessReject);
    expect(performance.now() - begun).toBeLessThan(900);
    release();
    await stopped;
    expect((await vpn.answerTo(right)).code).toBe(code.accessAccept);
  });

  test("sends its last answer before it closes, and frees its address", async () => {
    s = await site({ hasty: false });
    await s.client();
    const server = await s.serve();
    const vpn = await s.nas();
    const packets = Array.from({ length: 20 }, () => vpn.request({ password: "000000" }));
    for (const bytes of packets) vpn.send(bytes, server);
    await waitUntil("all decisions", async () => (await results(s.w)).length === packets.length);
    await server.stop();
    for (const bytes of packets) expect((await vpn.answerTo(bytes)).code).toBe(code.accessReject);
    expect(server.stats()).toMatchObject({ pending: 0, answered: { [code.accessReject]: 20 } });

    const again = await serveRadius(s.w.deps, {
      addresses: [{ host: server.host, port: server.port }],
      ready: () => true,
    });
    await again.stop();
  });

  test("takes on nothing new", async () => {
    s = await site();
    await s.client();
    const server = await s.serve();
    const vpn = await s.nas();
    const stopped = server.stop();
    vpn.send(vpn.request({ password: "000000" }), server);
    await stopped;
    expect(server.stats().received).toBe(0);
  });
});
