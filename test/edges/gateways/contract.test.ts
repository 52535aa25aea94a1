// One suite through every vendor that carries texts, over real sockets and the real client, against a stand-in of each.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { deliverDue } from "#actions/deliver.ts";
import { sealed } from "#actions/sealed.ts";
import { addGateway, removeGateway, type ListedGateway } from "#actions/gateways.ts";
import { textGateways } from "#delivery/sms/index.ts";
import { post } from "#store/outbox.ts";
import { startVendor, trustVendors, type Mood, type Post, type StandIn } from "../../support/vendors/stand-in.ts";
import { startEdge, type Edge } from "./edge.ts";
import { drivers } from "./vendors.ts";

const number = "+46701234567";
const words = `482913 är "din" kod & {text} + 100 % \\ säker`;

beforeAll(trustVendors);

test("every vendor but the evaluation's own is asked here", () => {
  expect([...textGateways.keys()].filter((id) => id !== "simulator").toSorted()).toEqual(
    Object.keys(drivers).toSorted(),
  );
});

describe.each(Object.entries(drivers))("a text through %s", (_name, driver) => {
  let h: Edge;
  let vendor: StandIn;
  let gateway: ListedGateway;
  let count = 0;
  beforeAll(async () => {
    h = await startEdge();
    vendor = await startVendor(driver.protocol);
  });
  afterAll(async () => {
    await vendor.stop();
    await h.stop();
  });
  beforeEach(async () => {
    await h.clear();
    vendor.clear();
    gateway = await add(vendor.url);
  });

  const add = async (url: string, more: { name?: string; secrets?: Record<string, string> } = {}) => {
    const common = { channel: "sms" as const, name: "main", sender: "+46766861004" };
    return await addGateway(h.w.deps, "cli", { ...common, ...driver.gateway(url), ...more });
  };
  const send = async (to = number) => {
    const id = `msg_${(count += 1)}`;
    const row = {
      ...sealed(h.w.deps, { id, channel: "sms", to, text: words }),
      challenge_id: null,
      user_id: "usr_ada",
    };
    await h.w.deps.db.transaction((run) => post(run, [{ ...row, at: h.w.clock.at }]));
    await deliverDue(h.w.deps);
    return await latest();
  };
  const columns = ["state", "reason", "ref", "delivered_at", "cost_micros", "currency"] as const;
  const latest = async () =>
    await h.w.deps.db.q.selectFrom("delivery").select(columns).orderBy("attempt", "desc").executeTakeFirstOrThrow();
  const call = async ({ url, headers, body }: Post) => {
    const { pathname, search } = new URL(url);
    const to = `http://127.0.0.1:${h.port}${pathname}${search}`;
    const { status } = await fetch(to, { method: "POST", headers, body });
    return status;
  };
  test("is sent with its words as they are, to its number, from our sender, and its id is kept", async () => {
    const row = await send();
    expect(vendor.sent).toMatchObject([{ to: number, from: "+46766861004", text: words }]);
    const currency = driver.costMicros === undefined ? null : "SEK";
    const cost = { cost_micros: driver.costMicros ?? null, currency };
    expect(row).toEqual({ state: "sent", reason: null, ref: vendor.sent[0]!.ref, delivered_at: null, ...cost });
  });

  test("with a wrong secret is refused, and nothing that is said of it holds the secret or the number", async () => {
    await removeGateway(h.w.deps, "cli", "main");
    const secrets = Object.fromEntries(Object.keys(driver.gateway("").secrets!).map((name) => [name, "quite-wrong"]));
    await add(vendor.url, { secrets });
    expect(await send()).toMatchObject({ state: "refused", reason: expect.stringContaining("HTTP 40") as unknown });
    const said = JSON.stringify([h.w.logged, await latest()]);
    expect([said.includes("quite-wrong"), said.includes(number), said.includes("482913")]).toEqual([
      false,
      false,
      false,
    ]);
  });

  test.each<[Mood, string]>([
    ["failing", "refused"],
    ["busy", "refused"],
    ["refusing", "refused"],
    ["garbled", driver.garbled],
  ])("to a vendor that is %s is %s, and the reason is no word of the vendor's", async (mood, state) => {
    vendor.control.mood = mood;
    const row = await send();
    expect(row).toMatchObject({ state, ref: null });
    expect(JSON.stringify([row.reason, h.w.logged])).not.toContain("701234567");
  });

  test("whose vendor never answers may have been sent, and what is reported later counts", async () => {
    vendor.control.mood = "silent";
    h.hurry(300);
    expect(await send()).toMatchObject({ state: "unsure", reason: "no answer in time", ref: null });
    expect(vendor.sent).toHaveLength(1);
    if (!driver.report) return;
    expect(await call(driver.report(vendor.sent[0]!, "delivered"))).toBeLessThan(205);
    expect(await latest()).toMatchObject({
      state: "delivered",
      ref: vendor.sent[0]!.ref,
      delivered_at: h.w.clock.at,
    });
  });

  test("to a vendor whose certificate is another's, or that is not there, never leaves", async () => {
    await removeGateway(h.w.deps, "cli", "main");
    const other = await startVendor(driver.protocol, { names: "DNS:sms.example" });
    await add(other.url);
    expect(await send()).toMatchObject({ state: "refused", reason: expect.stringMatching(/^no answer \(/) as unknown });
    expect(other.orders).toEqual([]);
    await other.stop();
    h.w.clock.at += 60_000;
    expect(await send()).toMatchObject({ state: "refused", reason: "no answer (ECONNREFUSED)" });
  });

  test("that is tried twice is the same text twice", async () => {
    vendor.control.mood = "garbled";
    await send();
    h.w.clock.at += 10_000;
    await deliverDue(h.w.deps);
    expect(vendor.sent.map(({ text, to }) => [text, to])).toEqual([
      [words, number],
      [words, number],
    ]);
    expect(vendor.orders[0]!.path).toBe(vendor.orders[1]!.path);
  });

  if (!driver.report) return;
  describe("is reported on", () => {
    const report = (state: "delivered" | "failed" | "sent") => driver.report!(vendor.sent[0]!, state);

    test("once, five times, in any order: delivered is delivered, and when is not changed", async () => {
      await send();
      const events = (["sent", "failed", "delivered", "delivered", "failed", "sent", "failed"] as const).map(report);
      const delivered = h.w.clock.at;
      for (const event of events) expect(await call(event)).toBeLessThan(205);
      expect(await latest()).toMatchObject({ state: "delivered", delivered_at: delivered });
      h.w.clock.at += 60_000;
      for (const event of events.toReversed()) await call(event);
      expect(await latest()).toMatchObject({ state: "delivered", delivered_at: delivered });
    });

    test("as failed, with the vendor's own code where it has one", async () => {
      await send();
      await call(report("failed"));
      expect(await latest()).toMatchObject({ state: "failed", delivered_at: null });
    });

    test("by nobody else: a forged one is refused, changes nothing and is counted", async () => {
      await send();
      const right = report("delivered");
      const at = (change: (url: URL) => void) => {
        const url = new URL(right.url);
        change(url);
        return { ...right, url: url.href };
      };
      const forged: Post[] = [
        at((url) => url.searchParams.delete("token")),
        at((url) => url.searchParams.set("token", `${url.searchParams.get("token")!.slice(0, -1)}!`)),
        at((url) => (url.pathname = "/callbacks/other")),
        ...(driver.signs
          ? [
              { ...right, headers: { ...right.headers, "x-twilio-signature": "L/OH5YylLD5NRKLltdqwSvS0BnU=" } },
              { ...right, headers: { "content-type": right.headers["content-type"]! } },
              { ...right, body: `${right.body}&More=1` },
              at((url) => url.searchParams.append("more", "1")),
            ]
          : []),
      ];
      const before = h.callbacks["forbidden"] ?? 0;
      for (const one of forged) expect(await call(one)).toBe(403);
      expect(h.callbacks["forbidden"]).toBe(before + forged.length);
      expect(await latest()).toMatchObject({ state: "sent", delivered_at: null });
      expect(await call(right)).toBeLessThan(205);
    });

    test("and what is about nothing of ours is passed over", async () => {
      await send();
      const stranger = { ...vendor.sent[0]!, ref: "SMother", reportUrl: gateway.callbackUrl };
      const before = h.callbacks["unknown"] ?? 0;
      expect(await call(driver.report!(stranger, "delivered"))).toBeLessThan(205);
      expect(h.callbacks["unknown"]).toBe(before + 1);
      expect(await call({ ...report("sent"), body: "", ...(driver.signs && { headers: {} }) })).toBe(
        driver.signs ? 403 : 204,
      );
      expect(await latest()).toMatchObject({ state: "sent" });
    });
  });
});
