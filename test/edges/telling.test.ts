// Whom a verification is told to besides whoever asked for it: the person, and administrators.
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { deliverDue } from "#actions/deliver.ts";
import type { Mail } from "#actions/deps.ts";
import { addApp } from "#actions/factors.ts";
import { addPerson } from "#actions/people.ts";
import { newSheet, saveSheet } from "#actions/recovery-sheet.ts";
import { begin, respond } from "#actions/verify.ts";
import type { Application } from "#core/facts.ts";
import { kinds, world, type World } from "../support/world.ts";

const application: Application = {
  id: "app_shop",
  name: "shop",
  firstFactor: "none",
  canChallenge: true,
  pages: true,
  allowWithoutMethodUntil: 0,
};
const source = { protocol: "web", clientIp: "203.0.113.9" } as const;
const minute = 60_000;

describe.each(kinds)("on %s,", (kind) => {
  let w: World;
  let userId: string;
  beforeEach(async () => {
    w = await world({ kind, settings: { "lockout.after": 4, "notify.lockout": ["it@example.org"] } });
    userId = (await addPerson(w.deps, "cli", { username: "ada", email: "ada@example.org" })).id;
  });
  afterEach(async () => await w.close());

  const mails = async () => {
    w.sent.length = 0;
    await deliverDue(w.deps);
    return w.sent as Mail[];
  };

  test("the person hears that a recovery code was used, and of a wrong one nothing", async () => {
    const { codes, row } = newSheet(w.deps, userId);
    await w.deps.db.transaction((run) => saveSheet(run, row));
    const answer = async (response: string) => {
      const asked = await begin(w.deps, { application, username: "ada", method: "recovery", source });
      if (asked.kind !== "challenge") throw new Error(asked.kind);
      w.clock.at += minute;
      return await respond(w.deps, { application, username: "ada", challengeId: asked.id, response, source });
    };
    expect((await answer("AAAAA-AAAAA-AAA")).kind).toBe("deny");
    expect(await mails()).toEqual([]);
    expect((await answer(codes[0]!)).kind).toBe("allow");
    const [mail, ...more] = await mails();
    expect(more).toEqual([]);
    expect(mail).toMatchObject({ to: "ada@example.org" });
    expect(mail!.text).toMatch(/^One of your recovery codes was used/);
    expect(mail!.text).toContain("203.0.113.9");
    // the same code once more is no use of it
    expect((await answer(codes[0]!)).kind).toBe("deny");
    expect(await mails()).toEqual([]);
  });

  test("the person and the administrators hear of a lock once, when it begins", async () => {
    await addApp(w.deps, "cli", { username: "ada" });
    await mails();
    const ids: string[] = [];
    const wrong = async () => {
      w.clock.at += minute;
      const outcome = await begin(w.deps, { application, username: "ada", code: "000000", source });
      if (outcome.kind === "deny") ids.push(outcome.correlationId);
      return outcome;
    };
    for (let count = 0; count < 3; count += 1) expect(await wrong()).toMatchObject({ code: "wrong_code" });
    expect(await mails()).toEqual([]);
    await wrong();
    const sent = (await mails()).toSorted((a, b) => (a.to < b.to ? -1 : 1));
    expect(sent.map(({ to }) => to)).toEqual(["ada@example.org", "it@example.org"]);
    expect(sent[0]!.text).toMatch(/^After too many wrong codes one of your ways to verify is locked/);
    expect(sent[1]!.subject).toBe("Method locked: ada");
    expect(sent[1]!.text).toContain(`countersign log show ${ids.at(-1)!}`);
    expect(await wrong()).toMatchObject({ code: "locked_out" });
    expect(await mails()).toEqual([]);
  });
});
