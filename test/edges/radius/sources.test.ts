// Who a packet is from, which of our addresses it came to, and what is said of the packets that are dropped.
import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { attributeType as type, code } from "#wire/radius/codes.ts";
import { waitUntil } from "../../support/process.ts";
import { settled, site, snapshot, type Site } from "./setup.ts";

let s: Site;
beforeEach(async () => void (s = await site()));
afterEach(async () => await s.close());

const attribute = (of: number, value: Buffer | string) => ({ type: of, value: Buffer.from(value as string) });

//
describe("who a packet is from", () => {
  test("the source address alone: NAS-IP-Address chooses no secret", async () => {
    const ada = await s.w.person({ username: "ada" });
    const other = "another secret of thirty-three ch";
    await s.client();
    await s.client({}, { name: "branch", addresses: ["127.0.0.2"], secret: other });
    const server = await s.serve();
    const spoofing = await s.nas({ from: "127.0.0.2" });
    const more = [attribute(type.nasIpAddress, Buffer.of(127, 0, 0, 1)), attribute(type.nasIdentifier, "vpn")];
    const branch = await s.nas({ from: "127.0.0.2", secret: other });
    spoofing.send(spoofing.request({ password: s.w.code(ada), more }), server);
    await settled(branch, server);
    expect(spoofing.inbox).toEqual([]);
    expect((await branch.ask({ password: s.w.code(ada), more }, server)).code).toBe(code.accessAccept);
  });

  test("the longest range wins; an address in none gets silence and is counted", async () => {
    const [wide, narrow] = ["the secret of a wide range", "the secret of a narrow range"];
    await s.client({}, { name: "wide", addresses: ["127.0.0.0/24"], secret: wide });
    await s.client({}, { name: "narrow", addresses: ["127.0.0.16/28"], secret: narrow, allowOverlap: true });
    const server = await s.serve();
    for (const [from, own] of [
      ["127.0.0.15", wide],
      ["127.0.0.16", narrow],
      ["127.0.0.31", narrow],
      ["127.0.0.32", wide],
    ] as const)
      expect((await (await s.nas({ from, secret: own })).ask({ password: "1" }, server)).code).toBe(code.accessReject);
    const stranger = await s.nas({ from: "127.0.1.1", secret: wide });
    stranger.send(stranger.statusServer(), server);
    await waitUntil("the stranger to be counted", () => server.stats().dropped["unknown client"] === 1);
    expect(stranger.inbox).toEqual([]);
  });

  test("a packet that cannot be read, for whatever reason, ends nothing but itself", async () => {
    await s.client();
    let broken = true;
    const ready = () => {
      if (broken) throw new Error("of any kind");
      return true;
    };
    const server = await s.serve(s.w.deps, { ready });
    const vpn = await s.nas();
    vpn.send(vpn.statusServer(), server);
    await waitUntil("it to be counted", () => server.stats().dropped["could not be read"] === 1);
    broken = false;
    expect((await vpn.exchange(vpn.statusServer(), server)).code).toBe(code.accessAccept);
    expect(s.w.logged).toMatchObject([{ fields: { reason: "could not be read" } }]);
  });

  test("two clients cannot have one address", async () => {
    await s.client();
    await expect(s.client({}, { name: "again" })).rejects.toMatchObject({ code: "exists" });
    await expect(s.client({}, { name: "all", addresses: ["0.0.0.0/0"] })).rejects.toMatchObject({
      code: "invalid",
    });
  });
});

//
describe("several addresses", () => {
  test("each answers from itself", async () => {
    const hosts = ["127.0.0.2", "127.0.0.3"];
    await s.client();
    const server = await s.serve(s.w.deps, { hosts });
    const vpn = await s.nas();
    for (const host of hosts)
      for (const bytes of [vpn.statusServer(), vpn.request({ password: "123456" })])
        expect((await vpn.exchange(bytes, { host, port: server.port })).from).toEqual({
          host,
          port: server.port,
        });
  });

  test("a client that asks two of them at once with one Identifier gets both answers (R-120)", async () => {
    const [ada, eve] = [await s.w.person({ username: "ada" }), await s.w.person({ username: "eve" })];
    const hosts = ["127.0.0.2", "127.0.0.3"];
    await s.client();
    const server = await s.serve(s.w.deps, { hosts });
    const vpn = await s.nas();
    const both = [
      vpn.request({ user: "ada", password: s.w.code(ada), identifier: 7 }),
      vpn.request({ user: "eve", password: s.w.code(eve), identifier: 7 }),
    ];
    for (const [index, bytes] of both.entries()) vpn.send(bytes, { host: hosts[index]!, port: server.port });
    for (const bytes of both) expect((await vpn.answerTo(bytes)).code).toBe(code.accessAccept);
  });
});

test("CHAP and EAP are refused and cost nobody an attempt", async () => {
  await s.w.person({ username: "ada" });
  await s.client();
  const server = await s.serve();
  const vpn = await s.nas();
  const before = await snapshot(s.w);
  for (const more of [[attribute(type.chapPassword, randomBytes(17))], [attribute(type.eapMessage, randomBytes(9))]])
    expect((await vpn.ask({ more }, server)).code).toBe(code.accessReject);
  expect(await snapshot(s.w)).toBe(before);
});

test("a reason is logged once for each client, however often it comes; control characters do not reach the log", async () => {
  await s.client({}, { name: "vpn\u001b[31m" });
  const server = await s.serve();
  const vpn = await s.nas();
  for (let time = 0; time < 5; time++) vpn.send(vpn.request({ password: "1", signed: false }), server);
  const stranger = await s.nas({ from: "127.0.0.9" });
  for (let time = 0; time < 3; time++) stranger.send(stranger.statusServer(), server);
  await settled(vpn, server);
  await waitUntil("the stranger to be counted", () => server.stats().dropped["unknown client"] === 3);
  expect(server.stats().dropped["no Message-Authenticator"]).toBe(5);
  expect(s.w.logged.map(({ fields }) => fields)).toEqual([
    { client: "vpn\\u{1b}[31m", reason: "no Message-Authenticator" },
    { client: "127.0.0.9", reason: "unknown client" },
  ]);
});
