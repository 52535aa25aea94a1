import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { addApplication } from "#actions/applications.ts";
import { unlockMethods } from "#actions/factors.ts";
import { addRadiusClient, loadRadiusClients } from "#actions/radius-clients.ts";
import { openSession } from "#actions/sessions.ts";
import { addSite } from "#actions/sites.ts";
import { tellStory } from "#actions/story.ts";
import { begin, respond } from "#actions/verify.ts";
import type { Entry } from "#store/log.ts";
import { kinds, world, type World } from "../support/world.ts";
import { eachCli } from "./cli-setup.ts";

const source = { protocol: "radius", clientIp: "192.0.2.7" } as const;

async function vpn({ deps }: Pick<World, "deps">) {
  await addRadiusClient(deps, "cli", { name: "vpn", addresses: ["10.0.0.1"], options: { firstFactor: "none" } });
  return (await loadRadiusClients(deps))[0]!.application;
}

describe.each(kinds)("what happened, on %s", (kind) => {
  let here: World;
  beforeEach(async () => {
    here = await world({ kind });
  });
  afterEach(async () => await here.close());

  const sentences = async (id: string) => (await tellStory(here.deps, id)).entries.map(({ sentence }) => sentence);

  /** A text that is answered wrongly, then rightly. */
  async function conversation() {
    const application = await vpn(here);
    const { id: userId } = await here.person({ username: "anna", totp: false, phone: "+46701234567" });
    const asked = await begin(here.deps, { application, username: "anna", source });
    if (asked.kind !== "challenge") throw new Error(asked.kind);
    const answer = { application, username: "anna", challengeId: asked.id, source };
    await vi.waitFor(() => expect(here.sent).toHaveLength(1));
    here.clock.at += 1000;
    await respond(here.deps, { ...answer, response: "000000" });
    here.clock.at += 1000;
    await respond(here.deps, { ...answer, response: here.texted() });
    return { userId, challenge: asked.id, correlation: asked.correlationId };
  }

  test("a request, its challenge, each of its records and its person lead to the same story", async () => {
    const { userId, challenge, correlation } = await conversation();
    const told = await sentences(correlation);
    expect(told).toEqual([
      "anna at vpn from 192.0.2.7 over radius: a text message was sent, its code is awaited (sms).",
      "anna at vpn from 192.0.2.7 over radius: the code of the text message is wrong (sms). Refused.",
      "anna at vpn from 192.0.2.7 over radius: the text message was answered with the right code (sms). Let in.",
    ]);
    const { entries, advice } = await tellStory(here.deps, correlation);
    expect(advice).toBeUndefined();
    for (const id of [challenge, userId, ...entries.map((entry) => entry.id)])
      expect(await sentences(id)).toEqual(told);
  });

  test("a session leads to the sign-in before it and to all that its person did since", async () => {
    const { userId } = await conversation();
    const told = await sentences(userId);
    const proven = { passwordAt: null, proofs: [], rememberedAt: null };
    const browser = { clientIp: undefined, userAgent: undefined };
    const { id } = await here.deps.db.transaction(
      async (run) => await openSession(here.deps, run, { userId, proven, browser }),
    );
    expect(await sentences(id)).toEqual(told);
  });

  test("a site and an application of the browser are told by name", async () => {
    const site = await addSite(here.deps, "cli", { host: "wiki.example", rules: [] });
    const application = await addApplication(here.deps, "cli", {
      name: "Payroll",
      redirectUris: ["https://payroll.example/back"],
    });
    const entry = (applicationId: string): Entry => ({
      id: `rec_${applicationId}`,
      at: here.clock.at,
      kind: "authentication",
      correlationId: "cor_1",
      applicationId,
      result: "FAILED_POLICY",
      authenticated: false,
    });
    await here.deps.db.audit.write(async () => ({
      value: undefined,
      entries: [entry(site.id), entry(application.id)],
    }));
    expect(await sentences("cor_1")).toEqual([
      "somebody at wiki.example: a policy refuses this sign-in. Refused.",
      "somebody at Payroll: a policy refuses this sign-in. Refused.",
    ]);
  });

  test("a change is found by what it names, far back and before the newest of its kind", async () => {
    await here.person({ username: "anna" });
    const { unlocked } = await unlockMethods(here.deps, "cli", { username: "anna" });
    const entry = (id: string): Entry => ({
      id,
      at: here.clock.at,
      kind: "system",
      result: "NOTHING",
      authenticated: false,
    });
    for (let written = 0; written < 4100; written += 500)
      await here.deps.db.audit.write(async () => ({
        value: undefined,
        entries: Array.from({ length: 500 }, (_, index) => entry(`rec_${written + index}`)),
      }));
    const [sentence] = await sentences(unlocked[0]!);
    expect(sentence).toMatch(/^Method unlocked: anna, by an administrator at the command line\. /);
    // an underline stands for any sign in the database's patterns
    const other = unlocked[0]!.replace("fac_", "_ac_");
    await expect(tellStory(here.deps, other)).rejects.toMatchObject({ code: "not_found" });
  });
});

const cli = eachCli();

test("the command line tells what happened and what to do next", async () => {
  const { here, run, json } = cli();
  await here.person({ username: "anna" });
  const outcome = await begin(here.deps, { application: await vpn(here), username: "anna", code: "000000", source });
  if (outcome.kind !== "deny") throw new Error(outcome.kind);
  const { exit, stdout } = await run(["log", "show", outcome.correlationId]);
  expect(exit).toBe(0);
  expect(stdout.split("\n")).toEqual([
    expect.stringMatching(/^2027-01-15 08:00:00Z {2}anna at vpn .*: the code is wrong \(totp\)\. Refused\.$/),
    "",
    "Let the person try the next code. If it is always wrong, check the phone's clock.",
    "For the person: /help/code-refused",
    "",
  ]);
  expect(await json(["log", "show", outcome.correlationId])).toMatchObject({
    entries: [{ correlationId: outcome.correlationId, result: "FAILED_OATH_CODE_INCORRECT" }],
    advice: { help: "code-refused" },
  });
  const absent = await run(["log", "show", "cor_absent"]);
  expect(absent.exit).toBe(1);
  expect(absent.stderr).toContain("nothing in the log has the id cor_absent");
});
