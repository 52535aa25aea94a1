// People of a Windows domain (Samba's) sign in over RADIUS, by each of their names, and are one person by all of them.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { addDirectory } from "#actions/directories.ts";
import { addApp } from "#actions/factors.ts";
import { newPasswordHash } from "#actions/passwords.ts";
import { loadPerson } from "#actions/people.ts";
import { serveHttp } from "#edges/http/server.ts";
import { base32 } from "#core/crypto/base32.ts";
import { code } from "#wire/radius/codes.ts";
import { results, settled, site, state, type Nas, type Serving, type Site } from "../edges/radius/setup.ts";
import { browser } from "../support/browser.ts";
import { waitUntil } from "../support/process.ts";
import { authority } from "./support/certificates.ts";
import { account, base, group, provisionSamba, realm, replaced, sambaRuns, url, type Samba } from "./support/samba.ts";

const password = "Correct-horse-1";
const secret = Buffer.from("12345678901234567890");
const names = ["anna", "ANNA", "CORP\\anna", "a.andersson@corp.example", "anna.andersson@post.example"];
let caPem: string;
let samba: Samba;
let s: Site;
let vpn: Nas;
let server: Serving;

const client = async (options: Parameters<Site["client"]>[0]) => {
  await s.client(options);
  server = await s.serve();
};
const ask = async (user: string, more: { password: string; state?: Buffer }) =>
  await vpn.ask({ user, ...more }, server);
const theFactor = async () =>
  await s.w.deps.db.q.selectFrom("factor").select(["user_id", "fails"]).executeTakeFirstOrThrow();
const codeNow = () => s.w.code({ secret });

describe.runIf(await sambaRuns())("a Samba domain", () => {
  beforeAll(async () => {
    const ca = await authority();
    caPem = ca.pem;
    samba = await provisionSamba(await ca.issue("localhost"));
    await samba.start();
    const said = { givenName: "Anna", sn: "Andersson", displayName: "Anna Andersson" };
    await samba.change(account("countersign", "Service-secret-1", { userPrincipalName: `countersign@${realm}` }));
    await samba.change(
      account("anna", password, {
        ...said,
        userPrincipalName: "a.andersson@corp.example",
        mail: "anna.andersson@post.example",
        mobile: "+46 70 123 45 67",
      }),
    );
    await samba.change(group("VPN staff", "anna"));
  }, 300_000);
  afterAll(async () => {
    await samba?.stop();
    samba?.remove();
  });

  beforeEach(async () => {
    s = await site();
    await addDirectory(s.w.deps, "cli", {
      name: "corp",
      urls: [url],
      base,
      bindDn: `countersign@${realm}`,
      bindPassword: "Service-secret-1",
      ca: caPem,
    });
    vpn = await s.nas();
  });
  afterEach(async () => await s.close());

  test("lets a person in by each name, as one person, whose wrong codes are counted together", async () => {
    await client({ firstFactor: "directory:corp" });
    // nobody has the name here yet; the right password makes the record, which has no second step
    expect((await ask("anna", { password: "wrong" })).code).toBe(code.accessReject);
    expect((await ask("anna", { password })).code).toBe(code.accessReject);
    expect(await results(s.w)).toEqual(["FAILED_PASSWORD_INCORRECT", "FAILED_NO_METHOD"]);
    const anna = await loadPerson(s.w.deps, "anna");
    expect(anna).toMatchObject({
      displayName: "Anna Andersson",
      firstName: "Anna",
      lastName: "Andersson",
      email: "anna.andersson@post.example",
      mobilePhone: "+46701234567",
      groups: ["VPN staff"],
      hasPassword: false,
    });
    await addApp(s.w.deps, "cli", { username: "anna", secret: base32(secret) });
    for (const name of names) {
      const asked = await ask(name, { password });
      expect([name, asked.code]).toEqual([name, code.accessChallenge]);
      expect((await ask(name, { password: codeNow(), state: state(asked) })).code).toBe(code.accessAccept);
      s.w.clock.at += 30_000;
    }
    expect(await s.w.deps.db.q.selectFrom("person").select("id").execute()).toEqual([{ id: anna.id }]);
    for (const name of names) {
      const { user_id, fails } = await theFactor();
      expect(user_id).toBe(anna.id);
      const asked = await ask(name, { password });
      await ask(name, { password: "000000", state: state(asked) });
      expect((await theFactor()).fails).toBe(fails + 1);
      s.w.clock.at += 60_000;
    }
  });

  test("lets a person in with a browser too, and wrong codes there count with those over RADIUS", async () => {
    await client({ firstFactor: "directory:corp" });
    expect((await ask("anna", { password })).code).toBe(code.accessReject);
    await addApp(s.w.deps, "cli", { username: "anna", secret: base32(secret) });
    const http = await serveHttp(s.w.deps, {
      people: { host: "127.0.0.1", port: 0 },
      internal: undefined,
      publicUrl: "http://localhost:8080",
      trustedProxies: [],
      ready: () => true,
      reasons: () => [],
      metrics: async () => "",
      webDist: new URL("../../web/dist/", import.meta.url),
    });
    try {
      for (const name of names) {
        const page = browser(http.people!.port);
        await page.open("/sign-in");
        await page.submit("/sign-in/password", { username: name, password });
        const { fails } = await theFactor();
        await page.submit("/sign-in/code", { code: "000000" });
        expect((await theFactor()).fails).toBe(fails + 1);
        s.w.clock.at += 60_000;
        await page.submit("/sign-in/code", { code: codeNow() });
        expect([name, page.cookies.has("countersign")]).toEqual([name, true]);
        const asked = await ask(name, { password });
        await ask(name, { password: "000000", state: state(asked) });
        expect((await theFactor()).fails).toBe(1);
        s.w.clock.at += 60_000;
      }
      expect(await s.w.deps.db.q.selectFrom("person").select("id").execute()).toHaveLength(1);
    } finally {
      await http.stop();
    }
  });

  test("keeps out whom it has disabled, from the next sign-in on, and follows a new name", async () => {
    await client({ firstFactor: "directory:corp", mode: "append" });
    await samba.change(account("bob", password));
    expect((await ask("bob", { password: `${password},000000` })).code).toBe(code.accessReject);
    const bob = await loadPerson(s.w.deps, "bob");
    await addApp(s.w.deps, "cli", { username: "bob", secret: base32(secret) });
    const enter = async (name: string) => {
      s.w.clock.at += 60_000;
      return (await ask(name, { password: `${password},${codeNow()}` })).code;
    };
    expect(await enter("bob")).toBe(code.accessAccept);
    await samba.change(replaced("bob", "sAMAccountName", "robert"));
    expect(await enter("CORP\\robert")).toBe(code.accessAccept);
    expect(await loadPerson(s.w.deps, "robert")).toMatchObject({ id: bob.id });
    // another account with the old name is another person
    await samba.change(account("bobby", password).replace("sAMAccountName: bobby", "sAMAccountName: bob"));
    expect(await enter("bob")).toBe(code.accessReject);
    expect((await loadPerson(s.w.deps, "bob")).id).not.toBe(bob.id);
    await samba.change(replaced("bob", "userAccountControl", "514"));
    expect(await enter("robert")).toBe(code.accessReject);
    expect(s.w.logged.at(-1)).toMatchObject({ fields: { directory: "corp", reason: "the account is disabled" } });
    await samba.change(replaced("bob", "userAccountControl", "512"));
    expect(await enter("robert")).toBe(code.accessAccept);
  });

  test("when it is stopped, nobody of it gets in, and local people still do", async () => {
    await client({ firstFactor: "any", mode: "append" });
    await s.w.person({ username: "lisa", passwordHash: await newPasswordHash(s.w.deps, "local password") });
    await addApp(s.w.deps, "cli", { username: "lisa", secret: base32(secret) });
    expect((await ask("anna", { password: `${password},000000` })).code).toBe(code.accessReject);
    await addApp(s.w.deps, "cli", { username: "anna", secret: base32(secret) });
    const enter = async (name: string, first: string) => {
      s.w.clock.at += 60_000;
      return (await ask(name, { password: `${first},${codeNow()}` })).code;
    };
    expect(await enter("anna", password)).toBe(code.accessAccept);
    await samba.stop();
    try {
      // nothing is said: the client may ask a server that can ask the domain
      const before = vpn.inbox.length;
      for (const user of names) vpn.send(vpn.request({ user, password: `${password},${codeNow()}` }), server);
      await waitUntil("the decisions", async () => (await results(s.w)).length === 2 + names.length);
      await settled(vpn, server);
      expect((await results(s.w)).slice(2)).toEqual(names.map(() => "FAILED_SERVER_ERROR"));
      expect(vpn.inbox.length).toBe(before);
      expect(await enter("lisa", "local password")).toBe(code.accessAccept);
    } finally {
      await samba.start();
    }
    expect(await enter("anna", password)).toBe(code.accessAccept);
  });
});
