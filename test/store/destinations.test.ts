// where hardly anybody answers nothing more is sent, on a simulated hour's traffic.
import { afterEach, describe, expect, test } from "vitest";
import { listDestinations, releaseDestination, watchDestinations } from "#actions/destinations.ts";
import { clear } from "#actions/outgoing.ts";
import { countAnswers, countSends } from "#store/destinations.ts";
import { markSent, post } from "#store/outbox.ts";
import { kinds, world, type World } from "../support/world.ts";

const minute = 60_000;

describe.each(kinds)("on %s", (kind) => {
  let w: World;
  let count = 0;
  afterEach(async () => await w.close());

  /** So many texts to numbers of one range, a second apart; the first ones are answered. */
  async function send(
    texts: number,
    { answered = 0, range = "+4670123", country = "SE", user = "" } = {},
  ): Promise<void> {
    for (let index = 0; index < texts; index++) {
      const id = `s${(count += 1)}`;
      const at = w.clock.at;
      const sent = { id, country, number_range: range, at, answer_by: at + 5 * minute };
      await w.deps.db.transaction((run) => countSends(run, [sent]));
      if (user !== "") await asked(id, user);
      if (index < answered) await w.deps.db.transaction((run) => countAnswers(run, [id]));
      w.clock.at += 1000;
    }
  }
  async function asked(id: string, user_id: string): Promise<void> {
    const message = { id, channel: "sms", challenge_id: null, user_id, sealed_payload: Buffer.alloc(0) } as const;
    await w.deps.db.transaction((run) => post(run, [{ ...message, at: w.clock.at }]));
    await markSent(w.deps.db, id);
  }
  const closed = async () => {
    await watchDestinations(w.deps);
    return (await listDestinations(w.deps)).map(({ id }) => id).toSorted();
  };
  const vetoed = async (to: string) => {
    const cleared = await clear(w.deps, { channel: "sms", to, userId: "usr_a" });
    return "veto" in cleared ? cleared.veto : undefined;
  };

  test("twenty texts that nobody answers close their range, once their time is over", async () => {
    w = await world({ kind, settings: { "notify.destinations": ["admin@example.org"] } });
    // the country has other traffic, which is answered
    await send(80, { answered: 80, range: "+4673999" });
    await send(20);
    expect(await closed()).toEqual([]);
    w.clock.at += 5 * minute;
    expect(await closed()).toEqual(["+4670123"]);
    expect(await vetoed("+46701239999")).toBe("destination");
    expect(await vetoed("+46739991111")).toBeUndefined();
    await expect.poll(() => w.sent.map(({ to }) => to)).toEqual(["admin@example.org"]);
    expect(w.sent[0]).toMatchObject({ subject: "Texts and calls to +4670123 •••• have stopped" });
    const entries = await w.deps.db.q.selectFrom("log").select(["result", "actor"]).execute();
    expect(entries).toEqual([{ result: "DESTINATION_BLOCKED", actor: "system" }]);
  });

  test("a country is closed when its ranges together go unanswered", async () => {
    w = await world({ kind });
    for (let range = 0; range < 20; range++) await send(1, { range: `+47900${range}`, country: "NO" });
    w.clock.at += 5 * minute;
    expect(await closed()).toEqual(["NO"]);
    expect(await vetoed("+4791234567")).toBe("destination");
  });

  test("a fifth answered is enough, nineteen are too few to say, and an hour ago is over", async () => {
    w = await world({ kind });
    await send(20, { answered: 4 });
    w.clock.at += 5 * minute;
    expect(await closed()).toEqual([]);
    await send(19, { range: "+4673555", country: "FI" });
    w.clock.at += 5 * minute;
    expect(await closed()).toEqual([]);
    w.clock.at += 55 * minute;
    await send(1, { range: "+4673555", country: "FI" });
    w.clock.at += 5 * minute;
    expect(await closed()).toEqual([]);
  });

  test("one person alone closes nothing to everybody, four together do", async () => {
    w = await world({ kind });
    await send(30, { user: "usr_a" });
    w.clock.at += 5 * minute;
    expect(await closed()).toEqual([]);
    for (const user of ["usr_b", "usr_c", "usr_d"]) await send(5, { user });
    w.clock.at += 5 * minute;
    expect(await closed()).toEqual(["+4670123", "SE"]);
    expect(await listDestinations(w.deps)).toMatchObject([{ sent: 20 }, { sent: 20 }]);
  });

  test("it is closed by one node, opened by people, and what was before counts no more", async () => {
    w = await world({ kind, settings: { "notify.destinations": ["admin@example.org"] } });
    const other = kind === "postgres" ? await w.node("node_b") : w.deps;
    await send(20);
    w.clock.at += 5 * minute;
    await Promise.all([watchDestinations(w.deps), watchDestinations(other)]);
    const said = async () =>
      (await w.deps.db.q.selectFrom("log").select("result").orderBy("at").execute()).map(({ result }) => result);
    expect(await said()).toEqual(["DESTINATION_BLOCKED", "DESTINATION_BLOCKED"]);
    for (const id of ["SE", "+4670123"]) await releaseDestination(w.deps, "cli", { id, reason: "carrier" });
    await expect(releaseDestination(w.deps, "cli", { id: "SE", reason: "again" })).rejects.toMatchObject({
      code: "not_found",
    });
    expect(await closed()).toEqual([]);
    expect(await vetoed("+46701239999")).toBeUndefined();
    w.clock.at += 1;
    await send(20);
    w.clock.at += 5 * minute;
    expect(await closed()).toEqual(["+4670123", "SE"]);
  });

  test("an administrator can do without", async () => {
    w = await world({ kind, settings: { "phone.breaker-sends": 0 } });
    await send(50);
    w.clock.at += 5 * minute;
    expect(await closed()).toEqual([]);
  });
});
