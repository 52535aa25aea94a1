// Real RADIUS clients against the real server: radclient, a Linux sign-in, and FreeRADIUS as a proxy in front.
import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { newPasswordHash } from "#actions/passwords.ts";
import { base32 } from "#core/crypto/base32.ts";
import { runOk, waitUntil } from "../support/process.ts";
import { loopback, results, site, type Site } from "../edges/radius/setup.ts";
import { startFreeradiusProxy } from "./support/freeradius.ts";
import { installed } from "./support/installed.ts";
import { pamtester } from "./support/pamtester.ts";
import { radclient, type RadiusAnswer } from "./support/radclient.ts";

const secret = "a-secret-of-thirty-two-characters";
const phone = "+46701234567";
let s: Site;
beforeEach(async () => void (s = await site()));
afterEach(async () => await s.close());

const person = async (more: { totp?: boolean; phone?: string } = {}) =>
  await s.w.person({ username: "ada", passwordHash: await newPasswordHash(s.w.deps, "correct horse å"), ...more });
const client = async (options: Parameters<Site["client"]>[0] = {}, own = secret) =>
  await s.client(options, { secret: own, addresses: [loopback] });
const as = (password: string, more: [string, string][] = []): [string, string][] => [
  ["User-Name", "ada"],
  ["User-Password", password],
  ...more,
];
const valueOf = (answer: RadiusAnswer | undefined, name: string) =>
  answer?.attributes.find((one) => one.name === name)?.value ?? "";
const texted = async (count = 1) => {
  await waitUntil("the text", () => s.w.sent.length === count);
  return s.w.texted();
};
const oathtool = async (seed: Buffer) =>
  (await runOk("oathtool", ["--totp", "--base32", `--now=@${s.w.clock.at / 1000}`, base32(seed)])).trim();

describe.runIf(installed("radclient", "oathtool"))("radclient", () => {
  test("gets a Challenge for the password, and an Accept for the code that was texted", async () => {
    await person({ totp: false, phone });
    await client({ firstFactor: "local", reply: ["Filter-Id=staff", "Session-Timeout=60"] });
    const server = { ...(await s.serve()), secret };
    const asked = await radclient(server, as("correct horse å"));
    expect(asked?.code).toBe("Access-Challenge");
    expect(valueOf(asked, "Reply-Message")).toBe("Enter the code we sent to •• 67.");
    const state: [string, string] = ["State", valueOf(asked, "State")];
    expect((await radclient(server, as("000000", [state])))?.code).toBe("Access-Challenge");
    const again = await radclient(server, as("correct horse å"));
    const accepted = await radclient(server, as(await texted(2), [["State", valueOf(again, "State")]]));
    expect(accepted?.code).toBe("Access-Accept");
    expect([valueOf(accepted, "Filter-Id"), valueOf(accepted, "Session-Timeout")]).toEqual(["staff", "60"]);
  });

  test("gets an Accept for oathtool's code, and a Reject for the same again", async () => {
    const ada = await person();
    await client();
    const server = { ...(await s.serve()), secret };
    const code = await oathtool(ada.secret);
    expect((await radclient(server, as(code)))?.code).toBe("Access-Accept");
    expect((await radclient(server, as(code)))?.code).toBe("Access-Reject");
    expect(await results(s.w)).toEqual(["SUCCESS_OATH_CODE_VERIFIED", "FAILED_OATH_CODE_DUPLICATE"]);
  });

  test("is not answered unsigned, nor with another secret; a secret of 64 octets is good (R-117)", async () => {
    const ada = await person();
    const long = randomBytes(48).toString("base64url");
    await client({}, long);
    const server = await s.serve();
    const once = { timeoutSeconds: 1 };
    const password = as(s.w.code(ada));
    expect(
      await radclient({ ...server, secret: long }, password, { ...once, messageAuthenticator: false }),
    ).toBeUndefined();
    expect(await radclient({ ...server, secret }, password, once)).toBeUndefined();
    expect((await radclient({ ...server, secret: long }, password))?.code).toBe("Access-Accept");
  });
});

// Debian 12's module signs nothing, so its client must be allowed not to.
describe.runIf(installed("pamtester"))("a Linux sign-in through pam_radius", () => {
  test("asks for the password, then for the code, and lets in who has both", async () => {
    const ada = await person();
    await client({ firstFactor: "local", requireMessageAuthenticator: "no" });
    const server = { ...(await s.serve()), secret };
    const entered = await pamtester(server, { user: "ada", answers: ["correct horse å", s.w.code(ada)] });
    expect(entered).toMatchObject({
      accepted: true,
      output: expect.stringContaining("Enter the code from your app or token.") as unknown,
    });
    for (const answers of [
      ["correct horse å", s.w.code(ada)],
      ["wrong", s.w.code(ada, 1)],
    ])
      expect(await pamtester(server, { user: "ada", answers })).toMatchObject({ accepted: false });
    expect(await results(s.w)).toEqual([
      "SUCCESS_OATH_CODE_PENDING",
      "SUCCESS_OATH_CODE_VERIFIED",
      "SUCCESS_OATH_CODE_PENDING",
      "FAILED_OATH_CODE_DUPLICATE",
      "FAILED_PASSWORD_INCORRECT",
    ]);
  });

  test("may be asked again after a wrong code, and is not answered where it must sign", async () => {
    const ada = await person();
    await client({ firstFactor: "local", requireMessageAuthenticator: "no" });
    const server = { ...(await s.serve()), secret };
    const answers = ["correct horse å", "000000", s.w.code(ada)];
    expect(await pamtester(server, { user: "ada", answers })).toMatchObject({
      accepted: true,
      output: expect.stringContaining("That code is not right. Try again.") as unknown,
    });
  });
});

describe.runIf(installed("freeradius", "radclient"))("FreeRADIUS as a proxy in front", () => {
  test("passes challenge and State through, finds its Proxy-State again, and must sign", async () => {
    const ada = await person({ phone });
    await client({ firstFactor: "local", requireMessageAuthenticator: "yes" });
    const server = await s.serve();
    const proxy = await startFreeradiusProxy({ port: server.port, secret }, "edge-secret");
    try {
      const edge = { port: proxy.port, secret: "edge-secret" };
      const asked = await radclient(edge, as("correct horse å"));
      expect(asked?.code).toBe("Access-Challenge");
      const state: [string, string] = ["State", valueOf(asked, "State")];
      const chosen = await radclient(edge, as("2", [state]));
      expect(valueOf(chosen, "Reply-Message")).toContain("Enter the code we sent to •• 67.");
      const own: [string, string] = ["Proxy-State", "0x00ff00"];
      const accepted = await radclient(edge, as(await texted(), [["State", valueOf(chosen, "State")], own]));
      expect(accepted?.code).toBe("Access-Accept");
      // the proxy takes its own away and leaves the one that came before it
      expect(accepted?.attributes.filter((one) => one.name === "Proxy-State")).toEqual([
        { name: own[0], value: own[1] },
      ]);
      expect((await radclient(edge, as("wrong")))?.code).toBe("Access-Reject");
      expect((await radclient(edge, as(s.w.code(ada), [state])))?.code).toBe("Access-Reject");
      expect(server.stats().dropped).toEqual({});
    } finally {
      await proxy.stop();
    }
  });
});
