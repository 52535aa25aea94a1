// A text on its way to gateways: which of them, how often, and what is on record when something dies in between.
import { afterEach, describe, expect, test } from "vitest";
import { deliverDue } from "#actions/deliver.ts";
import { sealed } from "#actions/sealed.ts";
import { addGateway, enableGateway, removeGateway, type NewGateway } from "#actions/gateways.ts";
import { retain } from "#actions/retention.ts";
import { Undelivered, type Ask } from "#delivery/gateway.ts";
import { post } from "#store/outbox.ts";
import { dropPerson } from "#store/retention.ts";
import { kinds, world, type World } from "../support/world.ts";

type Answer = Awaited<ReturnType<Ask>> | Error;
const yes = { status: 200, body: `{"id":"v1"}` };
const no = { status: 500, body: "" };
const never = new Undelivered("no answer in time", { sure: false });
const number = "+46701234567";

describe.each(kinds)("on %s", (kind) => {
  let w: World;
  let asked: { at: string; body: string }[];
  let answers: Record<string, Answer>;
  let count = 0;
  afterEach(async () => await w.close());

  const start = async (...gateways: (Partial<NewGateway> & { name: string })[]) => {
    w = await world({ kind });
    asked = [];
    answers = {};
    await removeGateway(w.deps, "cli", "simulated-texts");
    for (const one of gateways) await add(one);
    w.deps.net = async ({ url, body = "" }) => {
      const at = new URL(url).hostname.split(".")[0]!;
      asked.push({ at, body });
      const answer = answers[at] ?? yes;
      if (answer instanceof Error) throw answer;
      return answer;
    };
  };
  const add = async (one: Partial<NewGateway> & { name: string }) => {
    const options = { url: `https://${one.name}.example/send`, body: "{id}", ref: "id" };
    await addGateway(w.deps, "cli", { channel: "sms", vendor: "http", sender: "Example", options, ...one });
  };
  const queue = async (to = number, challengeId: string | null = null) => {
    w.clock.at += 1;
    const id = `msg_${(count += 1)}`;
    const whose = { challenge_id: challengeId, user_id: "usr_ada", at: w.clock.at };
    const row = { ...sealed(w.deps, { id, channel: "sms", to, text: "123456" }), ...whose };
    await w.deps.db.transaction((run) => post(run, [row]));
    return id;
  };
  const text = async (to = number) => {
    asked = [];
    const id = await queue(to);
    await deliverDue(w.deps);
    expect(asked.every((one) => one.body === id)).toBe(true);
    return asked.map((one) => one.at);
  };
  const rows = async () =>
    await w.deps.db.q
      .selectFrom("delivery")
      .select(["gateway", "state", "ref", "reason", "country", "sender"])
      .orderBy("started_at")
      .orderBy("attempt")
      .execute();

  test("the gateway of the longest prefix carries; the next one does after its no, under the same id, and never a third", async () => {
    const places = [
      { name: "a", place: 1 },
      { name: "b", place: 2 },
      { name: "c", place: 3 },
    ];
    await start(...places, { name: "se", place: 9, prefixes: ["+46"], senders: { "+4670": "Mobile" } });
    expect(await text()).toEqual(["se"]);
    expect(await text("+4915112345678")).toEqual(["a"]);
    answers = { se: no };
    expect(await text()).toEqual(["se", "a"]);
    answers = { se: no, a: no };
    expect(await text()).toEqual(["se", "a"]);
    w.clock.at += 60_000;
    await deliverDue(w.deps);
    expect(asked.map((one) => one.at)).toEqual(["se", "a"]);
    expect((await rows()).slice(0, 4)).toEqual([
      { gateway: "se", state: "sent", ref: "v1", reason: null, country: "SE", sender: "Mobile" },
      { gateway: "a", state: "sent", ref: "v1", reason: null, country: "DE", sender: "Example" },
      { gateway: "se", state: "refused", ref: null, reason: "refused with HTTP 500", country: "SE", sender: "Mobile" },
      { gateway: "a", state: "sent", ref: "v1", reason: null, country: "SE", sender: "Example" },
    ]);
  });

  test("after silence the next one is tried when ten seconds are over, not before", async () => {
    await start({ name: "a", place: 1 }, { name: "b", place: 2 });
    answers = { a: never };
    expect(await text()).toEqual(["a"]);
    w.clock.at += 9999;
    await deliverDue(w.deps);
    expect(asked.map((one) => one.at)).toEqual(["a"]);
    w.clock.at += 1;
    await deliverDue(w.deps);
    expect(asked.map((one) => one.at)).toEqual(["a", "b"]);
    expect((await rows()).map((row) => row.state)).toEqual(["unsure", "sent"]);
  });

  test("a gateway that has died in the midst of an attempt has used one of two, whoever goes on", async () => {
    await start({ name: "a" });
    answers = { a: yes };
    const carries = w.deps.net;
    w.deps.net = async (request) => {
      void carries(request);
      return await new Promise(() => undefined);
    };
    await queue();
    void deliverDue(w.deps);
    await expect.poll(() => asked.length).toBe(1);
    const other = await w.node("node_b");
    other.net = async (request) => await carries(request);
    for (let seconds = 0; seconds < 120; seconds += 10) {
      w.clock.at += 10_000;
      await deliverDue(other);
    }
    expect(asked.length).toBe(2);
    expect((await rows()).map((row) => row.state)).toEqual(["trying", "sent"]);
  });

  test("a gateway that fails three times rests, and carries again after half a minute when its trial goes well", async () => {
    await start({ name: "a", place: 1 }, { name: "b", place: 2 });
    answers = { a: { status: 429, body: "" } };
    for (let times = 0; times < 3; times += 1) expect(await text()).toEqual(["a", "b"]);
    expect(await text()).toEqual(["b"]);
    w.clock.at += 30_000;
    answers = {};
    expect(await text()).toEqual(["a"]);
  });

  test("a refusal of one number says nothing about the next", async () => {
    await start({ name: "a", place: 1 }, { name: "b", place: 2 });
    answers = { a: { status: 400, body: "" } };
    for (let times = 0; times < 5; times += 1) expect(await text()).toEqual(["a", "b"]);
  });

  test("traces of messages are kept for their days, and a removed person's are nobody's", async () => {
    await start({ name: "a" });
    const ada = await w.person({ username: "ada" });
    const whose = { challenge_id: null, user_id: ada.id, at: w.clock.at };
    const row = { ...sealed(w.deps, { id: "msg_ada", channel: "sms", to: number, text: "123456" }), ...whose };
    await w.deps.db.transaction((run) => post(run, [row]));
    await deliverDue(w.deps);
    const kept = async () => await w.deps.db.q.selectFrom("delivery").select(["user_id", "to_mac", "state"]).execute();
    expect(await kept()).toMatchObject([{ user_id: ada.id, state: "sent" }]);
    await w.deps.db.transaction((run) => dropPerson(run, { userId: ada.id, since: 0 }));
    expect((await kept()).map((one) => [one.user_id, one.to_mac.length, one.state])).toEqual([[null, 0, "sent"]]);
    w.clock.at += 30 * 86_400_000;
    await retain(w.deps);
    expect(await kept()).toHaveLength(1);
    w.clock.at += 60_000;
    await retain(w.deps);
    expect(await kept()).toEqual([]);
  });

  test("nothing is sent for a challenge that has ended, and nothing through a gateway that is disabled or for other numbers", async () => {
    await start({ name: "a" }, { name: "no", prefixes: ["+47"] });
    await queue(number, "chl_gone");
    await deliverDue(w.deps);
    await enableGateway(w.deps, "cli", { name: "a", enabled: false });
    await queue();
    await deliverDue(w.deps);
    expect(asked).toEqual([]);
    expect(await rows()).toEqual([]);
    expect(w.logged.find((line) => line.message === "no gateway can carry a message now")?.fields).toMatchObject({
      country: "SE",
    });
  });
});
