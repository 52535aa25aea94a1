// "This wasn't me", from the device to whoever is told: in time and late.
import { describe, expect, test } from "vitest";
import type { DeviceRequest } from "#wire/device/messages.ts";
import { decide, look, type Kept } from "../../examples/device/device.ts";
import { kinds } from "../support/world.ts";
import { asker } from "./asked-in-app.ts";
import { httpWorld } from "./http-caller.ts";

const minute = 60_000;

describe.each(kinds)("a request in the app, on %s,", (kind) => {
  const h = httpWorld(kind);
  const { adaWith, asking, asked, only, records, changes } = asker(h);

  test("that is not theirs is denied and reported, which blocks, and the password counts no more", async () => {
    h.w.set({ "notify.fraud": ["it@example.org"] });
    const kept = await adaWith();
    expect((await look(kept)).account.fraud).toEqual({ report: true, block: true });
    const { came } = await asked();
    expect(await decide(kept, await only(kept), { decision: "not_me" })).toEqual({ result: "reported", blocked: true });
    expect(await came()).toMatchObject({ kind: "deny" });
    expect(await asking()).toMatchObject({ code: "person_blocked" });
    expect((await records()).map(([result]) => result)).toContain("FAILED_FRAUD_REPORTED");
    await expect
      .poll(() => h.w.sent.map(({ to }) => to).toSorted())
      .toEqual(["ada@example.org", "ada@example.org", "it@example.org"]);
  });

  test("reported without a block lets the app rest, and the password counts no more all the same", async () => {
    h.w.set({ "fraud.block": false });
    const kept = await adaWith({ password: "correct horse battery" });
    await asked();
    expect(await decide(kept, await only(kept), { decision: "not_me" })).toEqual({
      result: "reported",
      blocked: false,
    });
    expect(await asking()).toMatchObject({ kind: "challenge", prompt: { method: "totp" } });
    const [row] = await h.w.deps.db.q.selectFrom("person").select("password_expired").execute();
    expect(row!.password_expired).toBe(1);
    h.w.set({ "fraud.report": false });
    h.w.clock.at += 31 * minute;
    await asked();
    expect(await decide(kept, await only(kept), { decision: "not_me" })).toEqual({ result: "denied" });
  });

  test("that was reported is reported also when the first who was told died over it, and once", async () => {
    const kept = await adaWith();
    await asked();
    const request = await only(kept);
    const not = { decision: "not_me" } as const;
    const first = h.w.deps.db.audit;
    h.w.deps.db.audit = { ...first, write: async () => await Promise.reject(new Error("killed")) };
    await expect(decide(kept, request, not)).rejects.toMatchObject({ status: 503 });
    h.w.deps.db.audit = first;
    expect((await changes()).filter((result) => result.startsWith("FRAUD"))).toEqual([]);
    for (const _again of [1, 2])
      expect(await decide(kept, request, not)).toEqual({ result: "reported", blocked: true });
    expect((await changes()).filter((result) => result.startsWith("FRAUD"))).toEqual(["FRAUD_REPORTED_PERSON_BLOCKED"]);
  });
});

describe("a request in the app that is over", () => {
  const h = httpWorld();
  const { adaWith, asking, asked, only, changes } = asker(h);
  const mails = () => h.w.sent.flatMap((one) => (one.channel === "email" && one.to === "it@example.org" ? one : []));
  const notMe = async (kept: Kept, request: DeviceRequest) => {
    h.w.set({ "notify.fraud": ["it@example.org"] });
    const said = [await decide(kept, request, { decision: "not_me" })];
    said.push(await decide(kept, request, { decision: "not_me" }));
    await expect.poll(mails).toHaveLength(1);
    expect((await changes()).filter((one) => one.startsWith("FRAUD"))).toHaveLength(1);
    return { said, mail: mails()[0]! };
  };

  test("is reported like any other when its person sees only later that it was not theirs", async () => {
    const kept = await adaWith();
    await asked();
    const request = await only(kept);
    h.w.clock.at += 20 * 60 * minute;
    const { said, mail } = await notMe(kept, request);
    expect(said).toEqual(Array(2).fill({ result: "reported", blocked: true }));
    expect(mail.subject).toBe("Fraud reported, person blocked: ada");
    expect(await asking()).toMatchObject({ kind: "deny", code: "person_blocked" });
  });

  test("because the number was wrong is reported, and blocks nobody where reports do not", async () => {
    const kept = await adaWith();
    h.w.set({ "fraud.block": false });
    const { number } = await asked();
    const request = await only(kept);
    await decide(kept, request, { decision: "approve", number: number === "111111" ? "222222" : "111111" });
    const { said, mail } = await notMe(kept, request);
    expect(said).toEqual(Array(2).fill({ result: "reported", blocked: false }));
    expect(mail.subject).toBe("Fraud reported: ada");
  });

  test("because it let somebody in is reported as just that", async () => {
    const kept = await adaWith();
    const { number, came } = await asked();
    const request = await only(kept);
    await decide(kept, request, { decision: "approve", number });
    expect(await came()).toMatchObject({ kind: "allow" });
    const { said, mail } = await notMe(kept, request);
    expect(said).toEqual(Array(2).fill({ result: "reported", blocked: true }));
    expect(mail.subject).toBe("Fraud reported, somebody was let in: ada");
  });

  /** Approved; somebody is let in by it after it was looked whether it waits for what is said next, and before that ends it. */
  async function letInMeanwhile(kept: Kept) {
    const { number, came } = await asked();
    const request = await only(kept);
    await decide(kept, request, { decision: "approve", number });
    const { db } = h.w.deps;
    const transaction: typeof db.transaction = db.transaction.bind(db);
    const { promise: meanwhile, resolve } = Promise.withResolvers<unknown>();
    db.transaction = async (work, options) => {
      if (options?.relaxed) {
        db.transaction = transaction;
        resolve(await came());
      }
      return await transaction(work, options);
    };
    return { request, meanwhile };
  }

  test("because it lets somebody in while its person reports it is reported as that", async () => {
    const kept = await adaWith();
    const { request, meanwhile } = await letInMeanwhile(kept);
    const { said, mail } = await notMe(kept, request);
    expect(await meanwhile).toMatchObject({ kind: "allow" });
    expect(said).toEqual(Array(2).fill({ result: "reported", blocked: true }));
    expect(mail.subject).toBe("Fraud reported, somebody was let in: ada");
  });

  test("because it lets somebody in while its person says no leaves that on record", async () => {
    const kept = await adaWith();
    const { request, meanwhile } = await letInMeanwhile(kept);
    expect(await decide(kept, request, { decision: "deny" })).toEqual({ result: "over" });
    expect(await meanwhile).toMatchObject({ kind: "allow" });
    expect(await changes()).toContain("DECISION_TOO_LATE");
  });
});
