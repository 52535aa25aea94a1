// Somebody reports that a verification was not theirs: what follows from it, who is told, and that it follows once.
import { describe, expect, test } from "vitest";
import { deliverDue } from "#actions/deliver.ts";
import type { Deps, Mail, Message } from "#actions/deps.ts";
import { reportFraud } from "#actions/fraud.ts";
import { addPerson } from "#actions/people.ts";
import { listLog } from "#actions/records.ts";
import { listBlocks } from "#actions/blocks.ts";
import { begin } from "#actions/verify.ts";
import type { Application } from "#core/facts.ts";
import type { Settings } from "#core/settings/index.ts";
import { kinds, world } from "../support/world.ts";

const vpn: Application = {
  id: "rcl_vpn",
  name: "VPN",
  firstFactor: "local",
  canChallenge: true,
  allowWithoutMethodUntil: 0,
};
const number = "+46701234567";
const day = 86_400_000;

async function delivered(deps: Deps) {
  await deliverDue(deps);
  const waiting = () => deps.db.q.selectFrom("outbox").select("id").where("state", "<>", "sent").execute();
  await expect.poll(waiting).toEqual([]);
}

async function reported(
  kind: (typeof kinds)[number],
  { block = true, ...settings }: Partial<Settings> & { block?: boolean } = {},
) {
  const w = await world({
    kind,
    settings: { "notify.fraud": ["security@example.org", "it@example.org"], ...settings },
  });
  const { deps } = w;
  const person = { username: "ada", email: "ada@example.org", mobile_phone: number, password: "correct horse battery" };
  const { id: userId } = await addPerson(deps, "cli", person);
  const signIn = async () =>
    await begin(deps, {
      application: vpn,
      username: "ada",
      password: "correct horse battery",
      source: { protocol: "radius", clientIp: "203.0.113.9" },
    });
  const asked = await signIn();
  if (asked.kind !== "challenge") throw new Error("no challenge");
  await delivered(deps);
  w.sent.length = 0;
  const report = { userId, challengeId: asked.id, by: "call" as const, block };
  const answers = await Promise.all([reportFraud(deps, report), reportFraud(deps, report)]);
  answers.push(await reportFraud(deps, report));
  await delivered(deps);
  const to = (address: string) => w.sent.filter((message): message is Mail => message.to === address);
  return { w, deps, userId, asked, signIn, answers, to, sent: w.sent as Message[] };
}

describe.each(kinds)("a fraud report, on %s,", (kind) => {
  test("blocks the person, tells them and the administrators once, and leads to the sign-in by its id", async () => {
    const { w, deps, userId, asked, signIn, answers, to, sent } = await reported(kind);
    expect(answers).toEqual([{ blocked: true }, { blocked: true }, { blocked: true }]);
    expect(await signIn()).toMatchObject({ kind: "deny", code: "person_blocked" });
    const { blocks } = await listBlocks(deps, { limit: 10 });
    expect(blocks).toMatchObject([
      {
        userId,
        number: "+46 •• 67",
        by: `person:${userId}`,
        until: w.clock.at + 90 * day,
        fraud: true,
        fraudNotBlocked: false,
        applicationId: "rcl_vpn",
        correlationId: asked.correlationId,
      },
    ]);
    const { records } = await listLog(deps, { correlation: asked.correlationId, limit: 10 });
    expect(records[0]).toMatchObject({ kind: "change", result: "FRAUD_REPORTED_PERSON_BLOCKED", userId });
    expect(sent.flatMap((message) => (message.channel === "email" ? message.to : [])).toSorted()).toEqual([
      "ada@example.org",
      "it@example.org",
      "security@example.org",
    ]);
    const [mail] = to("security@example.org");
    expect(mail!.subject).toBe("Fraud reported, person blocked: ada");
    expect(mail!.text).toContain(`countersign log show ${asked.correlationId}`);
    expect(mail!.text).toContain("Number: +46 •• 67");
    expect(JSON.stringify([mail, records[0], blocks])).not.toContain("701234567");
    const told = to("ada@example.org")[0]!.text;
    expect(told).toMatch(/^You reported a sign-in that was not yours\. Your account is blocked/);
    expect(told).not.toContain("nothing to do");
    await w.close();
  });

  test("marks a local password as known to others, so that it is changed once the block is lifted", async () => {
    const { w, deps, userId, signIn } = await reported(kind);
    await deps.db.transaction((run) => run("update person set blocked_until = 0 where id = ?", [userId]));
    expect(await signIn()).toMatchObject({ kind: "deny", code: "password_expired" });
    await w.close();
  });
});

describe.each([{ block: false }, { "fraud.block": false }])("a fraud report with %o", (how) => {
  test("lets the method rest and tells, in the language that is set, and blocks nobody", async () => {
    const { w, deps, signIn, answers, to } = await reported("sqlite", { ...how, "notify.language": "sv" });
    expect(answers[0]).toEqual({ blocked: false });
    // later than what a repeated request would join
    w.clock.at += 30_000;
    expect(await signIn()).toMatchObject({ kind: "deny", code: "locked_out" });
    const mail = to("security@example.org");
    expect(mail.map(({ subject }) => subject)).toEqual(["Bedrägeri anmält: ada"]);
    expect((await listBlocks(deps, { limit: 10 })).blocks).toEqual([]);
    const { blocks } = await listBlocks(deps, { ended: true, limit: 10 });
    expect(blocks).toMatchObject([{ blocked: false, fraud: true, fraudNotBlocked: true }]);
    w.clock.at += 31 * 60_000;
    expect(await signIn()).toMatchObject({ kind: "challenge" });
    await w.close();
  });
});

test("a report of another person's challenge, or of none, does nothing", async () => {
  const w = await world();
  const { id: userId } = await addPerson(w.deps, "cli", { username: "ada" });
  await reportFraud(w.deps, { userId, challengeId: "chl_none", by: "app", block: true });
  expect((await listBlocks(w.deps, { ended: true, limit: 10 })).blocks).toEqual([]);
  await w.close();
});
