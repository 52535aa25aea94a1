// R-036, mission G12: a client whose word stands for the password, and what whoever has its secret can guess and send with it.
import { afterEach, describe, expect, test } from "vitest";
import type { Verified } from "#actions/asked.ts";
import { answerByPhone } from "#actions/by-phone.ts";
import { explain } from "#actions/explain.ts";
import { addRadiusClient, loadRadiusClients } from "#actions/radius-clients.ts";
import { begin, respond } from "#actions/verify.ts";
import type { Deps } from "#actions/deps.ts";
import type { Application } from "#core/facts.ts";
import { waitUntil } from "../support/process.ts";
import { kinds, world, type World } from "../support/world.ts";

const client = (id: string): Application => ({
  id,
  name: id,
  firstFactor: "none",
  canChallenge: true,
  allowWithoutMethodUntil: 0,
});
const [vpn, wifi] = [client("vpn"), client("wifi")];
const source = { protocol: "rest" } as const;
const never = "------";
const minute = 60_000;
const codeOf = (outcome: Verified) => (outcome.kind === "deny" ? outcome.code : outcome.kind);

describe.each(kinds)("on %s", (kind) => {
  let w: World;
  afterEach(async () => await w.close());
  const start = async (limit: number) =>
    (w = await world({
      kind,
      settings: { "lockout.client-per-ten-minutes": limit, "notify.lockout": ["it@example.org"] },
    }));

  const many = async (count: number, more: { phone?: boolean } = {}) =>
    await Promise.all(
      Array.from({ length: count }, (_, index) =>
        w.person({
          username: `user${index}`,
          ...(more.phone && { totp: false, phone: `+46701${String(index).padStart(6, "0")}` }),
        }),
      ),
    );
  const enter = async (username: string, code: string, { application = vpn, deps = w.deps } = {}) =>
    codeOf(await begin(deps, { application, username, code, source }));
  const counted = async () =>
    (await w.deps.db.q.selectFrom("throttle").select(["id", "count"]).where("id", "like", "client guesses %").execute())
      .map(({ id, count }) => `${id} ${count}`)
      .toSorted();
  const fails = async () =>
    (await w.deps.db.q.selectFrom("factor").select("fails").execute()).reduce((sum, one) => sum + one.fails, 0);
  /** All that is looked at unseals the person's secret. */
  const watched = (): { deps: Deps; looked: () => number } => {
    let looked = 0;
    const unseal: Deps["keys"]["unseal"] = (purpose, ...rest) => {
      if (purpose === "factor") looked += 1;
      return w.deps.keys.unseal(purpose, ...rest);
    };
    return { deps: { ...w.deps, keys: { ...w.deps.keys, unseal } }, looked: () => looked };
  };

  test("its wrong codes at many people end in ten minutes of none being looked at; other clients are untouched", async () => {
    await start(10);
    const people = await many(12);
    for (const { username } of people.slice(0, 10)) expect(await enter(username, never)).toBe("wrong_code");
    const { deps, looked } = watched();
    const [one, other] = [people[10]!, people[11]!];
    expect(await enter(one.username, w.code(one), { deps })).toBe("throttled");
    expect(await enter(one.username, never, { deps })).toBe("throttled");
    expect(looked()).toBe(0);
    expect(await fails()).toBe(10);
    const [record] = await w.deps.db.q.selectFrom("log").select(["gate", "result"]).orderBy("seq", "desc").execute();
    expect(record).toEqual({ gate: "attempts", result: "FAILED_AUTHENTICATION_THROTTLED" });
    expect(await enter(one.username, w.code(one), { application: wifi })).toBe("allow");
    w.clock.at += 10 * minute - 1;
    expect(await enter(other.username, w.code(other))).toBe("throttled");
    w.clock.at += 1;
    expect(await enter(other.username, w.code(other))).toBe("allow");
  });

  test("right codes take nothing, nor do repeated ones, unknown names and what was throttled", async () => {
    await start(10);
    const people = await many(64);
    const enterAll = async () => await Promise.all(people.map((one) => enter(one.username, w.code(one))));
    expect(new Set(await enterAll())).toEqual(new Set(["allow"]));
    expect(new Set(await enterAll())).toEqual(new Set(["code_duplicate"]));
    expect(await enter("nobody", never)).toBe("unknown_person");
    expect(await counted()).toEqual([]);
    const [ada] = people;
    for (const heard of ["wrong_code", "wrong_code", "wrong_code", "throttled", "throttled"])
      expect(await enter(ada!.username, never)).toBe(heard);
    expect(await counted()).toEqual(["client guesses vpn 3"]);
    // nor is a batch of right ones refused for what is left
    for (const { username } of people.slice(1, 7)) await enter(username, never);
    w.clock.at += 30_000;
    expect(await counted()).toEqual(["client guesses vpn 9"]);
    expect(new Set(await Promise.all(people.slice(7).map((one) => enter(one.username, w.code(one)))))).toEqual(
      new Set(["allow"]),
    );
  });

  test("of two hundred wrong codes at once as many are told as there may be, and no right one among them after those", async () => {
    await start(100);
    const people = await many(200);
    const given = people.map((one, index) => enter(one.username, index < 199 ? never : w.code(one)));
    const heard = await Promise.all(given);
    expect(heard.filter((one) => one === "wrong_code")).toHaveLength(100);
    expect(heard.filter((one) => one === "throttled")).toHaveLength(100);
    expect(await fails()).toBe(100);
    expect(await counted()).toEqual(["client guesses vpn 100"]);
    // it was not used up either
    expect(await enter(people[199]!.username, w.code(people[199]!), { application: wifi })).toBe("allow");
  });

  test("its answers to what was texted count too, and what a person keys on the phone does not", async () => {
    await start(10);
    w.set({ "phone.prefix-per-hour": 100 });
    const people = await many(12, { phone: true });
    const asked: string[] = [];
    for (const { username } of people) {
      const outcome = await begin(w.deps, { application: vpn, username, source });
      if (outcome.kind !== "challenge") throw new Error(codeOf(outcome));
      asked.push(outcome.id);
    }
    const answer = async (challengeId: string, application = vpn) =>
      codeOf(await respond(w.deps, { application, challengeId, response: "x", source }));
    for (const id of asked.slice(0, 9)) expect(await answer(id)).toBe("wrong_code");
    const voice = await w.person({ username: "eva", totp: false, voice: "+46701999999" });
    const ringing = await begin(w.deps, { application: vpn, username: voice.username, source });
    if (ringing.kind !== "challenge") throw new Error(codeOf(ringing));
    const keyed = { challengeId: ringing.id, response: "x", byPhone: "answer", source } as const;
    expect(codeOf(await respond(w.deps, { application: vpn, ...keyed }))).toBe("wrong_code");
    expect(await counted()).toEqual(["client guesses vpn 9"]);
    expect(await answer(asked[9]!)).toBe("wrong_code");
    expect(await answer(asked[10]!)).toBe("throttled");
  });

  test("where the password is checked here, and on our own pages, nothing is counted", async () => {
    await start(10);
    const [ada] = await many(1);
    expect(await enter(ada!.username, never, { application: { ...vpn, pages: true } })).toBe("wrong_code");
    const local = { ...vpn, firstFactor: "local" } as const;
    expect(await enter(ada!.username, never, { application: local })).toBe("wrong_password");
    expect(await counted()).toEqual([]);
  });

  test("texts that nobody answers rightly are as many an hour as there may be; of another client, and on our pages, more", async () => {
    await start(100);
    w.set({ "phone.client-per-hour": 2, "phone.prefix-per-hour": 100 });
    await many(6, { phone: true });
    const ask = async (index: number, application = vpn) =>
      await begin(w.deps, { application, username: `user${index}`, source });
    const first = await ask(0);
    await waitUntil("the text", () => w.sent.length > 0);
    if (first.kind !== "challenge") throw new Error(codeOf(first));
    const right = { application: vpn, challengeId: first.id, response: w.texted(), source };
    expect(codeOf(await respond(w.deps, right))).toBe("allow");
    const heard = await Promise.all([1, 2, 3].map((index) => ask(index)));
    expect(heard.map(codeOf).toSorted()).toEqual(["challenge", "challenge", "throttled"]);
    expect(codeOf(await ask(4))).toBe("throttled");
    const [record] = await w.deps.db.q.selectFrom("log").select("gate").orderBy("seq", "desc").execute();
    expect(record).toEqual({ gate: "phone budget" });
    expect(codeOf(await ask(4, wifi))).toBe("challenge");
    expect(codeOf(await ask(5, { ...vpn, pages: true }))).toBe("challenge");
    w.clock.at += 60 * minute;
    expect(codeOf(await ask(4))).toBe("challenge");
  });

  test("so are requests in the app, after which other methods are offered", async () => {
    await start(100);
    w.set({ "push.client-per-hour": 1 });
    for (const { id, username } of await many(3)) {
      const common = { user_id: id, state: "active", created_at: w.clock.at };
      const device = {
        id: `dev_${username}`,
        name: "phone",
        kind: "phone",
        platform: "test",
        app_version: "1",
        push: "",
      };
      const rows = { ...device, ...common, language: null, public_key: Buffer.alloc(1) };
      await w.deps.db.q
        .insertInto("device")
        .values(rows as never)
        .execute();
      const factor = { id: `fac_${username}`, method: "push", ...common };
      await w.deps.db.q
        .insertInto("factor")
        .values(factor as never)
        .execute();
    }
    const ask = async (index: number, application = vpn) => {
      const asked = await begin(w.deps, { application, username: `user${index}`, method: "push", source });
      if (asked.kind !== "challenge") throw new Error(codeOf(asked));
      return { challengeId: asked.id, answer: asked.prompt.number ?? "", method: asked.prompt.method };
    };
    const { method, ...right } = await ask(0);
    expect([method, (await answerByPhone(w.deps, right)).kind]).toEqual(["push", "right"]);
    const both = await Promise.allSettled([ask(1), ask(2)]);
    expect(both.filter((one) => one.status === "fulfilled" && one.value.method === "push")).toHaveLength(1);
    expect((await ask(0)).method).toBe("totp");
    expect((await ask(0, wifi)).method).toBe("push");
  });

  test("administrators hear of it once, and explain says so", async () => {
    await start(10);
    await addRadiusClient(w.deps, "cli", { name: "gate", addresses: ["10.0.0.1"], options: { firstFactor: "none" } });
    const { application } = (await loadRadiusClients(w.deps))[0]!;
    const people = await many(12);
    const question = { username: "user11", application: "gate" };
    expect(await explain(w.deps, question)).toMatchObject({ decision: "challenge" });
    await Promise.all(people.slice(0, 11).map(({ username }) => enter(username, never, { application })));
    await enter("user11", never, { application });
    const warnings = w.logged.filter(({ message }) => message.startsWith("a client has given so many wrong codes"));
    expect(warnings).toEqual([
      { message: expect.any(String), fields: { client: application.id, application: "gate" } },
    ]);
    const mails = await w.deps.db.q.selectFrom("outbox").select("channel").execute();
    expect(mails).toEqual([{ channel: "email" }]);
    const explained = await explain(w.deps, question);
    expect(explained).toMatchObject({ decision: "deny", gate: "attempts", code: "throttled" });
    expect(explained.reason).toContain("lockout.client-per-ten-minutes");
    expect(await enter("user11", never, { application })).toBe(explained.code);
  });
});
