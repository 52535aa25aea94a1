// F-42: many guesses at one moment, on three nodes of one PostgreSQL. Each that is looked at has cost its attempt and its round
// (I5); what a node read a moment ago is no leave to take what another node has taken since.
import { afterAll, beforeAll, expect, test } from "vitest";
import { begin, respond } from "#actions/verify.ts";
import type { Deps } from "#actions/deps.ts";
import type { Application } from "#core/facts.ts";
import { world, type World } from "../support/world.ts";

const application: Application = {
  id: "app_vpn",
  name: "VPN",
  firstFactor: "none",
  canChallenge: true,
  allowWithoutMethodUntil: 0,
};
const source = { protocol: "rest" } as const;
/** Costs what any wrong code costs, and is right at no time. */
const never = "------";
/** Several times, since two nodes must meet for anything to be shown. */
const people = Array.from({ length: 10 }, (_, index) => `person ${index}`);

let w: World;
let nodes: Deps[];
beforeAll(async () => {
  w = await world({ kind: "postgres" });
  nodes = [w.deps, await w.node("node_b"), await w.node("node_c")];
});
afterAll(() => w.close());

const onEachNode = async <T>(times: number, ask: (deps: Deps) => Promise<T>) =>
  await Promise.all(Array.from({ length: times * nodes.length }, (_, index) => ask(nodes[index % nodes.length]!)));
const lookedAt = (outcomes: { kind: string; code?: string }[]) =>
  outcomes.filter(({ kind, code }) => kind === "allow" || (kind === "deny" && code === "wrong_code")).length;

test("of a hundred wrong codes at once no more are looked at than attempts are taken", async () => {
  for (const username of people) {
    const { id } = await w.person({ username });
    const outcomes = await onEachNode(33, (deps) => begin(deps, { application, username, code: never, source }));
    const { fails } = await w.deps.db.q
      .selectFrom("factor")
      .select("fails")
      .where("user_id", "=", id)
      .executeTakeFirstOrThrow();
    expect(lookedAt(outcomes)).toBe(fails);
    expect(fails).toBeLessThanOrEqual(3);
  }
});

test("a round of a challenge is answered once: of equal answers on all nodes one is looked at, a right one let in", async () => {
  for (const username of people) {
    const person = await w.person({ username: `${username} asked` });
    const asked = await begin(w.deps, { application, username: person.username, source });
    if (asked.kind !== "challenge") throw new Error("there is no challenge");
    const answer = { application, username: person.username, challengeId: asked.id, source };
    const row = async () =>
      await w.deps.db.q
        .selectFrom("challenge")
        .select(["round", "tries", "state"])
        .where("id", "=", asked.id)
        .executeTakeFirstOrThrow();

    const wrong = await onEachNode(1, (deps) => respond(deps, { ...answer, round: 0, response: never }));
    expect(lookedAt(wrong)).toBe(1);
    expect(await row()).toEqual({ round: 1, tries: 1, state: "pending" });

    const right = await onEachNode(1, (deps) => respond(deps, { ...answer, round: 1, response: w.code(person) }));
    expect(right.filter(({ kind }) => kind === "allow")).toHaveLength(1);
    expect(await row()).toEqual({ round: 2, tries: 2, state: "approved" });
  }
});

//
test("of a client's wrong codes at many people on all nodes as many are told as its budget has, and cost an attempt", async () => {
  const [limit, count] = [20, 150];
  w.set({ "lockout.client-per-ten-minutes": limit });
  const client = { ...application, id: "app_stolen" };
  const named = Array.from({ length: count }, (_, index) => `tried ${index}`);
  const ids = await Promise.all(named.map(async (username) => (await w.person({ username })).id));
  const outcomes = await Promise.all(
    named.map((username, index) =>
      begin(nodes[index % nodes.length]!, { application: client, username, code: never, source }),
    ),
  );
  expect(lookedAt(outcomes)).toBe(limit);
  expect(outcomes.filter((one) => one.kind === "deny" && one.code === "throttled")).toHaveLength(count - limit);
  const factors = await w.deps.db.q.selectFrom("factor").select("fails").where("user_id", "in", ids).execute();
  expect(factors.reduce((sum, { fails }) => sum + fails, 0)).toBe(limit);
});
