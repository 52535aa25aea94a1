// The authenticator app behind RADIUS: the number in the Reply-Message where a client shows it, and no request where it cannot.
import { afterEach, beforeEach, expect, test, describe } from "vitest";
import { inviteByName } from "#actions/activations.ts";
import { addPerson } from "#actions/people.ts";
import { serveHttp } from "#edges/http/server.ts";
import { attributeType as type, code } from "#wire/radius/codes.ts";
import { activate, codeNow, decide, look, type Kept } from "../../../examples/device/device.ts";
import { waitUntil } from "../../support/process.ts";
import { message, results, settled, site, state, type Nas, type Serving, type Site } from "./setup.ts";

let s: Site;
let server: Serving;
let vpn: Nas;
let device: Kept;
beforeEach(async () => void (s = await site({ hasty: false })));
afterEach(async () => await s.close());

/** Ada with the app on one device, and nothing else. */
async function serve(options: Parameters<Site["client"]>[0] = {}) {
  const { deps } = s.w;
  const people = { host: "127.0.0.1", port: 0 };
  const http = await serveHttp(deps, {
    people,
    internal: undefined,
    publicUrl: "http://localhost:8080",
    trustedProxies: [],
    ready: () => true,
    reasons: () => [],
    metrics: async () => "",
    webDist: new URL("../../../web/dist/", import.meta.url),
  });
  s.closing(http.stop);
  await addPerson(deps, "cli", { username: "ada", language: "sv" });
  const { link } = await inviteByName(deps, "cli", { username: "ada" });
  device = await activate({ link }, { url: `http://127.0.0.1:${http.people!.port}` });
  await s.client(options);
  server = await s.serve();
  vpn = await s.nas();
}
const waiting = async () => (await look(device)).requests;
const request = async () => await waitUntil("a request in the app", async () => (await waiting())[0]);
const sent = async () => await s.w.deps.db.q.selectFrom("outbox").select("id").where("channel", "=", "push").execute();

describe("the answer in the app", () => {
  test("is asked for once, of two requests of one client at the same moment", async () => {
    await serve({ mode: "append", approveWithoutNumber: true });
    const { db } = s.w.deps;
    const desk = { more: [{ type: type.callingStationId, value: Buffer.from("desk") }] };
    let isLate = false;
    // it knew of nothing when it began, and finds the app asked already
    const atOnce: typeof db.atOnce = async (item) => {
      const settled = await db.atOnce(item);
      if (isLate) return settled;
      isLate = true;
      vpn.send(vpn.request({ password: "", ...desk }), server);
      await request();
      return settled;
    };
    const slow = await s.serve({ ...s.w.deps, db: { ...db, atOnce } });
    vpn.send(vpn.request({ password: "", ...desk }), slow);
    await waitUntil("both to be decided", async () => (await results(s.w)).length === 2);
    expect(await results(s.w)).toEqual(["SUCCESS_PHONE_APP_PENDING", "SUCCESS_PHONE_APP_PENDING"]);
    expect(await sent()).toHaveLength(1);
  });

  test("is asked for with the number in the Reply-Message where the client can show it", async () => {
    await serve();
    const asked = await vpn.ask({ password: "" }, server);
    expect(asked.code).toBe(code.accessChallenge);
    const [, number] = /skriv (\d{6}) där/.exec(message(asked))!;
    const bytes = vpn.request({ password: "", state: state(asked) });
    for (let time = 0; time < 3; time++) vpn.send(bytes, server);
    expect(await decide(device, await request(), { decision: "approve", number: number! })).toEqual({
      result: "approved",
    });
    expect((await vpn.answerTo(bytes)).code).toBe(code.accessAccept);
    await settled(vpn, server);
    expect(await results(s.w)).toEqual(["SUCCESS_PHONE_APP_PENDING", "SUCCESS_PHONE_APP_AUTHENTICATED"]);
    expect(await sent()).toHaveLength(1);
  });

  test("with a wrong number is a Reject, and so is a no", async () => {
    await serve();
    for (const decision of ["approve", "deny"] as const) {
      const asked = await vpn.ask({ password: "" }, server);
      const number = message(asked).includes("000000") ? "000001" : "000000";
      const bytes = vpn.request({ password: "", state: state(asked) });
      vpn.send(bytes, server);
      await decide(device, await request(), { decision, number });
      expect((await vpn.answerTo(bytes)).code).toBe(code.accessReject);
    }
  });

  test("is never asked for where no number can be shown: the code is typed behind the password", async () => {
    await serve({ mode: "append" });
    expect((await vpn.ask({ password: "" }, server)).code).toBe(code.accessReject);
    expect(await sent()).toEqual([]);
    expect((await vpn.ask({ password: codeNow(device, s.w.clock.at) }, server)).code).toBe(code.accessAccept);
  });

  test("alone lets in where an administrator allows that: however often the client repeats, there is one request", async () => {
    await serve({ mode: "append", approveWithoutNumber: true });
    const bytes = vpn.request({ password: "" });
    for (let time = 0; time < 5; time++) vpn.send(bytes, server);
    const one = await request();
    expect(one).toMatchObject({ mode: "standard", application: "vpn" });
    await waitUntil("the repetitions", () => server.stats().received === 5);
    expect(vpn.inbox).toEqual([]);
    expect(await decide(device, one, { decision: "approve" })).toEqual({ result: "approved" });
    expect((await vpn.answerTo(bytes)).code).toBe(code.accessAccept);
    await settled(vpn, server);
    expect(vpn.inbox).toHaveLength(1);
    expect(await sent()).toHaveLength(1);
  });
});
