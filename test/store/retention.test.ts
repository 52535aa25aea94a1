/** What goes with time, or because its person asked, and the log that stays whole without it. */

import { readFileSync } from "node:fs";
import { sql } from "kysely";
import { afterEach, describe, expect, test } from "vitest";
import { inviteByName } from "#actions/activations.ts";
import { erasePerson, exportPerson } from "#actions/erase.ts";
import { verifyLog } from "#actions/log-verify.ts";
import { addPerson } from "#actions/people.ts";
import { retain } from "#actions/retention.ts";
import { openSession, rememberDevice } from "#actions/sessions.ts";
import { begin } from "#actions/verify.ts";
import type { Application } from "#core/facts.ts";
import { addDevices } from "../support/device.ts";
import { boxOf } from "../support/tokens.ts";
import { anchorsOf, attacker, day, kindsOf, write } from "../support/log.ts";
import { kinds, world, type World } from "../support/world.ts";

const application: Application = {
  id: "app_vpn",
  name: "VPN",
  firstFactor: "none",
  canChallenge: true,
  allowWithoutMethodUntil: 0,
};

describe.each(kinds)("on %s", (kind) => {
  let w: World;
  afterEach(async () => await w.close());

  const verified = async (anchors?: string) => await verifyLog(w.deps, { anchors });

  test("retention trims a chain again and again and leaves it whole", async () => {
    w = await world({ kind });
    const anchors: string[] = [];
    for (let year = 0; year < 4; year += 1) {
      await write(w.deps, 520);
      anchors.push(await anchorsOf(w.deps));
      w.clock.at += 365 * day;
      await retain(w.deps);
      const verdict = await verified(anchors.join(""));
      expect(kindsOf(verdict)).toEqual([]);
      expect(verdict.ok).toBe(true);
    }
    const [chain] = (await verified()).chains;
    // two years of entries and the checkpoints of two trimmings a year
    expect(chain?.from?.seq).toBeGreaterThan(2 * 520);
    expect(chain?.rows).toBeLessThan(2 * 520 + 10);
    expect((await verified()).sentence).toContain("were removed by retention");
    const evil = await attacker(w.deps);
    await evil.run("delete from log where kind = 'checkpoint'");
    expect((await verified()).ok).toBe(false);
    await evil.restore();
    await evil.run(`delete from log where seq = ${chain!.from!.seq}`);
    expect(kindsOf(await verified())).toContain(`${chain!.from!.seq + 1} no_checkpoint`);
  });

  test("retention signs away nothing that was altered", async () => {
    w = await world({ kind });
    await write(w.deps, 8);
    const evil = await attacker(w.deps);
    await evil.run("delete from personal where seq < 5");
    await evil.run("delete from log where seq < 5");
    await evil.run(`update log set at = 0 where seq in (5, 6)`);
    await retain(w.deps);
    expect(w.logged.map(({ message }) => message)).toContain("the log does not verify; its oldest entries are kept");
    expect(kindsOf(await verified())).toContain("5 no_checkpoint");
  });

  test("the personal part of old authentications goes, that of changes stays, and the chain is whole", async () => {
    w = await world({ kind });
    await write(w.deps, 700);
    w.clock.at += 100 * day;
    await write(w.deps, 20);
    w.clock.at += 100 * day;
    await retain(w.deps);
    const left = await sql<{ seq: number; kind: string }>`select p.seq, l.kind from personal p
      join log l on l.node_id = p.node_id and l.seq = p.seq`.execute(w.deps.db.q);
    expect(left.rows.filter((row) => row.seq <= 700).every((row) => row.kind === "change")).toBe(true);
    expect(left.rows.filter((row) => row.seq <= 700).length).toBe(140);
    expect(left.rows.filter((row) => row.seq > 700).length).toBe(16);
    const verdict = await verified();
    expect(verdict).toMatchObject({ ok: true, chains: [{ rows: 720, erased: 420 }] });
    expect(verdict.sentence).toContain("The personal part of 420 entries is gone");
  });

  test("what was written while the clock stood ahead keeps nothing else", async () => {
    w = await world({ kind });
    w.clock.at += 900 * day;
    await write(w.deps, 1000);
    w.clock.at -= 900 * day;
    await write(w.deps, 700);
    w.clock.at += 200 * day;
    await retain(w.deps);
    const left = await sql<{ ahead: number; kind: string }>`select case when p.seq <= 1000 then 1 else 0 end as ahead,
      l.kind from personal p join log l on l.node_id = p.node_id and l.seq = p.seq`.execute(w.deps.db.q);
    const kept = Map.groupBy(left.rows, ({ ahead }) => ahead);
    expect(kept.get(1)).toHaveLength(800);
    expect(new Set(kept.get(0)!.map((row) => row.kind))).toEqual(new Set(["change"]));
  });

  test("what ends by itself is removed once it has ended, and not before", async () => {
    w = await world({ kind });
    const { q } = w.deps.db;
    const person = await w.person({ username: "ada" });
    const now = w.clock.at;
    const sealed = Buffer.from("x");
    const rows = { old: now - 1, new: now + 1 };
    const challenge = {
      user_id: person.id,
      factor_id: "f",
      method: "totp",
      application_id: "a",
      round: 0,
      tries: 0,
      offered: "[]",
      correlation_id: "c",
      created_at: 0,
    };
    const message = { channel: "sms", sealed_payload: sealed, created_at: 0 };
    for (const [id, at] of Object.entries(rows)) {
      await q
        .insertInto("radius_request")
        .values({ peer: id, authenticator: "a", claimed_until: 0, expires_at: at })
        .execute();
      await q.insertInto("api_request").values({ id, expires_at: at }).execute();
      await q.insertInto("throttle").values({ id, count: 1, start: 0, expires_at: at }).execute();
      await q
        .insertInto("challenge")
        .values({ ...challenge, id, state: "denied", expires_at: at - day } as never)
        .execute();
      await q
        .insertInto("outbox")
        .values({ ...message, id, state: "waiting", attempts: 0, next_at: at - day })
        .execute();
      await q
        .insertInto("outbox")
        .values({ ...message, id: `${id} sent`, state: "sent", attempts: 1, next_at: at - 30 * day })
        .execute();
      await q
        .insertInto("phone_message")
        .values({ id, sealed_payload: sealed, at: at - day })
        .execute();
      await q
        .insertInto("mail_message")
        .values({ id, sealed_payload: sealed, at: at - day })
        .execute();
    }
    const many = Array.from({ length: 1200 }, (_, index) => ({
      id: `many ${index}`,
      count: 1,
      start: 0,
      expires_at: 5,
    }));
    for (let from = 0; from < many.length; from += 400)
      await q
        .insertInto("throttle")
        .values(many.slice(from, from + 400))
        .execute();
    await retain(w.deps);
    const left = await Promise.all(
      (["api_request", "throttle", "challenge", "outbox", "phone_message", "mail_message"] as const).map(
        async (table) => (await q.selectFrom(table).select("id").orderBy("id").execute()).map((row) => row.id),
      ),
    );
    expect(left).toEqual([["new"], ["new"], ["new"], ["new", "new sent"], ["new"], ["new"]]);
    expect(await q.selectFrom("radius_request").select("peer").execute()).toEqual([{ peer: "new" }]);
  });

  test("an erased person is nowhere to be found, and the chain is whole", async () => {
    w = await world({ kind });
    const ada = await w.person({ username: "Ada-Lovelace", phone: "+46701234567" });
    const bob = await w.person({ username: "Bob-Kept" });
    for (const one of [ada, bob])
      await begin(w.deps, {
        application,
        username: one.username,
        code: w.code(one),
        source: { protocol: "rest", clientIp: "198.51.100.7" },
      });
    await begin(w.deps, { application, username: ada.username, method: "sms", source: { protocol: "rest" } });
    w.clock.at += 1;
    await addDevices(w.deps, ada.id);
    await inviteByName(w.deps, "cli", { username: ada.username });
    const source = { protocol: "rest", clientIp: "198.51.100.9", station: "laptop of Lovelace" } as const;
    await begin(w.deps, { application, username: ada.username, method: "push", source });
    await write(w.deps, 1100, { userId: ada.id, personal: { username: "Ada-Lovelace" } });

    const held = await exportPerson(w.deps, "cli", ada.id);
    expect(held).toMatchObject({
      person: { username: "Ada-Lovelace", has_password: false },
      entries: { length: 1104 },
      authenticators: { length: 1 },
      challenges: [{ method: "sms" }, { method: "push", client_ip: "198.51.100.9", station: "laptop of Lovelace" }],
    });
    expect(held.factors.flatMap(({ address }) => address ?? [])).toEqual(["+46701234567"]);
    expect(held.entries[0]).toMatchObject({
      result: "SUCCESS_OATH_CODE_VERIFIED",
      personal: { clientIp: "198.51.100.7" },
    });
    expect(JSON.stringify(held)).not.toMatch(/secret|expected|hash/);

    await erasePerson(w.deps, "cli", { userId: ada.id, reason: "asked for it" });
    const stored = await Promise.all(
      [
        "person",
        "factor",
        "challenge",
        "outbox",
        "personal",
        "log",
        "device",
        "activation",
        "request_device",
        "stray_device",
      ].map(async (table) => (await sql`select * from ${sql.table(table)}`.execute(w.deps.db.q)).rows),
    );
    expect(JSON.stringify(stored)).not.toMatch(/Lovelace|6701234567/);
    expect(JSON.stringify(stored)).toContain("Bob-Kept");
    for (const table of [3, 6, 7, 8, 9]) expect(stored[table]).toEqual([]);
    const verdict = await verified();
    expect(verdict).toMatchObject({ ok: true, chains: [{ rows: 1107, erased: 1104 }] });
    expect((await exportPerson(w.deps, "cli", ada.id)).person).toBeUndefined();
    // a sign-in that was under way has written its own part since
    await write(w.deps, 1, { userId: ada.id, personal: { username: "Ada-Lovelace" } });
    await retain(w.deps);
    const beside = JSON.stringify(await w.deps.db.q.selectFrom("personal").select("fields").execute());
    expect(beside).not.toContain("Lovelace");
    expect(beside).toContain("asked for it");
    expect((await verified()).ok).toBe(true);
    // who was removed before can be erased too, and an erasure that was cut short be finished
    await erasePerson(w.deps, "cli", { userId: ada.id, reason: "to be sure" });
    await expect(erasePerson(w.deps, "cli", { userId: "usr_none", reason: "?" })).rejects.toMatchObject({
      code: "not_found",
    });
    await expect(exportPerson(w.deps, "cli", "usr_none")).rejects.toMatchObject({ code: "not_found" });
  });

  test("a person is told of their browsers and tokens too", async () => {
    w = await world({ kind });
    const { id: userId, username } = await w.person({ username: "ada" });
    const box = boxOf(w);
    await box.takeIn();
    await box.give("T-2", username);
    const browser = { clientIp: "198.51.100.11", userAgent: "a browser" };
    const proven = { passwordAt: w.clock.at, proofs: [], rememberedAt: null };
    await w.deps.db.transaction(async (run) => {
      await openSession(w.deps, run, { userId, proven, browser });
      await rememberDevice(w.deps, run, { userId, browser, days: 7 });
    });
    const held = await exportPerson(w.deps, "cli", userId);
    expect(held).toMatchObject({
      sessions: [{ client_ip: "198.51.100.11", user_agent: "a browser" }],
      remembered_browsers: [{ user_agent: "a browser" }],
      tokens: [{ serial: "T-2", manufacturer: "Acme", state: "activated" }],
    });
    expect(JSON.stringify(held)).not.toMatch(/secret|hash/);
  });

  test("an entry that cannot be written undoes the change it tells of", async () => {
    w = await world({ kind });
    const ada = await w.person({ username: "ada" });
    await write(w.deps, 1);
    const refuse =
      kind === "sqlite"
        ? "create trigger refused before insert on log begin select raise(abort, 'full'); end"
        : "alter table log add constraint refused check (seq < 2)";
    await sql.raw(refuse).execute(w.deps.db.q);
    await expect(erasePerson(w.deps, "cli", { userId: ada.id, reason: "asked" })).rejects.toThrow(/full|refused/);
    expect(await w.deps.db.q.selectFrom("factor").select("id").where("user_id", "=", ada.id).execute()).toHaveLength(1);
    expect((await verified()).ok).toBe(true);
  });
});

test("of an erased person nothing is left in the file of SQLite", async () => {
  const w = await world();
  const told = { username: "Ada-Lovelace", email: "ada.lovelace@example.org", mobile_phone: "+46701234567" };
  const { id: userId } = await addPerson(w.deps, "cli", told);
  await write(w.deps, 40, { userId, personal: { username: told.username } });
  const inFile = async () => {
    await sql`pragma wal_checkpoint(truncate)`.execute(w.deps.db.q);
    const { rows } = await sql<{ file: string }>`select file from pragma_database_list`.execute(w.deps.db.q);
    const file = readFileSync(rows[0]!.file);
    return Object.values(told).filter((one) => file.includes(one));
  };
  expect(await inFile()).toEqual(Object.values(told));
  await erasePerson(w.deps, "cli", { userId, reason: "asked" });
  expect(await inFile()).toEqual([]);
  await w.close();
});

describe("on several nodes of one PostgreSQL", () => {
  const kind = "postgres";
  let w: World;
  afterEach(async () => await w.close());

  const verified = async (anchors?: string) => await verifyLog(w.deps, { anchors });

  test("a node that is gone has its chain trimmed by another, to its end", async () => {
    w = await world({ kind, settings: { "retention.audit-days": 30, "retention.authentication-days": 30 } });
    const gone = await w.node("node_b");
    await write(gone, 600);
    w.clock.at += 10 * day;
    await write(gone, 10);
    await write(w.deps, 10);
    const anchors = await anchorsOf(w.deps);
    w.clock.at += 25 * day;
    await retain(w.deps);
    expect((await verified(anchors)).chains).toMatchObject([
      { node: "node_a", found: 0 },
      { node: "node_b", from: { seq: 601 }, rows: 10, anchored: { seq: 610 }, found: 0 },
    ]);
    w.clock.at += 25 * day;
    await retain(w.deps);
    const verdict = await verified(anchors + (await anchorsOf(w.deps)));
    expect(kindsOf(verdict)).toEqual([]);
    expect(verdict.chains.find((chain) => chain.node === "node_b")?.rows).toBe(0);
    w.clock.at += 60 * day;
    await write(w.deps, 1);
    await retain(w.deps);
    expect(kindsOf(await verified(anchors))).toEqual([]);
  });

  test("a node whose own clock is years ahead removes nothing before the database says that its time has come", async () => {
    w = await world({ kind });
    const wrong = await w.node("node_b");
    wrong.clock = { ...wrong.clock, now: () => w.clock.at + 3 * 365 * day };
    await write(w.deps, 10);
    await w.deps.db.q
      .insertInto("throttle")
      .values({ id: "t", count: 1, start: 0, expires_at: w.clock.at + day })
      .execute();
    await retain(wrong);
    const verdict = await verified();
    expect(verdict).toMatchObject({
      ok: true,
      chains: [
        { node: "node_a", rows: 10, erased: 0 },
        { node: "node_b", rows: 0 },
      ],
    });
    expect(await w.deps.db.q.selectFrom("throttle").select("id").execute()).toHaveLength(1);
  });

  test("a node that waits for longer than the log is kept stays in the group, and starts again", async () => {
    w = await world({ kind, settings: { "retention.audit-days": 30, "retention.authentication-days": 30 } });
    const standby = await w.node("node_b");
    await write(standby, 3);
    for (let half = 0; half < 2 * 40; half += 1) {
      w.clock.at += day / 2;
      for (const deps of [w.deps, standby]) await deps.db.present();
      await write(w.deps, 1);
      for (const deps of [w.deps, standby]) await retain(deps);
    }
    const anchors = await anchorsOf(w.deps);
    await write(standby, 2);
    await write(await w.node("node_b"), 2);
    const verdict = await verified(anchors);
    expect(kindsOf(verdict)).toEqual([]);
    // the first three, the two that tell of their removal, and these
    expect(verdict.chains.find((chain) => chain.node === "node_b")?.to).toMatchObject({ seq: 8 });
  });

  test("a node that comes back while another is about to end its chain keeps it", async () => {
    w = await world({ kind });
    const late = await w.node("node_b");
    await write(late, 10);
    w.clock.at += 800 * day;
    const { audit } = w.deps.db;
    const watched: typeof audit.write = async (work) => {
      await late.db.present();
      return await audit.write(work);
    };
    await retain({ ...w.deps, db: { ...w.deps.db, audit: { ...audit, write: watched } } });
    expect((await verified()).chains.find((chain) => chain.node === "node_b")?.rows).toBe(10);
    await write(late, 1);
    expect(kindsOf(await verified())).toEqual([]);
  });

  test("a node that was taken for gone refuses once, and then begins its chain anew", async () => {
    w = await world({ kind });
    const asleep = await w.node("node_b");
    await write(asleep, 10);
    w.clock.at += 800 * day;
    await retain(w.deps);
    expect(await w.deps.db.q.selectFrom("node").select("id").execute()).toEqual([{ id: "node_a" }]);
    await expect(write(asleep, 1)).rejects.toThrow("the row of this node is gone");
    await write(asleep, 2);
    await write(await w.node("node_b"), 2);
    const verdict = await verified();
    expect(kindsOf(verdict)).toEqual([]);
    expect(verdict.chains.find((chain) => chain.node === "node_b")).toMatchObject({ from: { seq: 1 }, rows: 4 });
  });

  test("two nodes trim at once and agree", async () => {
    w = await world({ kind });
    const [second, gone] = [await w.node("node_b"), await w.node("node_c")];
    for (const deps of [w.deps, second, gone]) await write(deps, 1200);
    w.clock.at += 800 * day;
    await Promise.all([w.deps.db.present(), second.db.present()]);
    await Promise.all([retain(w.deps), retain(second)]);
    const verdict = await verified();
    expect(kindsOf(verdict)).toEqual([]);
    expect(verdict.chains.map((chain) => chain.node).toSorted()).toEqual(["node_a", "node_b"]);
  });
});
