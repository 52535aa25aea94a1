// F-48, F-50: a log that cannot be written, and sealed values that somebody has moved or changed in the database.
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { currentStep, totp, userName } from "../../bench/people.ts";
import pg from "pg";
import { type Postgres, startPostgres } from "../support/postgres.ts";
import { type Gateway, openGateway } from "./gateway.ts";
import { addVpn, importPeople, makeNode, type Node } from "./node.ts";
import { queryOf } from "./oracle.ts";
import { addApiKey, type Caller, makeCaller } from "./rest.ts";

const people = 20;
let postgres: Postgres;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());

const breakLog = {
  sqlite: "create trigger log_is_broken before insert on log begin select raise(abort, 'the disk is full'); end",
  postgres: `create function log_is_broken() returns trigger language plpgsql as $$ begin raise exception 'the disk is full'; end $$;
     create trigger log_is_broken before insert on log for each row execute function log_is_broken()`,
};
const mendLog = { sqlite: "drop trigger log_is_broken", postgres: "drop trigger log_is_broken on log" };

describe.each(["sqlite", "postgres"] as const)("on %s", (kind) => {
  let node: Node;
  let gateway: Gateway;
  let caller: Caller;
  let user = 0;

  /** As whoever owns the database. */
  async function alter(text: string): Promise<void> {
    if (kind === "sqlite") {
      const database = new DatabaseSync(join(node.data, "countersign.db"), { timeout: 5000 });
      database.exec(text);
      return database.close();
    }
    const client = new pg.Client({ connectionString: String(node.env["COUNTERSIGN_DATABASE_URL"]) });
    await client.connect();
    await client.query(text);
    await client.end();
  }
  const query = async (text: string) => await queryOf(node)(text);
  const signIn = async (who: number) => {
    const login = gateway.send(gateway.prepare({ user: who, step: currentStep() }));
    await login.done;
    return login.verdict;
  };
  const signInByRest = async (who: number) => await (await caller.signLogin(who, currentStep()))(node.url);
  /** Everything that a login or a change could have moved; attempts may be taken and not given back. */
  const state = async () =>
    await Promise.all([
      query("select id, counter, last_used_at from factor order by id"),
      query("select id, username, state from person order by id"),
      query("select name, value from setting order by name"),
      query("select id, name, revoked_at from api_key order by id"),
      query("select id, name from radius_client order by id"),
      query("select id, state from challenge order by id"),
      query("select id, committed_at from import order by id"),
      query("select id, seq from node order by id"),
      query("select count(*) as entries from log"),
      query("select count(*) as messages from outbox"),
    ]);

  beforeAll(async () => {
    node = await makeNode(kind === "sqlite" ? {} : { databaseUrl: await postgres.createDatabase("tampering") });
    await importPeople(node, people);
    await addVpn(node);
    caller = await makeCaller(await addApiKey(node));
    await node.start();
    gateway = await openGateway([node.radiusPort]);
  });
  beforeEach(() => {
    user += 5;
  });
  afterAll(async () => {
    gateway.close();
    await node.kill();
  });

  test("what cannot be recorded is not done", async () => {
    await alter(breakLog[kind]);
    const before = await state();
    expect(await signIn(user)).toBe(undefined);
    expect((await signInByRest(user + 1)).status).toBe(503);
    const begun = await (await caller.sign({ body: { username: userName(user + 2) } }))(node.url);
    expect(begun.status).toBe(503);
    const changes: [string, object, string?][] = [
      ["user add", { username: "newcomer" }],
      ["user import", {}, "username\nnewcomer\n"],
      ["user remove", { username: userName(user) }],
      ["user set-state", { username: userName(user), state: "disabled" }],
      ["user set-password", { username: userName(user), password: "long enough to be one" }],
      ["method add-app", { username: userName(user) }],
      ["method remove", { username: userName(user), method: "totp" }],
      ["method unlock", { username: userName(user) }],
      ["settings set", { name: "challenge.tries", text: "5" }],
      ["radius-client add", { name: "other", addresses: ["127.0.0.2"], options: {} }],
      ["radius-client remove", { name: "vpn" }],
      ["api-key add", { name: "other", scopes: ["verify"] }],
      ["api-key revoke", { name: "shop" }],
    ];
    const done = changes.map(async ([command, input, file]) => await node.tell(command, input, file));
    expect((await Promise.allSettled(done)).map(({ status }) => status)).toEqual(changes.map(() => "rejected"));
    expect(await state()).toEqual(before);

    await alter(mendLog[kind]);
    expect(await signIn(user)).toBe("accept");
    expect((await signInByRest(user + 1)).status).toBe(200);
    expect(await node.tell("log verify")).toMatchObject({ ok: true });
  });

  test("a seed put into another person's row opens nothing, and everybody else goes on", async () => {
    const sealedOf = `(select sealed_secret from factor f join person p on p.id = f.user_id where p.username =`;
    const set = (who: number, text: string) =>
      `update factor set sealed_secret = ${text} where user_id = (select id from person where username = '${userName(who)}')`;
    await alter("create table kept as select user_id, sealed_secret from factor");
    const kept = (who: number) =>
      `(select k.sealed_secret from kept k join person p on p.id = k.user_id where p.username = '${userName(who)}')`;
    await alter(set(user, `${sealedOf} '${userName(user + 1)}')`));
    await alter(set(user + 1, kept(user)));
    // neither with their own code nor with the one that now lies in their row
    const pairs = [
      [user, user],
      [user, user + 1],
      [user + 1, user + 1],
      [user + 1, user],
    ] as const;
    const step = currentStep();
    const logins = pairs.map(([who, whose]) =>
      gateway.send(gateway.prepare({ user: who, step, password: totp(whose, step) }), { waitMs: 2500 }),
    );
    await Promise.all(logins.map(({ done }) => done));
    for (const { verdict } of logins) expect(verdict).toBe("reject");
    expect((await signInByRest(user)).verdict).not.toBe("accept");
    expect(await signIn(user + 2)).toBe("accept");
    const [granted] = await query(
      `select count(*) as n from log where authenticated = 1 and user_id in
         (select id from person where username in ('${userName(user)}', '${userName(user + 1)}'))`,
    );
    expect(Number(granted!["n"])).toBe(0);
  });
});
