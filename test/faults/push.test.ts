// A thousand people who are asked on their phones and never answer.
import { runInNewContext } from "node:vm";
import { setFlagsFromString } from "node:v8";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Application } from "#core/facts.ts";
import { collect } from "#actions/collect.ts";
import { deliverDue } from "#actions/deliver.ts";
import { begin } from "#actions/verify.ts";
import { subscribe } from "#actions/web-push.ts";
import { insertDevice, insertPush } from "#store/devices.ts";
import type { Run } from "#store/open.ts";
import { waitUntil } from "../support/process.ts";
import { world, type World } from "../support/world.ts";

const people = 1000;
const lifeMs = 60_000;
const application: Application = {
  id: "app_portal",
  name: "Portal",
  firstFactor: "none",
  canChallenge: true,
  allowWithoutMethodUntil: 0,
};
// the example of RFC 8291
const keys = {
  p256dh: "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
  auth: "BTBZMqHH6r4Tts7J_aSIgg",
};

let w: World;
let carried = 0;
beforeAll(async () => {
  w = await world({ settings: { "push.life-seconds": lifeMs / 1000, "push.client-per-hour": 100_000 } });
  w.deps.net = async () => {
    carried += 1;
    return { status: 201, body: "" };
  };
  await w.deps.db.transaction(async (run) => {
    for (let index = 0; index < people; index++) await addPhone(run, `user${index}`);
  });
});
afterAll(async () => await w.close());

async function addPhone(run: Run, username: string): Promise<void> {
  const { deps, clock } = w;
  const [user_id, id] = [deps.random.id("usr_"), deps.random.id("dev_")];
  await run(
    `insert into person (id, name_key, username, state, groups, created_at)
     values (?, ?, ?, 'enabled', '[]', cast(? as bigint))`,
    [user_id, username, username, clock.at],
  );
  const subscription = { endpoint: `https://fcm.googleapis.com/fcm/send/${id}`, keys };
  const { push, sealedSubscription: sealed_subscription } = subscribe(deps, { deviceId: id, subscription });
  const about = { name: "Phone", kind: "phone", platform: "test", app_version: "1", language: null };
  const row = { id, user_id, ...about, public_key: Buffer.alloc(1), state: "active", push, sealed_subscription };
  await insertDevice(run, { ...row, created_at: clock.at });
  await insertPush(run, { id: deps.random.id("fac_"), userId: user_id, at: clock.at });
}

/** Asks so many of them, and waits with each. */
async function askAll(count: number) {
  const source = { protocol: "rest" } as const;
  const names = Array.from({ length: count }, (_, index) => `user${index}`);
  const asked = await Promise.all(names.map((username) => begin(w.deps, { application, username, source })));
  return asked.map(async (outcome) => {
    if (outcome.kind !== "challenge") throw new Error(`no challenge but ${outcome.kind}`);
    return await collect(w.deps, { application, challengeId: outcome.id, source, waitMs: 600_000 });
  });
}

const outbox = async () =>
  await w.deps.db.q
    .selectFrom("outbox")
    .select(["state", (row) => row.fn.countAll<number>().as("n")])
    .groupBy("state")
    .execute();

test("F-25: each is told once and ends in its time, nothing is repeated, and the memory comes back", async () => {
  setFlagsFromString("--expose-gc");
  const gc = runInNewContext("gc") as () => void;
  const heap = () => (gc(), gc(), process.memoryUsage().heapUsed);
  const round = async (count: number) => {
    const waiting = await askAll(count);
    await waitUntil("all to be told", async () => (await outbox()).every(({ state }) => state === "sent"));
    for (let passed = 0; passed < lifeMs; passed += 6000) {
      w.clock.at += 6000;
      await deliverDue(w.deps);
    }
    const ended = await Promise.all(waiting);
    expect(ended.every((one) => one.kind === "deny" && one.code === "no_answer")).toBe(true);
    // beyond the ten minutes within which three count
    w.clock.at += 3_600_000;
    w.logged.length = 0;
  };
  // what the first round compiles and caches is kept
  await round(100);
  const before = heap();
  await round(people);
  expect(carried).toBe(100 + people);
  expect(await outbox()).toEqual([{ state: "sent", n: carried }]);
  expect(heap()).toBeLessThan(before * 1.05);
});
