// Several nodes on one PostgreSQL: whoever waits on one hears what happens on another, whatever becomes of connections.
import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { sql } from "kysely";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { answerByPhone, endByPhone } from "#actions/by-phone.ts";
import { collect } from "#actions/collect.ts";
import { watchDevice } from "#actions/device-stream.ts";
import type { Deps } from "#actions/deps.ts";
import { begin, respond } from "#actions/verify.ts";
import type { Application } from "#core/facts.ts";
import { findDevice } from "#store/devices.ts";
import { openPostgres } from "#store/postgres.ts";
import { addDevices } from "../support/device.ts";
import { runSql } from "../support/postgres.ts";
import { sharedPostgres } from "../support/shared-postgres.ts";
import { world, type World } from "../support/world.ts";

const application: Application = {
  id: "app_portal",
  name: "Portal",
  firstFactor: "none",
  canChallenge: true,
  allowWithoutMethodUntil: 0,
};
const source = { protocol: "web" } as const;

let w: World;
let other: Deps;
let name: string;
let url: string;
let nodes = 0;
beforeAll(async () => {
  w = await world({ kind: "postgres" });
  other = w.deps;
  const { rows } = await sql<{ name: string }>`select current_database() as name`.execute(w.deps.db.q);
  name = rows[0]!.name;
  url = new URL(`/${name}`, sharedPostgres()).href;
});
afterAll(() => w.close());

/** A node whose time stands still: it looks at nothing by itself. `looks`: how often it went to sleep until it would. */
async function stillNode() {
  const deps = await w.node(`node_${(nodes += 1)}`);
  let looks = 0;
  const after = () => () => undefined;
  const sleep: Deps["clock"]["sleep"] = async (ms, signal) => {
    if (ms <= 1000) looks += 1;
    const { promise, resolve } = Promise.withResolvers<void>();
    if (signal?.aborted) resolve();
    signal?.addEventListener("abort", () => resolve());
    await promise;
  };
  return {
    deps: { ...deps, clock: { now: w.clock.now, sleep, after } },
    /** The first look is before others are heard, the next when they are. */
    hears: async () => await expect.poll(() => looks).toBeGreaterThan(1),
  };
}

let people = 0;
/** Asks somebody by a call, on this node. */
async function call(deps: Deps) {
  const username = `person${(people += 1)}`;
  await w.person({ username, totp: false, voice: `+4670123${1000 + people}` });
  const asked = await begin(deps, { application, username, source });
  if (asked.kind !== "challenge") throw new Error(`no challenge but ${JSON.stringify(asked)}`);
  const challengeId = asked.id;
  const come = async (to: Deps) => await collect(to, { application, challengeId, source, waitMs: 60_000 });
  const answer = async (by: Deps, digits = asked.prompt.number!) =>
    await answerByPhone(by, { challengeId, answer: digits });
  return { challengeId, come, answer };
}

const listening = "datname = current_database() and query = 'listen countersign'";
const listeners = async () =>
  (await sql`select pid from pg_stat_activity where ${sql.raw(listening)}`.execute(w.deps.db.q)).rows.length;
const letIn = async (yes: boolean) =>
  await runSql(sharedPostgres(), `alter database ${name} with allow_connections ${String(yes)}`);

test("what is approved on one node lets in whoever waits on another, who looks at nothing meanwhile", async () => {
  const here = await stillNode();
  const { come, answer } = await call(here.deps);
  const waiting = come(here.deps);
  await here.hears();
  expect(await answer(other)).toEqual({ kind: "right" });
  expect(await waiting).toMatchObject({ kind: "allow" });
});

test("a device that is watching on one node is told what is asked, and ended, on another", async () => {
  const here = await stillNode();
  const person = await w.person({ username: "ada", totp: false });
  await addDevices(other, person.id);
  const { id } = await w.deps.db.q.selectFrom("device").select("id").executeTakeFirstOrThrow();
  const over = new AbortController();
  const stream = watchDevice(here.deps, (await findDevice(other.db, id))!, over.signal);
  const first = stream.next();
  await here.hears();
  const ask = async () => {
    const asked = await begin(other, { application, username: "ada", source });
    if (asked.kind !== "challenge") throw new Error(`no challenge but ${JSON.stringify(asked)}`);
    return asked.id;
  };
  const deny = async (by: Deps, challengeId: string) =>
    await endByPhone(by, { challengeId, result: "FAILED_PHONE_APP_DENIED" });
  const one = await ask();
  expect((await first).value).toEqual({ event: "request", id: one });
  const next = stream.next();
  await deny(other, one);
  expect((await next).value).toEqual({ event: "over", id: one, how: "denied" });
  const second = stream.next();
  const two = await ask();
  expect((await second).value).toEqual({ event: "request", id: two });
  // also what comes before its reader has asked for more
  await deny(here.deps, two);
  expect((await stream.next()).value).toEqual({ event: "over", id: two, how: "denied" });
  over.abort();
  await stream.return(undefined);
});

test("what happens while the connection is lost is found when it is there again", async () => {
  const here = await stillNode();
  const { come, answer } = await call(here.deps);
  const waiting = come(here.deps);
  await here.hears();
  // so that the other node has all the connections that an answer takes
  expect(await answer(other, "1")).toMatchObject({ kind: "wrong" });
  await letIn(false);
  try {
    await sql`select pg_terminate_backend(pid) from pg_stat_activity where ${sql.raw(listening)}`.execute(w.deps.db.q);
    await expect.poll(listeners).toBe(0);
    expect(await answer(other)).toEqual({ kind: "right" });
  } finally {
    await letIn(true);
  }
  expect(await waiting).toMatchObject({ kind: "allow" });
});

test("where others cannot be heard that is said once, and whoever waits looks every second", async () => {
  const here = await w.node(`node_${(nodes += 1)}`);
  const { come, answer } = await call(here);
  expect(await answer(here, "1")).toMatchObject({ kind: "wrong" });
  expect(await answer(other, "1")).toMatchObject({ kind: "wrong" });
  w.logged.length = 0;
  await letIn(false);
  try {
    const waiting = come(here);
    await expect.poll(() => w.logged.length).toBe(1);
    expect(await answer(other)).toEqual({ kind: "right" });
    expect(await waiting).toMatchObject({ kind: "allow" });
  } finally {
    await letIn(true);
  }
  expect(w.logged).toMatchObject([{ message: "others are not heard" }]);
});

test("whoever waits while the database is away goes on when it is back", async () => {
  const node = await w.node(`node_${(nodes += 1)}`);
  let failed = 0;
  const transaction: typeof node.db.transaction = async (...given) =>
    await node.db.transaction(...given).catch((error: unknown) => {
      failed += 1;
      throw error;
    });
  const here = { ...node, db: { ...node.db, transaction } };
  const { come, answer } = await call(here);
  const waiting = come(here);
  await expect.poll(listeners).toBeGreaterThan(0);
  await letIn(false);
  try {
    await runSql(sharedPostgres(), `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`);
    await expect.poll(() => failed).toBeGreaterThan(1);
  } finally {
    await letIn(true);
  }
  await expect.poll(async () => await listeners().catch(() => 0)).toBeGreaterThan(0);
  expect(await answer(other)).toEqual({ kind: "right" });
  expect(await waiting).toMatchObject({ kind: "allow" });
});

test("a sign-in with a code tells nobody; what is told is told at the commit or not at all", async () => {
  const heard: string[] = [];
  const client = new pg.Client({ connectionString: url });
  client.on("notification", ({ payload }) => heard.push(payload!));
  await client.connect();
  await client.query("listen countersign");
  const person = await w.person({ username: "bob" });
  expect(await begin(other, { application, username: "bob", code: w.code(person), source })).toMatchObject({
    kind: "allow",
  });
  w.clock.at += 60_000;
  const asked = await begin(other, { application, username: "bob", source });
  if (asked.kind !== "challenge") throw new Error(`no challenge but ${JSON.stringify(asked)}`);
  const { id: challengeId } = asked;
  const said = await respond(other, { application, challengeId, response: w.code(person), source });
  expect(said).toMatchObject({ kind: "allow" });
  const undone = other.db.transaction(async (run) => {
    run.tell(["undone"]);
    throw new Error("changed its mind");
  });
  await expect(undone).rejects.toThrow("changed its mind");
  const many = Array.from({ length: 1000 }, (_, index) => `chl_${String(index).padStart(22, "0")}`);
  await other.db.transaction(async (run) => run.tell([...many, ...many]));
  await other.db.transaction(async (run) => {
    run.tell(["the", "last"]);
    await run("select 1", [], "last");
  });
  await expect.poll(() => heard.at(-1)).toMatch(/ the last$/);
  const [from] = heard[0]!.split(" ");
  expect(heard.map((payload) => payload.slice(0, 37))).toEqual(heard.map(() => `${from} `));
  expect(heard.flatMap((payload) => payload.slice(37).split(" "))).toEqual([...many, "the", "last"]);
  for (const payload of heard) expect(payload.length).toBeLessThan(8000);
  await client.end();
});

test("its connection is closed with the database, also while it is tried again", async () => {
  const before = await listeners();
  const quiet = { onError: () => undefined, onDeaf: () => undefined };
  const db = await openPostgres(url, quiet);
  const hears = db.listen(() => undefined);
  await expect.poll(hears).toBe(true);
  expect(await listeners()).toBe(before + 1);
  await db.close();
  await expect.poll(listeners).toBe(before);
  const deaf = Promise.withResolvers<void>();
  const gone = await openPostgres(new URL("/not_there", url).href, { ...quiet, onDeaf: deaf.resolve });
  expect(gone.listen(() => undefined)()).toBe(false);
  await deaf.promise;
  await gone.close();
});

test("it is closed also while it is being connected", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const quiet = { onError: () => undefined, onDeaf: () => undefined };
  const db = await openPostgres(`postgres://somebody@127.0.0.1:${port}/there`, quiet);
  db.listen(() => undefined);
  const [connection] = (await once(server, "connection")) as [Socket];
  // it is asked for the connection, and has not said that it is one
  await once(connection, "data");
  const closed = db.close();
  connection.resume().on("error", () => undefined);
  connection.end();
  await expect(closed).resolves.toBeUndefined();
  server.close();
});
