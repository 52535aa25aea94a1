// What a flood may cost: the rate of a client, the lines of the log, and the memory of both.
import { describe, expect, test } from "vitest";
import type { RadiusClient } from "#actions/radius-clients.ts";
import { clientTable } from "./clients.ts";
import { drops } from "./drops.ts";
import { rates } from "./rates.ts";

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

describe("drops", () => {
  test("are logged at their first occurrence, then summed at each flush", () => {
    const { lines, log } = logger();
    const dropped = drops(log);
    for (let time = 0; time < 3; time++) dropped.count("vpn", "over its rate");
    dropped.count("vpn", "overload");
    dropped.flush();
    dropped.flush();
    dropped.count("vpn", "over its rate");
    expect(lines).toEqual([
      ["a RADIUS packet was not verified", { client: "vpn", reason: "over its rate" }],
      ["a RADIUS packet was not verified", { client: "vpn", reason: "overload" }],
      ["RADIUS packets were not verified", { client: "vpn", reason: "over its rate", more: 2 }],
      ["a RADIUS packet was not verified", { client: "vpn", reason: "over its rate" }],
    ]);
    expect(dropped.counts()).toEqual({ "over its rate": 4, overload: 1 });
  });

  test("from a million forged addresses are a thousand lines and one more (R-074)", () => {
    const { lines, log } = logger();
    const dropped = drops(log);
    for (let address = 0; address < 5000; address++)
      dropped.count(`10.0.${address >> 8}.${address & 255}`, "unknown client");
    expect(lines).toHaveLength(1001);
    expect(lines.at(-1)).toEqual(["a RADIUS packet was not verified", { client: "many", reason: "unknown client" }]);
    expect(dropped.counts()).toEqual({ "unknown client": 5000 });
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
