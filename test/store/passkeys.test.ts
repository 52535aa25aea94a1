// Passkeys on real databases: what a browser was asked, what a software authenticator answers, and what counts of it.
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { removeMethod } from "#actions/factors.ts";
import { checkPasskeyDomain, movePasskeyDomain } from "#actions/passkey-domain.ts";
import {
  addPasskey,
  beginPasskeyRegistration,
  beginPasskeySignIn,
  beginPasskeyStep,
  finishPasskeyRegistration,
  finishPasskeySignIn,
  finishPasskeyStep,
} from "#actions/passkeys.ts";
import { begin } from "#actions/verify.ts";
import type { Application } from "#core/facts.ts";
import { flag, makeAuthenticator, type Authenticator, type Twist } from "../support/authenticator.ts";
import { kinds, world, type World } from "../support/world.ts";

const page: Application = {
  id: "app_sign_in",
  name: "Sign-in",
  firstFactor: "local",
  canChallenge: true,
  pages: true,
  allowWithoutMethodUntil: 0,
};
const source = { protocol: "web" } as const;
const place = { rpId: "mfa.example.org", origin: "https://mfa.example.org" };
const synced = flag.present | flag.verified | flag.eligible;
const boundTo = "flow";

describe.each(kinds)("on %s", (kind) => {
  let w: World;
  let ada: { id: string };
  beforeEach(async () => {
    w = await world({ kind });
    ada = await w.person({ username: "Ada", totp: false });
  });
  afterEach(async () => await w.close());

  async function register(device: Authenticator, person = ada, twist: Twist = {}) {
    const options = await beginPasskeyRegistration(w.deps, { userId: person.id, boundTo });
    const response = device.create({ ...place, challenge: options!.challenge }, twist);
    const added = (await finishPasskeyRegistration(w.deps, { userId: person.id, boundTo, response }))!;
    await w.deps.db.transaction((run) => addPasskey(run, added));
    return { added, userHandle: options!.user.id, response };
  }
  const asked = async (flow = boundTo) => ({
    ...place,
    challenge: (await beginPasskeySignIn(w.deps, { boundTo: flow }))!.challenge,
  });
  const signIn = async (response: string, flow = boundTo, deps = w.deps) =>
    await finishPasskeySignIn(deps, { boundTo: flow, response, application: page, source });
  const results = async () =>
    (
      await w.deps.db.q
        .selectFrom("log")
        .select(["result", "authenticated"])
        .where("kind", "=", "authentication")
        .orderBy("seq")
        .execute()
    ).map((row) => [row.result, row.authenticated]);
  const kept = async () =>
    await w.deps.db.q.selectFrom("factor").select(["counter", "drift", "fails", "name"]).executeTakeFirstOrThrow();

  test("a passkey signs in without a name, and its own counter is kept", async () => {
    const device = makeAuthenticator({ aaguid: Buffer.from("fbfc3007154e4ecc8c0b6e020557d7bd", "hex") });
    const { added, userHandle } = await register(device);
    expect(added).toMatchObject({ name: "iCloud Keychain" });
    expect(Buffer.from(userHandle, "base64url")).toHaveLength(64);
    expect(await signIn(device.get({ ...(await asked()), userHandle }))).toMatchObject({
      outcome: { kind: "allow", username: "Ada", methods: ["passkey"] },
      userVerified: true,
    });
    const unverified = device.get({ ...(await asked()), userHandle }, { flags: flag.present });
    expect(await signIn(unverified)).toMatchObject({ outcome: { kind: "allow" }, userVerified: false });
    expect(await kept()).toMatchObject({ counter: 2, drift: 2, fails: 0 });
    expect(await results()).toEqual(Array.from({ length: 2 }, () => ["SUCCESS_PASSKEY_VERIFIED", 1]));
    expect((await register(makeAuthenticator())).userHandle).toBe(userHandle);
  });

  test("of fifty equal answers at once on two nodes one counts", async () => {
    const device = makeAuthenticator();
    const { userHandle } = await register(device);
    const nodes = [w.deps, kind === "postgres" ? await w.node("node_b") : w.deps];
    const response = device.get({ ...(await asked()), userHandle });
    const all = await Promise.all(Array.from({ length: 50 }, (_, n) => signIn(response, boundTo, nodes[n % 2])));
    expect(all.filter((one) => one?.outcome.kind === "allow")).toHaveLength(1);
    expect(all.filter((one) => one === undefined)).toHaveLength(49);
    expect(await kept()).toMatchObject({ counter: 1, drift: 1, fails: 0 });
  });

  test("a challenge is good for its own page, its own purpose, and five minutes (R-093)", async () => {
    const device = makeAuthenticator();
    const { userHandle, response } = await register(device);
    const bo = await w.person({ username: "bo", totp: false });
    const options = (await beginPasskeyRegistration(w.deps, { userId: ada.id, boundTo }))!;
    const another = makeAuthenticator().create({ ...place, challenge: options.challenge });
    expect(await finishPasskeyRegistration(w.deps, { userId: ada.id, boundTo, response })).toBeUndefined();
    expect(await finishPasskeyRegistration(w.deps, { userId: bo.id, boundTo, response: another })).toBeUndefined();
    expect(
      await finishPasskeyRegistration(w.deps, { userId: ada.id, boundTo: "x", response: another }),
    ).toBeUndefined();
    expect(await signIn(device.get({ ...place, challenge: options.challenge, userHandle }))).toBeUndefined();
    expect(await signIn(device.get({ ...(await asked("another")), userHandle }))).toBeUndefined();
    expect(await signIn("{}")).toBeUndefined();
    const late = device.get({ ...(await asked()), userHandle });
    w.clock.at += 300_000;
    expect(await signIn(late)).toBeUndefined();
    expect(await finishPasskeyRegistration(w.deps, { userId: ada.id, boundTo, response: another })).toBeUndefined();
    expect(await results()).toEqual([]);
    expect(await kept()).toMatchObject({ counter: 0, fails: 0 });
  });

  test("whose it is must agree with what it says (R-097)", async () => {
    const device = makeAuthenticator();
    await register(device);
    const bo = await w.person({ username: "bo", totp: false });
    const { userHandle } = await register(makeAuthenticator(), bo);
    const unknown = { outcome: { kind: "deny", code: "unknown_person" }, userVerified: false };
    expect(await signIn(device.get({ ...(await asked()), userHandle }))).toMatchObject(unknown);
    expect(await signIn(device.get(await asked()))).toMatchObject(unknown);
    expect(await signIn(makeAuthenticator().get({ ...(await asked()), userHandle }))).toMatchObject(unknown);
    expect(await results()).toEqual(Array.from({ length: 3 }, () => ["FAILED_UNKNOWN_PERSON", 0]));
  });

  test("wrong signatures cost attempts, and a pause comes as for wrong codes", async () => {
    const device = makeAuthenticator();
    const { userHandle } = await register(device);
    const wrong: Twist = { signature: () => Buffer.alloc(64) };
    for (const code of ["wrong_code", "wrong_code", "wrong_code", "throttled"])
      expect(await signIn(device.get({ ...(await asked()), userHandle }, wrong))).toMatchObject({ outcome: { code } });
    expect(await signIn(device.get({ ...(await asked()), userHandle }))).toMatchObject({
      outcome: { code: "throttled" },
    });
    w.clock.at += 1000;
    expect(await signIn(device.get({ ...(await asked()), userHandle }))).toMatchObject({ outcome: { kind: "allow" } });
    expect((await results())[0]).toEqual(["FAILED_PASSKEY_INVALID", 0]);
  });

  test("a counter that falls is refused where the key cannot leave its device, and told of where it can (R-099)", async () => {
    const device = makeAuthenticator();
    const { userHandle } = await register(device);
    const at = async (signCount: number) =>
      (await signIn(device.get({ ...(await asked()), userHandle }, { signCount })))!.outcome;
    expect(await at(5)).toMatchObject({ kind: "allow" });
    expect(await at(5)).toMatchObject({ kind: "deny", code: "code_old" });
    expect(await at(4)).toMatchObject({ kind: "deny", code: "code_old" });
    expect(await at(6)).toMatchObject({ kind: "allow" });
    expect(await kept()).toMatchObject({ drift: 6 });
    expect(w.logged).toHaveLength(2);
    const bo = await w.person({ username: "bo", totp: false });
    const cloud = makeAuthenticator({ flags: synced });
    const his = await register(cloud, bo);
    for (const signCount of [5, 3]) {
      const response = cloud.get({ ...(await asked()), userHandle: his.userHandle }, { signCount });
      expect(await signIn(response)).toMatchObject({ outcome: { kind: "allow" } });
    }
    expect(w.logged).toHaveLength(3);
    const { drift } = await w.deps.db.q
      .selectFrom("factor")
      .select("drift")
      .where("user_id", "=", bo.id)
      .executeTakeFirstOrThrow();
    expect(drift).toBe(5);
  });

  test("answers that overtake one another never lower the counter, and one that is behind is refused", async () => {
    const device = makeAuthenticator();
    const { userHandle } = await register(device);
    const counts = [3, 1, 5, 2, 4];
    const responses: string[] = [];
    for (const signCount of counts) responses.push(device.get({ ...(await asked()), userHandle }, { signCount }));
    const all = await Promise.all(responses.map((response) => signIn(response)));
    const accepted = counts.filter((_, index) => all[index]?.outcome.kind === "allow");
    expect(await kept()).toMatchObject({ counter: accepted.length, drift: Math.max(...accepted) });
    // where the highest came first, four were refused, and the fifth would have to wait
    w.clock.at += 60_000;
    const behind = device.get({ ...(await asked()), userHandle }, { signCount: Math.max(...accepted) });
    expect((await signIn(behind))?.outcome).toMatchObject({ kind: "deny", code: "code_old" });
  });

  test("as the second step any passkey of the person's will do, and nobody else's", async () => {
    const [first, second, stranger] = [makeAuthenticator(), makeAuthenticator(), makeAuthenticator()];
    await register(first);
    await register(second);
    const bo = await w.person({ username: "bo", totp: false });
    const his = await register(stranger, bo);
    const open = async () => {
      const opened = await begin(w.deps, { application: { ...page, firstFactor: "none" }, username: "ada", source });
      if (opened.kind !== "challenge") throw new Error(opened.kind);
      expect(opened.prompt.method).toBe("passkey");
      return opened.id;
    };
    const step = async (
      device: Authenticator,
      challengeId: string,
      more: { userHandle?: string; userId?: string } = {},
    ) => {
      const { userId = ada.id, ...handle } = more;
      const { challenge, allowCredentials } = (await beginPasskeyStep(w.deps, { userId, boundTo }))!;
      expect(allowCredentials!.map(({ id }) => id)).not.toContain(
        userId === ada.id ? stranger.credentialId : first.credentialId,
      );
      const response = device.get({ ...place, challenge, ...handle });
      const input = { userId, boundTo, challengeId, response, application: page, source };
      return (await finishPasskeyStep(w.deps, input))!;
    };
    expect(await step(second, await open())).toMatchObject({
      outcome: { kind: "allow", userId: ada.id },
      userVerified: true,
    });
    expect((await step(stranger, await open())).outcome).toMatchObject({ kind: "deny", code: "wrong_code" });
    expect((await step(stranger, await open(), { userId: bo.id })).outcome).toMatchObject({
      kind: "deny",
      code: "foreign_challenge",
    });
    expect((await step(first, await open(), { userHandle: his.userHandle })).outcome).toMatchObject({ kind: "deny" });
    const challengeId = await open();
    expect((await step(first, challengeId)).outcome).toMatchObject({ kind: "allow" });
    expect((await step(first, challengeId)).outcome).toMatchObject({ kind: "deny" });
  });

  test("one passkey is one person's, for ever", async () => {
    const device = makeAuthenticator();
    await register(device);
    const bo = await w.person({ username: "bo", totp: false });
    await expect(register(device, bo)).rejects.toThrow("registered already");
    await removeMethod(w.deps, "cli", { username: "ada", method: "passkey" });
    const { userHandle } = await register(device, bo);
    expect(await signIn(device.get({ ...(await asked()), userHandle }))).toMatchObject({ outcome: { userId: bo.id } });
  });

  test("what has no page is offered no passkey", async () => {
    await register(makeAuthenticator());
    const { pages: _, ...vpn } = page;
    const attempt = { application: { ...vpn, firstFactor: "none" } as const, username: "ada", source };
    expect(await begin(w.deps, attempt)).toMatchObject({ kind: "deny", code: "no_method" });
  });

  test("a new domain is refused while passkeys are for the old one, moved to when told, and back (R-095)", async () => {
    const device = makeAuthenticator();
    const { userHandle } = await register(device);
    const answer = async (rpId: string, origin: string) =>
      (await signIn(device.get({ ...(await asked()), rpId, origin, userHandle })))?.outcome;
    await checkPasskeyDomain(w.deps);
    w.deps.db.node.publicUrl = "https://new.example.org:8443/";
    await expect(checkPasskeyDomain(w.deps)).rejects.toThrow("countersign passkey-domain move new.example.org");
    const moved = await movePasskeyDomain(w.deps, "cli", { domain: "new.example.org" });
    expect(moved).toEqual({ domain: "new.example.org", working: 0, waiting: 1 });
    await checkPasskeyDomain(w.deps);
    expect(await answer("new.example.org", "https://new.example.org:8443")).toMatchObject({ code: "unknown_person" });
    expect(await begin(w.deps, { application: page, username: "ada", password: "x", source })).toMatchObject({
      kind: "deny",
    });
    w.deps.db.node.publicUrl = "https://mfa.example.org";
    expect(await movePasskeyDomain(w.deps, "cli", { domain: "mfa.example.org" })).toMatchObject({
      working: 1,
      waiting: 0,
    });
    expect(await answer(place.rpId, place.origin)).toMatchObject({ kind: "allow" });
    await expect(movePasskeyDomain(w.deps, "cli", { domain: "https://x" })).rejects.toThrow("host name");
    w.deps.db.node.publicUrl = "http://10.0.0.5";
    expect(await beginPasskeySignIn(w.deps, { boundTo })).toBeUndefined();
    expect(await beginPasskeyStep(w.deps, { userId: ada.id, boundTo })).toBeUndefined();
    expect(await beginPasskeyRegistration(w.deps, { userId: ada.id, boundTo })).toBeUndefined();
  });
});
