// What a flood may cost: the rate of a client, the lines of the log, and the memory of both.
import { describe, expect, test } from "vitest";
import type { RadiusClient } from "#actions/radius-clients.ts";
import { receive } from "./answer.ts";
import { clientTable } from "./clients.ts";
import { drops } from "./drops.ts";
import { rates } from "./rates.ts";
import type { Incoming } from "./reply.ts";
import type { Server } from "./server.ts";

const client = (id: string, { rate = 10, addresses = [] as string[] } = {}) =>
  ({ id, name: id, addresses, options: { rate } }) as unknown as RadiusClient;

function logger() {
  const lines: [string, unknown][] = [];
  const log = (message: string, fields?: unknown) => void lines.push([message, fields]);
  return { lines, log: { debug: log, info: log, warn: log, error: log } };
}

describe("a client's rate (R-133)", () => {
  test("is held over any stretch of time, and a clock that steps back grants nothing", () => {
    let now = 1000;
    const allow = rates({ now: () => now });
    const granted = (times: number) =>
      Array.from({ length: times }, () => allow(client("a"), true)).filter(Boolean).length;
    expect(granted(30)).toBe(10);
    now += 250;
    expect(granted(30)).toBe(2);
    now -= 600_000;
    expect(granted(30)).toBe(0);
    now += 100;
    expect(granted(30)).toBe(1);
    now += 600_000;
    expect(granted(30)).toBe(10);
  });

  test("is each client's own", () => {
    const allow = rates({ now: () => 0 });
    const one = (id: string) => allow(client(id, { rate: 1 }), false);
    expect([one("a"), one("a"), one("b")]).toEqual([true, false, true]);
  });

  test("keeps a fifth for conversations that have begun, however many are new", () => {
    const allow = rates({ now: () => 0 });
    const granted = (begun: boolean) => Array.from({ length: 30 }, () => allow(client("a"), begun)).filter(Boolean);
    expect([granted(false).length, granted(true).length, granted(false).length]).toEqual([9, 1, 0]);
  });
});

//
describe("drops", () => {
  const first = (who: string, reason: string) => ["a RADIUS packet was not verified", { client: who, reason }];
  const summed = (who: string, reason: string, more: number) => [
    "RADIUS packets were not verified",
    { client: who, reason, more },
  ];

  test("are logged at their first occurrence, then summed for as long as they go on", () => {
    const { lines, log } = logger();
    const dropped = drops(log);
    for (let time = 0; time < 3; time++) dropped.count("vpn", "over its rate");
    dropped.count("vpn", "overload");
    dropped.flush();
    dropped.count("vpn", "over its rate");
    dropped.flush();
    dropped.flush();
    dropped.count("vpn", "over its rate");
    expect(lines).toEqual([
      first("vpn", "over its rate"),
      first("vpn", "overload"),
      summed("vpn", "over its rate", 2),
      summed("vpn", "over its rate", 1),
      first("vpn", "over its rate"),
    ]);
    expect(dropped.counts()).toEqual({ "over its rate": 5, overload: 1 });
  });

  test("of ten strangers are told by their names, of more as many", () => {
    const { lines, log } = logger();
    const dropped = drops(log);
    for (let time = 0; time < 2; time++)
      for (let host = 0; host < 30; host++) dropped.countStranger(`192.0.2.${host}`, "unknown client");
    expect(lines.slice(9)).toEqual([first("192.0.2.9", "unknown client"), first("many", "unknown client")]);
    dropped.flush();
    expect(lines.slice(20)).toEqual([summed("192.0.2.9", "unknown client", 1), summed("many", "unknown client", 39)]);
    dropped.flush();
    dropped.flush();
    dropped.countStranger("192.0.2.29", "unknown client");
    expect(lines.slice(22)).toEqual([first("192.0.2.29", "unknown client")]);
  });

  /** What the whole way of a packet needs of a server, for packets that are dropped before anything is asked. */
  function server() {
    const { lines, log } = logger();
    const dropped = drops(log);
    const vpn = {
      ...client("vpn", { addresses: ["10.0.0.1"] }),
      secret: Buffer.alloc(32),
      requiresMessageAuthenticator: true,
    };
    const taken = { count: { received: 0 }, dropped, table: clientTable([vpn]) } as unknown as Server;
    const take = (address: string, { code = 1, port = 1024 } = {}) =>
      receive(taken, Buffer.concat([Buffer.of(code, 1, 0, 20), Buffer.alloc(16)]), {
        from: { address, port },
      } as Incoming);
    return { lines, dropped, take };
  }
  const forged = (n: number) => `192.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`;

  test.each([100_000, 20])(
    "of 100,000 packets from %i addresses are less than 100 lines, and a client's own among them",
    (many) => {
      const { lines, dropped, take } = server();
      for (let n = 0; n < 100_000; n++) {
        take(forged(n % many), { port: n % 2 });
        // three minutes of it
        if (n % 17_000 === 16_999) dropped.flush();
        if (n === 50_000) take("10.0.0.1");
      }
      dropped.flush();
      expect(lines.length).toBeLessThan(100);
      expect(lines).toContainEqual(first("vpn", "no Message-Authenticator"));
      expect(dropped.counts()).toMatchObject({ "unknown client": 50_000, "from port 0": 50_000 });
    },
  );

  test("of 100,000 packets of every kind in the name of one client are a few lines", () => {
    const { lines, dropped, take } = server();
    for (let n = 0; n < 100_000; n++) take("10.0.0.1", { code: n % 256 });
    dropped.flush();
    expect(lines).toHaveLength(6);
  });
});

describe("the table of clients (R-118)", () => {
  const table = clientTable([
    client("wide", { addresses: ["10.0.0.0/8", "2001:db8::/32"] }),
    client("narrow", { addresses: ["10.1.0.0/16", "2001:db8:1::/48"] }),
    client("one", { addresses: ["10.1.2.3", "2001:db8:1::7"] }),
  ]);
  test.each([
    ["10.9.9.9", "wide"],
    ["10.1.9.9", "narrow"],
    ["10.1.2.3", "one"],
    ["::ffff:10.1.2.3", "one"],
    ["2001:db8:ffff::1", "wide"],
    ["2001:db8:1::8", "narrow"],
    ["2001:db8:1::7", "one"],
    ["11.0.0.1", undefined],
    ["fe80::1%eth0", undefined],
  ])("%s is %s", (address, name) => {
    expect([table.find(address)?.name, table.find(address)?.name]).toEqual([name, name]);
  });

  test("is right beyond what it remembers", () => {
    for (let address = 0; address < 5000; address++) table.find(`192.0.${address >> 8}.${address & 255}`);
    expect(table.find("10.1.2.3")?.name).toBe("one");
  });
});

test("an address with the name of any interface is looked up without it", () => {
  const link = client("link", { addresses: ["fe80::/10"] });
  for (const from of ["fe80::1%eth0", "fe80::1%eth0.100", "fe80::1%br-lan", "fe80::1%a_b", "fe80::1"]) {
    expect(clientTable([link]).find(from)).toBe(link);
    expect(clientTable([client("vpn", { addresses: ["10.0.0.1"] })]).find(from)).toBeUndefined();
  }
  expect(clientTable([link]).find("what no system gives")).toBeUndefined();
});
