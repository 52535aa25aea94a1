/** The log against an attacker who has the whole database but not the key. */

import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { verifyLog } from "#actions/log-verify.ts";
import { retain } from "#actions/retention.ts";
import { chained } from "#store/log.ts";
import { anchorsOf, attacker, day, kindsOf, write } from "../support/log.ts";
import { kinds, world, type World } from "../support/world.ts";

/** Another value than the one that stands there, of a kind that the column takes. */
function otherThan(value: unknown, chance: number): unknown {
  if (value instanceof Uint8Array) {
    const bytes = Buffer.from(value);
    if (chance % 4 === 0) return bytes.subarray(0, -1);
    if (chance % 4 === 1) return Buffer.concat([bytes, Buffer.alloc(1)]);
    bytes[chance % bytes.length]! ^= 1 << (chance % 8);
    return bytes;
  }
  if (typeof value === "number") return [value + 1, value + 1000 + chance, -1 - chance, 0][chance % 4]! || value + 1000;
  if (typeof value === "string") {
    const cut = chance % value.length;
    return [`${value} `, value.slice(0, -1), `${value.slice(0, cut)}~${value.slice(cut + 1)}`, ""][chance % 4]!;
  }
  return undefined;
}

describe.each(kinds)("on %s", (kind) => {
  let w: World;
  afterEach(async () => await w.close());

  const verified = async (anchors?: string) => await verifyLog(w.deps, { anchors });

  test("a log that nobody touched is vouched for, from its first entry to its last", async () => {
    w = await world({ kind });
    expect((await verified()).ok).toBe(true);
    await write(w.deps, 12);
    const anchors = await anchorsOf(w.deps);
    await write(w.deps, 3);
    const verdict = await verified(anchors);
    expect(verdict).toMatchObject({ ok: true, anchors: { read: 1, refused: [], newestAt: w.clock.at } });
    expect(verdict.chains).toMatchObject([
      {
        node: "node_a",
        from: { seq: 1 },
        to: { seq: 15 },
        rows: 15,
        anchored: { seq: 12 },
        found: 0,
        erased: 0,
      },
    ]);
    expect(verdict.sentence).toContain("every entry from 1 (2027-01-15T08:00:00.000Z) to 15");
    expect(verdict.sentence).toContain("Nothing was removed before the anchor of 2027-01-15T08:00:00.000Z at entry 12");
  });

  test("any one value that is changed is found", async () => {
    w = await world({ kind });
    await write(w.deps, 12);
    const evil = await attacker(w.deps);
    const columns = [
      ...Object.keys({ ...chained, mac: "" }).map((column) => ["log", column] as const),
      ...["node_id", "seq", "salt", "fields"].map((column) => ["personal", column] as const),
      ...["id", "seq", "mac"].map((column) => ["node", column] as const),
    ];
    const change = fc.record({
      at: fc.constantFrom(...columns),
      seq: fc.integer({ min: 1, max: 12 }),
      chance: fc.nat(999),
    });
    const examples = columns.flatMap((at) => [0, 1, 2, 3].map((chance) => ({ at, seq: 4, chance })));
    const numRuns = examples.length + 40;
    let changed = 0;
    await fc.assert(
      fc.asyncProperty(change, async ({ at: [table, column], seq, chance }) => {
        const value = otherThan(evil.get(table, column, seq), chance);
        fc.pre(value !== undefined && !(column === "seq" && evil.get(table, "seq", value as number) !== undefined));
        await evil.set({ table, column, seq, value });
        const { ok } = await verified();
        await evil.restore();
        changed += 1;
        return !ok;
      }),
      { numRuns, examples: examples.map((one) => [one]) },
    );
    expect(changed).toBe(numRuns);
    expect((await verified()).ok).toBe(true);
  });

  test("a value that is taken away, and one that no number can hold, are found", async () => {
    w = await world({ kind });
    await write(w.deps, 6);
    const evil = await attacker(w.deps);
    const columns = Object.keys(chained).filter((name) => evil.get("log", name, 3) !== null);
    const unseen: string[] = [];
    for (const column of columns) {
      const refused = await evil.set({ table: "log", column, seq: 3, value: null }).then(
        () => false,
        () => true,
      );
      if (!refused && !kindsOf(await verified()).includes("3 altered")) unseen.push(column);
      await evil.restore();
    }
    expect(unseen).toEqual([]);
    await evil.run("update log set policy_version = 9223372036854775807 where seq = 3");
    expect(kindsOf(await verified())).toEqual(["3 altered"]);
    await evil.restore();
    await evil.run("update log set seq = 9223372036854775807 where seq = 6");
    expect(kindsOf(await verified())).toContain("6 unreadable");
  });

  test("an entry that is removed, moved, added or exchanged is found", async () => {
    w = await world({ kind });
    await write(w.deps, 9);
    const evil = await attacker(w.deps);
    const unseen: string[] = [];
    const attacks: [string, string[], string][] = [
      ["the first", ["delete from log where seq = 1"], "2 no_checkpoint"],
      ["one in the middle", ["delete from log where seq = 5"], "6 gap"],
      ["the last", ["delete from log where seq = 9"], "8 head_differs"],
      ["all", ["delete from log"], "0 head_differs"],
      ["the node's row", ["delete from node"], "9 no_head"],
      [
        "two exchanged",
        [
          "update log set seq = -1 where seq = 4",
          "update log set seq = 4 where seq = 7",
          "update log set seq = 7 where seq = -1",
        ],
        "4 altered",
      ],
      [
        "a copy at the end",
        [
          "create table copied as select * from log where seq = 2",
          "update copied set seq = 10",
          "insert into log select * from copied",
          "drop table copied",
        ],
        "10 altered",
      ],
      [
        "a copy under another node's name",
        [
          "create table copied as select * from log",
          "update copied set node_id = 'node_b'",
          "insert into log select * from copied",
          "drop table copied",
        ],
        "1 altered",
      ],
      ["a personal part for an entry without one", ["update personal set seq = 5 where seq = 6"], "5 personal_foreign"],
      ["a personal part for no entry", ["update personal set seq = 77 where seq = 6"], "9 personal_foreign"],
    ];
    for (const [what, statements, problem] of attacks) {
      for (const statement of statements) await evil.run(statement);
      const found = kindsOf(await verified());
      if (!found.includes(problem)) unseen.push(`${what}: ${found.join(", ")}`);
      await evil.restore();
    }
    expect(unseen).toEqual([]);
    expect((await verified()).ok).toBe(true);
    // the same octets, cut elsewhere
    const [salt, fields] = [evil.get("personal", "salt", 3) as Uint8Array, evil.get("personal", "fields", 3) as string];
    const longer = Buffer.concat([salt, Buffer.from(fields.slice(0, 1))]);
    await evil.set({ table: "personal", column: "salt", seq: 3, value: longer });
    await evil.set({ table: "personal", column: "fields", seq: 3, value: fields.slice(1) });
    expect(kindsOf(await verified())).toEqual(["3 personal_altered"]);
  });

  test("a tail that is cut off is found, and with the head set back by the anchors", async () => {
    w = await world({ kind });
    await write(w.deps, 9);
    const anchors = await anchorsOf(w.deps);
    const evil = await attacker(w.deps);
    await evil.run("delete from personal where seq > 6");
    await evil.run("delete from log where seq > 6");
    expect(kindsOf(await verified())).toEqual(["6 head_differs"]);
    await evil.run("update node set seq = 6, mac = (select mac from log where seq = 6)");
    const blind = await verified();
    expect(blind.ok).toBe(true);
    expect(blind.sentence).toContain("entries could be missing at its end");
    expect(kindsOf(await verified(anchors))).toEqual(["9 cut_off"]);
    // the server starts anew, sees the old head and writes on
    await write(await w.node("node_a"), 5);
    expect((await verified()).ok).toBe(true);
    expect(kindsOf(await verified(anchors))).toEqual(["9 anchor_differs"]);
    await evil.run("delete from personal");
    await evil.run("delete from log");
    await evil.run("delete from node");
    expect(kindsOf(await verified(anchors))).toEqual(["9 cut_off"]);
  });

  test("a node whose row was taken away writes nothing without it, and goes on where its entries end", async () => {
    w = await world({ kind });
    const { q } = w.deps.db;
    const ada = await w.person({ username: "ada" });
    await write(w.deps, 3);
    await q.deleteFrom("node").execute();
    const locking = w.deps.db.audit.write(async (run) => {
      await run("update person set state = 'disabled' where id = ?", [ada.id]);
      const entry = {
        id: "rec_1",
        at: w.clock.at,
        kind: "change",
        result: "USER_DISABLED",
        authenticated: false,
      } as const;
      return { value: undefined, entries: [entry] };
    });
    await expect(locking).rejects.toThrow("the row of this node is gone");
    expect(await q.selectFrom("person").select("state").execute()).toEqual([{ state: "enabled" }]);
    expect(kindsOf(await verified())).toEqual(["3 no_head"]);
    await write(w.deps, 2);
    // what an earlier version has left: entries without a row
    await q.deleteFrom("node").execute();
    await write(await w.node("node_a"), 2);
    expect(await verified()).toMatchObject({ ok: true, chains: [{ from: { seq: 1 }, to: { seq: 7 } }] });
  });

  test("an anchor line counts only as it was written, and is no checkpoint", async () => {
    w = await world({ kind });
    await write(w.deps, 9);
    const line = (await anchorsOf(w.deps)).trimEnd();
    expect((await verified(line)).chains[0]?.anchored).toMatchObject({ seq: 9 });
    expect((await verified(`${line}\n${line.slice(0, 40)}`)).ok).toBe(true);
    const forged = line.replace('"seq":9', '"seq":8');
    expect(await verified(`${line}\n${forged}\n`)).toMatchObject({
      ok: false,
      anchors: { read: 1, refused: [2] },
    });
    const evil = await attacker(w.deps);
    await write(w.deps, 1, { kind: "checkpoint", correlationId: "checkpoint node_a 9", detail: line });
    await evil.run("delete from personal where seq < 10");
    await evil.run("delete from log where seq < 10");
    expect(kindsOf(await verified())).toEqual(["10 no_checkpoint"]);
  });

  test("the log is checked while it is written and trimmed", async () => {
    w = await world({ kind });
    await write(w.deps, 1600);
    w.clock.at += 800 * day;
    let verdicts = 0;
    const found: string[] = [];
    const checking = (async () => {
      for (; verdicts < 4; verdicts += 1) found.push(...kindsOf(await verified()));
    })();
    const writing = (async () => {
      // on SQLite a write is done before anyone else has a turn
      for (; verdicts < 4; await setImmediate()) await write(w.deps, 2);
    })();
    await Promise.all([checking, writing, retain(w.deps)]);
    expect(found).toEqual([]);
    const verdict = await verified();
    expect(verdict).toMatchObject({ ok: true, chains: [{ from: { seq: 1601 } }] });
  });
});

test("SQLite keeps what it is given, whatever its column says; the log does not take it", async () => {
  const w = await world({ kind: "sqlite" });
  await write(w.deps, 6);
  const evil = await attacker(w.deps);
  const unseen: string[] = [];
  for (const change of [
    "at = 5.5",
    "at = 'soon'",
    "at = cast(at as blob)",
    "result = x'41'",
    "mac = 'x'",
    "seq = 2.5",
  ]) {
    await evil.run(`update log set ${change} where seq = 3`);
    const found = kindsOf(await verifyLog(w.deps, {}));
    if (!/^3 (altered|unreadable)$/.test(found[0] ?? "")) unseen.push(`${change}: ${found.join(", ")}`);
    await evil.restore();
  }
  expect(unseen).toEqual([]);
  await w.close();
});
