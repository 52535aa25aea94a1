// F-09, F-10: PostgreSQL gone, and PostgreSQL silent, under load. Nothing is granted meanwhile, whoever waits is told within
// the deadline, and afterwards everything goes on by itself.
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { currentStep, totp, userName } from "../../bench/people.ts";
import { type Postgres, startPostgres } from "../support/postgres.ts";
import { tempFolder, waitUntil } from "../support/process.ts";
import { type Login, openGateway, pace } from "./gateway.ts";
import { makeGroup, type Node } from "./node.ts";
import { oracleOf, queryOf } from "./oracle.ts";
import { addApiKey, type Caller, makeCaller, type RestAnswer } from "./rest.ts";
import { openWitness, type Witness } from "./witness.ts";

const people = 4000;
const perSecond = 60;
/** R-274 gives a database two seconds; an answer has some way besides. */
const deadlineMs = 3000;
const outageMs = 5000;

let postgres: Postgres;
let node: Node;
let witness: Witness;
let caller: Caller;
let user = 0;
beforeAll(async () => {
  postgres = await startPostgres();
  const nodes = await makeGroup(await postgres.createDatabase("outage"), { nodes: 1, people });
  node = nodes[0]!;
  witness = openWitness(join(tempFolder("witness"), "log"));
  caller = await makeCaller(await addApiKey(node), witness);
  await node.start();
});
afterAll(async () => {
  await node.stop();
  await postgres.stop();
});

/** People sign in all the time, one in three over REST; `breaks` runs when the first are in, then the load ends. */
async function underLoad(breaks: (soFar: { radius: Login[]; rest: RestAnswer[] }) => Promise<void>) {
  const gateway = await openGateway([node.radiusPort], { sockets: 8, witness });
  const radius: Login[] = [];
  const rest: RestAnswer[] = [];
  const calls: Promise<unknown>[] = [];
  const stop = new AbortController();
  const fire = (index: number) => {
    const who = user++;
    if (index % 3 > 0) return radius.push(gateway.send(gateway.prepare({ user: who, step: currentStep() })));
    const call = async () => rest.push(await (await caller.signLogin(who, currentStep()))(node.url));
    return calls.push(call());
  };
  const load = pace(perSecond, (index) => void fire(index), stop.signal);
  const grantedBy = (list: { verdict: string | undefined }[]) => list.some(({ verdict }) => verdict === "accept");
  try {
    await waitUntil("logins by both ways", () => grantedBy(radius) && grantedBy(rest));
    await breaks({ radius, rest });
    return { radius, rest };
  } finally {
    stop.abort();
    await load;
    await Promise.all([...calls, ...radius.map(({ done }) => done)]);
    gateway.close();
  }
}

type Answered = { verdict: string | undefined; sentAt: number; repliedAt: number };
const verdictsOf = (list: Answered[]) => [...new Set(list.map(({ verdict }) => verdict ?? "silence"))].toSorted();
const sentBetween = (list: Answered[], from: number, to: number) =>
  list.filter(({ sentAt }) => sentAt > from && sentAt < to);
const slowest = (list: Answered[]) => Math.max(...list.map(({ sentAt, repliedAt }) => repliedAt - sentAt));

/** Resolves when somebody who asked after this moment was let in, by each way; gives how long that took. */
async function backAgain({ radius, rest }: { radius: Answered[]; rest: Answered[] }): Promise<number> {
  const since = performance.now();
  for (const list of [radius, rest])
    await waitUntil("a login that asked after the outage", () =>
      list.some(({ verdict, sentAt }) => verdict === "accept" && sentAt > since),
    );
  return performance.now() - since;
}

test("with PostgreSQL gone nobody is let in, and everybody soon after it is back", async () => {
  const oracle = oracleOf(node);
  let gone = 0;
  let returns = 0;
  let tookMs = 0;
  const seen = await underLoad(async (soFar) => {
    await postgres.stopImmediately();
    gone = performance.now();
    await delay(outageMs); // the outage itself
    returns = performance.now();
    await postgres.start();
    tookMs = await backAgain(soFar);
  });
  const radius = sentBetween(seen.radius, gone, returns);
  const rest = sentBetween(seen.rest, gone, returns);
  console.log(JSON.stringify({ radius: radius.length, rest: rest.length, slowestMs: slowest(rest), backMs: tookMs }));
  expect(radius.length + rest.length).toBeGreaterThan((perSecond * outageMs) / 2000);
  expect(verdictsOf(radius)).toEqual(["silence"]);
  expect(
    new Set(seen.rest.filter(({ sentAt }) => sentAt > gone && sentAt < returns).map(({ status }) => status)),
  ).toEqual(new Set([503]));
  expect(slowest(rest)).toBeLessThan(deadlineMs);
  expect(tookMs).toBeLessThan(30_000);
  expect(await oracle.violations(witness)).toEqual([]);
});

test("with PostgreSQL silent nobody waits long, nothing is granted late, and then all goes on", async () => {
  const oracle = oracleOf(node);
  const query = queryOf(node);
  const late = user++;
  const asked = await (await caller.sign({ body: { username: userName(late) } }))(node.url);
  const id = String(asked.body["id"]);
  expect(asked.status).toBe(202);
  const answer = async () => {
    const body = { username: userName(late), response: totp(late, currentStep()) };
    return await (
      await caller.sign({ path: `/api/v1/verifications/${id}/answers`, body })
    )(node.url);
  };
  let frozen = 0;
  let thawed = 0;
  let tookMs = 0;
  let whileSilent: RestAnswer | undefined;
  const seen = await underLoad(async (soFar) => {
    // its time is over when the database speaks again, but not yet when the answer is sent
    await query(`update challenge set expires_at = ${Date.now() + outageMs / 2} where id = '${id}'`);
    postgres.freeze();
    frozen = performance.now();
    await delay(outageMs / 5);
    const [reply] = await Promise.all([answer(), delay((outageMs * 4) / 5)]);
    whileSilent = reply;
    postgres.thaw();
    thawed = performance.now();
    tookMs = await backAgain(soFar);
  });
  const rest = sentBetween(seen.rest, frozen, thawed - deadlineMs);
  const radius = sentBetween(seen.radius, frozen, thawed - deadlineMs);
  const all = [...seen.rest, ...seen.radius.filter(({ verdict }) => verdict !== undefined)];
  console.log(JSON.stringify({ radius: radius.length, rest: rest.length, slowestMs: slowest(all), backMs: tookMs }));
  expect(rest.length).toBeGreaterThan(10);
  expect(verdictsOf([...radius])).toEqual(["silence"]);
  expect(verdictsOf([...rest])).toEqual(["unavailable"]);
  // nobody is answered late, neither while it is silent nor from a queue that has grown meanwhile
  expect(slowest(all)).toBeLessThan(deadlineMs);
  expect(tookMs).toBeLessThan(30_000);
  expect(whileSilent?.status).toBe(503);
  expect((await answer()).status).toBe(403);
  expect(await oracle.violations(witness)).toEqual([]);
});

test("a node that is stopped ends also while PostgreSQL is silent", async () => {
  postgres.freeze();
  const ended = await node.child().stop({ graceMs: 30_000 });
  postgres.thaw();
  expect(ended).toEqual({ code: 0, signal: null });
});
