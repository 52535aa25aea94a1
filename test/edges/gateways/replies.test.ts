// Texts that are sent twice, and replies to them, through stand-ins of two vendors: what counts as an answer, and how often.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { finishCalls } from "#actions/calls.ts";
import { collect } from "#actions/collect.ts";
import { deliverDue } from "#actions/deliver.ts";
import { addGateway, type ListedGateway } from "#actions/gateways.ts";
import { begin, respond } from "#actions/verify.ts";
import type { Application } from "#core/facts.ts";
import { startVendor, trustVendors, type Post, type StandIn } from "../../support/vendors/stand-in.ts";
import { Unanswered } from "#store/open.ts";
import { kinds } from "../../support/world.ts";
import { startEdge, type Edge } from "./edge.ts";
import { drivers } from "./vendors.ts";

const application: Application = {
  id: "app_portal",
  name: "Portal",
  firstFactor: "none",
  canChallenge: true,
  allowWithoutMethodUntil: 0,
};
const source = { protocol: "rest" } as const;
const sender = "+46766861004";
const vendorsOf = { first: drivers["46elks"]!, second: drivers["twilio"]! };
type Name = keyof typeof vendorsOf;

beforeAll(trustVendors);

describe.each(kinds)("on %s", (kind) => {
  let h: Edge;
  const vendors = {} as Record<Name, StandIn>;
  const gateways = {} as Record<Name, ListedGateway>;
  let people = 0;
  let replies = 0;

  beforeAll(async () => {
    h = await startEdge(kind);
    h.w.set({ "methods.sms-reply.enabled": true });
    for (const name of ["first", "second"] as const) vendors[name] = await startVendor(vendorsOf[name].protocol);
  });
  afterAll(async () => {
    for (const vendor of Object.values(vendors)) await vendor.stop();
    await h.stop();
  });
  beforeEach(async () => {
    await h.clear();
    for (const [place, name] of (["first", "second"] as const).entries()) {
      vendors[name].clear();
      const more = vendorsOf[name].gateway(vendors[name].url);
      gateways[name] = await addGateway(h.w.deps, "cli", { channel: "sms", name, sender, place, ...more });
    }
  });

  /** Somebody new, who has been sent a text. */
  async function texted(method: "phone" | "reply", by: Name = "first") {
    const number = `+4670123${String(1000 + (people += 1))}`;
    const username = `person-${people}`;
    await h.w.person({ username, totp: false, [method]: number });
    const asked = await begin(h.w.deps, { application, username, source });
    if (asked.kind !== "challenge") throw new Error(`no challenge but ${JSON.stringify(asked)}`);
    await expect.poll(() => vendors[by].sent.length).toBeGreaterThan(0);
    const { text } = vendors[by].sent.at(-1)!;
    const answer = { application, challengeId: asked.id, source };
    return { number, username, text, code: /\d{6}/.exec(text)![0], answer };
  }
  const reply = (by: Name, from: string, text: string, { to = sender, id = `in-${(replies += 1)}`, ageMs = 0 } = {}) =>
    vendorsOf[by].reply!(gateways[by].callbackUrl, { id, from, to, text, at: h.w.clock.at - ageMs });
  const send = async ({ url, headers, body }: Post) => {
    const { pathname, search } = new URL(url);
    return await fetch(`http://127.0.0.1:${h.port}${pathname}${search}`, { method: "POST", headers, body });
  };
  const call = async (post: Post) => {
    const answer = await send(post);
    // what is in it would be sent to the person
    expect((await answer.text()).replace("<Response/>", "")).toBe("");
    return answer.status;
  };
  const approvals = async () =>
    (await h.w.deps.db.q.selectFrom("log").select("kind").where("kind", "=", "approval").execute()).length;

  test("one that could not be taken counts when the carrier tells it again", async () => {
    const { number, code, answer } = await texted("reply");
    const { db } = h.w.deps;
    const { atOnce } = db;
    db.atOnce = async () => {
      db.atOnce = atOnce;
      throw new Unanswered("away");
    };
    const post = reply("first", number, code);
    expect((await send(post)).status).toBe(503);
    await call(post);
    expect(await collect(h.w.deps, { ...answer, waitMs: 0 })).toMatchObject({ kind: "allow" });
  });

  test("a reply counts only with the code, from the number, to the sender and through the gateway of its text", async () => {
    const { number, code, answer } = await texted("reply");
    const before = await approvals();
    const wrong = [
      reply("first", number, "yes"),
      reply("first", "+46709999999", code),
      reply("first", number, code, { to: "+46700000000" }),
      reply("second", number, code),
    ];
    for (const one of wrong) expect(await call(one)).toBeLessThan(205);
    expect(await call(reply("first", number, code, { ageMs: 300_001 }))).toBe(403);
    const forged = reply("first", number, code);
    expect(await call({ ...forged, url: forged.url.replace(/token=../, "token=xx") })).toBe(403);
    expect(await approvals()).toBe(before);
    expect(await collect(h.w.deps, { ...answer, waitMs: 0 })).toEqual({ kind: "waiting" });
    expect(await call(reply("first", number, ` ${code}\n`))).toBe(204);
    expect(await collect(h.w.deps, { ...answer, waitMs: 0 })).toMatchObject({ kind: "allow", methods: ["sms-reply"] });
  });

  test("a reply that is told five times is one answer: a wrong one costs one try, a right one approves once", async () => {
    const { number, code, answer } = await texted("reply");
    const before = await approvals();
    const wrong = reply("first", number, "000000");
    for (let times = 0; times < 5; times += 1) expect(await call(wrong)).toBe(204);
    expect(await collect(h.w.deps, { ...answer, waitMs: 0 })).toEqual({ kind: "waiting" });
    const right = reply("first", number, code);
    const statuses = await Promise.all(Array.from({ length: 5 }, () => call(right)));
    expect(new Set(statuses)).toEqual(new Set([204]));
    expect(await approvals()).toBe(before + 1);
    expect(await collect(h.w.deps, { ...answer, waitMs: 0 })).toMatchObject({ kind: "allow" });
    await call(right);
    expect(await approvals()).toBe(before + 1);
  });

  test("only the newest text of a number is answered by a reply", async () => {
    const { number, username, code } = await texted("reply");
    vendors.first.clear();
    h.w.clock.at += 1000;
    const again = await begin(h.w.deps, { application, username, source });
    await expect.poll(() => vendors.first.sent.length).toBe(1);
    const newer = /\d{6}/.exec(vendors.first.sent[0]!.text)![0];
    await call(reply("first", number, code));
    const { id: challengeId } = again as { id: string };
    expect(await collect(h.w.deps, { application, challengeId, source, waitMs: 0 })).toEqual({ kind: "waiting" });
    await call(reply("first", number, newer));
    expect(await collect(h.w.deps, { application, challengeId, source, waitMs: 0 })).toMatchObject({ kind: "allow" });
  });

  test("F-23: a text whose gateway fell silent goes out once more, with the same code, and lets in once", async () => {
    vendors.first.control.mood = "silent";
    h.hurry(300);
    const { code, text, answer } = await texted("phone");
    await expect.poll(() => h.w.logged.map(({ message }) => message)).toContain("a gateway did not carry a message");
    for (let times = 0; times < 5; times += 1) {
      h.w.clock.at += 10_000;
      await deliverDue(h.w.deps);
    }
    expect([vendors.first.sent.length, vendors.second.sent.map((one) => one.text)]).toEqual([1, [text]]);
    expect(await respond(h.w.deps, { ...answer, response: code })).toMatchObject({ kind: "allow" });
    expect(await respond(h.w.deps, { ...answer, response: code })).toMatchObject({ code: "code_duplicate" });
  });

  test("no second text goes out once the first was reported delivered, though its gateway had fallen silent", async () => {
    vendors.first.control.mood = "silent";
    h.hurry(300);
    await texted("phone");
    await expect.poll(() => h.w.logged.map(({ message }) => message)).toContain("a gateway did not carry a message");
    await call(vendorsOf.first.report!(vendors.first.sent[0]!, "delivered"));
    h.w.clock.at += 10_000;
    await deliverDue(h.w.deps);
    expect(vendors.second.sent).toEqual([]);
  });

  test("no second text goes out once the first was answered", async () => {
    vendors.first.control.mood = "silent";
    h.hurry(300);
    const { code, answer } = await texted("phone");
    expect(await respond(h.w.deps, { ...answer, response: code })).toMatchObject({ kind: "allow" });
    await expect.poll(() => h.w.logged.map(({ message }) => message)).toContain("a gateway did not carry a message");
    h.w.clock.at += 10_000;
    await deliverDue(h.w.deps);
    expect(vendors.second.sent).toEqual([]);
  });

  test("F-22: of gateways that fail again and again both rest, people are offered another method, and later texts again", async () => {
    const ada = await h.w.person({ username: `eve-${kind}`, phone: "+46702000001" });
    const asked = { application, username: ada.username, method: "sms", source };
    vendors.first.control.mood = "failing";
    vendors.second.control.mood = "busy";
    for (let times = 1; times <= 3; times += 1) {
      expect(await begin(h.w.deps, asked)).toMatchObject({ prompt: { method: "sms" } });
      await expect.poll(() => vendors.second.orders.length).toBe(times);
    }
    await expect
      .poll(() => h.w.logged.filter(({ message }) => message.startsWith("a message could not")).length)
      .toBe(3);
    expect([vendors.first.orders.length, vendors.second.orders.length]).toEqual([3, 3]);
    expect(await begin(h.w.deps, asked)).toMatchObject({ prompt: { method: "totp", others: [] } });
    const alone = await h.w.person({ username: `bo-${kind}`, totp: false, phone: "+46702000002" });
    const refused = await begin(h.w.deps, { ...asked, username: alone.username });
    expect(refused).toMatchObject({ kind: "deny", code: "unreachable" });
    expect(h.w.logged.map(({ message }) => message)).toContain(
      "no gateway can reach a number now; another method is offered",
    );
    h.w.clock.at += 30_000;
    vendors.first.control.mood = "well";
    expect(await begin(h.w.deps, { ...asked, username: alone.username })).toMatchObject({ prompt: { method: "sms" } });
    await expect.poll(() => vendors.first.sent.length).toBe(1);
  });

  test("who waits for a reply to a text that nobody would carry is told so, and waits no longer", async () => {
    for (const vendor of Object.values(vendors)) vendor.control.mood = "refusing";
    const username = `cleo-${kind}`;
    await h.w.person({ username, totp: false, reply: "+46702000003" });
    const { id: challengeId } = (await begin(h.w.deps, { application, username, source })) as { id: string };
    await expect.poll(() => vendors.second.orders.length).toBe(1);
    const heard = async () => {
      await finishCalls(h.w.deps);
      return await collect(h.w.deps, { application, challengeId, source, waitMs: 0 });
    };
    await expect.poll(heard).toMatchObject({ kind: "deny", code: "unreachable" });
    expect(vendors.first.orders.length + vendors.second.orders.length).toBe(2);
  });

  test("F-21: while a gateway says nothing, nobody else waits", async () => {
    vendors.first.control.mood = "silent";
    const slow = texted("phone");
    await expect.poll(() => vendors.first.orders.length).toBe(1);
    const ada = await h.w.person({ username: `ada-${kind}` });
    const answered = await begin(h.w.deps, { application, username: ada.username, code: h.w.code(ada), source });
    expect(answered.kind).toBe("allow");
    const { answer, code } = await slow;
    // the vendor has still not answered, and the person has the text
    expect(await respond(h.w.deps, { ...answer, response: code })).toMatchObject({ kind: "allow" });
    expect(vendors.first.orders.length + vendors.second.orders.length).toBe(1);
  });
});
