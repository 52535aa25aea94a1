// Any sequence of sign-ins, answers, races and waiting, on two nodes of one database, against a model that knows only
// who holds which secret. What must hold after every step: each code is accepted once, and never without a reason.
import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Deps } from "#actions/deps.ts";
import type { Verified } from "#actions/asked.ts";
import { begin, respond } from "#actions/verify.ts";
import type { Application } from "#core/facts.ts";
import { hotp } from "#core/crypto/hotp.ts";
import { waitUntil } from "../support/process.ts";
import { world, type World } from "../support/world.ts";

type Person = Awaited<ReturnType<World["person"]>> & { enabled: boolean };
type Open = { id: string; round: number; method: string; owner: Person; application: Application; texted: string };
type System = {
  people: Person[];
  open: Open[];
  /** what was accepted: a token's step, or a challenge's code */
  accepted: Set<string>;
  allowed: number;
  counters: Map<string, number>;
};

const applications: Application[] = ["vpn", "web"].map((name) => ({
  id: `app_${name}`,
  name,
  firstFactor: "none",
  canChallenge: true,
  allowWithoutMethodUntil: 0,
}));
/** VPNs ask again for what is under way, so their requests may join a challenge. */
const sources = [{ protocol: "radius" }, { protocol: "rest" }] as const;

let w: World;
let nodes: Deps[];
beforeAll(async () => {
  const many = { "phone.number-per-day": 1000, "phone.number-per-ten-minutes": 100, "phone.prefix-per-hour": 1000 };
  const ofClients = { "lockout.client-per-ten-minutes": 100_000, "phone.client-per-hour": 100_000 };
  w = await world({ settings: { ...many, ...ofClients, "sms.per-day": 1000, "sms.per-ten-minutes": 100 } });
  nodes = [w.deps, await w.node("node_b")];
});
afterAll(async () => await w.close());

const factorsOf = async ({ id }: Person) =>
  await w.deps.db.q
    .selectFrom("factor")
    .select(["id", "method", "counter", "drift"])
    .where("user_id", "=", id)
    .execute();
const stepNow = () => Math.floor(w.clock.at / 30_000);
const codeAt = (person: Person, step: number) => hotp(person.secret, step, { digits: 6, algorithm: "sha1" });

/** An allowed answer must have had a reason, and one that was not used before. */
type How = { own: boolean; person: Person; given: string; challenge: Open | undefined; step: number };
function justify(system: System, { own, person, given, challenge, step }: How) {
  expect({ own, enabled: person.enabled }).toEqual({ own: true, enabled: true });
  const key = challenge?.method === "sms" ? challenge.id : `${person.id} ${step}`;
  expect(given).toBe(challenge?.method === "sms" ? challenge.texted : codeAt(person, step));
  expect(system.accepted.has(key)).toBe(false);
  system.accepted.add(key);
  system.allowed += 1;
}

/** After every step: counters rise only, and the log holds exactly the acceptances that were told. */
async function check(system: System): Promise<void> {
  for (const person of system.people)
    for (const factor of await factorsOf(person)) {
      expect(factor.counter).toBeGreaterThanOrEqual(system.counters.get(factor.id) ?? 0);
      expect(Math.abs(factor.drift)).toBeLessThanOrEqual(10);
      system.counters.set(factor.id, factor.counter);
    }
  const ids = system.people.map((person) => person.id);
  const rows = await w.deps.db.q
    .selectFrom("log")
    .select(["challenge_id", "method"])
    .where("authenticated", "=", 1)
    .where("user_id", "in", ids)
    .execute();
  expect(rows).toHaveLength(system.allowed);
  const challenges = rows.flatMap((row) => row.challenge_id ?? []);
  expect(new Set(challenges).size).toBe(challenges.length);
}

async function opened(
  system: System,
  outcome: Verified,
  about: { owner: Person; application: Application; texts: number },
) {
  const shown = outcome.kind === "challenge" ? outcome : outcome.kind === "deny" ? outcome.retry : undefined;
  if (!shown) return;
  const known = system.open.find((one) => one.id === shown.id);
  if (known) return void (known.round = shown.round);
  const sms = shown.prompt.method === "sms";
  if (sms) await waitUntil("the text", () => w.sent.length > about.texts, { everyMs: 1 });
  system.open.push({
    ...shown,
    method: shown.prompt.method,
    owner: about.owner,
    application: about.application,
    texted: sms ? w.texted() : "",
  });
}

type Given = { kind: "app"; offset: number } | { kind: "text"; of: number } | { kind: "wrong" | "digit" | "nothing" };
const given = fc.oneof(
  fc.record({ kind: fc.constant("app" as const), offset: fc.constantFrom(0, 0, 0, -1, 1, -2, 2) }),
  fc.record({ kind: fc.constant("text" as const), of: fc.nat(5) }),
  fc.record({ kind: fc.constantFrom("wrong" as const, "digit" as const) }),
  fc.constant({ kind: "nothing" as const }),
);
function textOf(system: System, person: Person, what: Given): string | undefined {
  if (what.kind === "app") return codeAt(person, stepNow() + what.offset);
  if (what.kind === "text") return system.open.at(-1 - what.of)?.texted || "000000";
  return what.kind === "wrong" ? "000000" : what.kind === "digit" ? "2" : undefined;
}
const steps = async (person: Person) => (await factorsOf(person)).find((one) => one.method === "totp")!.counter;

type Command = fc.AsyncCommand<object, System>;
const command = (name: string, run: (system: System) => Promise<void>): Command => ({
  check: () => true,
  run: async (_, system) => {
    await run(system);
    await check(system);
  },
  toString: () => name,
});

/** Most often what a person would do, so that much of the walk ends well. */
const rarely = fc.constantFrom(false, false, false, false, true);
const times = fc.constantFrom(1, 1, 1, 4);
const pick = { who: fc.nat(1), where: fc.nat(1), node: fc.nat(1), given };

const signIn = fc.record({ ...pick, method: fc.constantFrom(undefined, "sms"), times }).map((one) =>
  command(`sign in ${JSON.stringify(one)}`, async (system) => {
    const person = system.people[one.who]!;
    const application = applications[one.where]!;
    const texts = w.sent.length;
    const code = textOf(system, person, one.given);
    const ask = { application, username: person.username, code, method: one.method, source: sources[one.where]! };
    const outcomes = await Promise.all(
      // several texts at once could not be told apart
      Array.from({ length: code === undefined ? 1 : one.times }, (_, index) =>
        begin(nodes[(one.node + index) % 2]!, ask),
      ),
    );
    for (const outcome of outcomes) {
      if (outcome.kind === "allow")
        justify(system, { own: true, person, given: code!, challenge: undefined, step: await steps(person) });
      if (outcome.kind === "challenge") await opened(system, outcome, { owner: person, application, texts });
    }
  }),
);

const reply = fc
  .record({
    ...pick,
    challenge: fc.nat(4),
    stale: rarely,
    foreign: rarely,
    elsewhere: rarely,
    times,
  })
  .map((one) =>
    command(`answer ${JSON.stringify(one)}`, async (system) => {
      const challenge = system.open.at(-1 - one.challenge);
      if (!challenge) return;
      const person = one.foreign ? system.people.find((other) => other !== challenge.owner)! : challenge.owner;
      const application = !one.elsewhere
        ? challenge.application
        : applications.find((other) => other !== challenge.application)!;
      const texts = w.sent.length;
      const response = textOf(system, challenge.owner, one.given) ?? "";
      const round = one.stale ? challenge.round - 1 : challenge.round;
      const source = sources[applications.indexOf(application)]!;
      const ask = { application, username: person.username, challengeId: challenge.id, round, response, source };
      const outcomes = await Promise.all(
        Array.from({ length: one.times }, (_, index) => respond(nodes[(one.node + index) % 2]!, ask)),
      );
      for (const outcome of outcomes) {
        const own = !one.foreign && !one.elsewhere && !one.stale;
        if (outcome.kind === "allow")
          justify(system, { own, person, given: response, challenge, step: await steps(person) });
        await opened(system, outcome, { owner: person, application, texts });
      }
    }),
  );

const wait = fc
  .constantFrom(1000, 10_000, 30_000, 70_000, 301_000, 1_800_000, 86_400_000)
  .map((ms) => command(`wait ${ms}`, async () => void (w.clock.at += ms)));
const toggle = fc.nat(1).map((who) =>
  command(`toggle ${who}`, async (system) => {
    const person = system.people[who]!;
    person.enabled = !person.enabled;
    const state = person.enabled ? "enabled" : "disabled";
    await w.deps.db.q.updateTable("person").set({ state }).where("id", "=", person.id).execute();
  }),
);

test("each code is accepted at most once, never without a reason, and counters never fall", async () => {
  let allowed = 0;
  let texts = 0;
  const commands = fc.commands([signIn, signIn, reply, reply, reply, wait, wait, toggle], {
    maxCommands: 80,
    size: "+2",
  });
  await fc.assert(
    fc.asyncProperty(commands, async (list) => {
      const people = [];
      for (const phone of ["+46700000001", "+46700000002"])
        people.push({ ...(await w.person({ username: `p${randomBytes(6).toString("hex")}`, phone })), enabled: true });
      const system: System = { people, open: [], accepted: new Set(), allowed: 0, counters: new Map() };
      await fc.asyncModelRun(() => ({ model: {}, real: system }), list);
      allowed += system.allowed;
      texts += system.open.filter((one) => one.texted !== "").length;
    }),
    { numRuns: 100 },
  );
  // the walk went somewhere
  expect(allowed).toBeGreaterThan(30);
  expect(texts).toBeGreaterThan(30);
}, 120_000);
