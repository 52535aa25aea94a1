// Authenticator apps over HTTP. What an action does is in device-activation.test.ts; here is how it is asked for.
import { expect, test } from "vitest";
import { addPerson } from "#actions/people.ts";
import { authenticatorsContract as contract } from "#edges/http/authenticators-contract.ts";
import { activate } from "../../examples/device/device.ts";
import { httpWorld } from "./http-caller.ts";

const h = httpWorld();
const reason = "new phone, called back";
type Name = keyof typeof contract;

test("a person is invited to bind a device, which is listed, blocked, let in again and removed", async () => {
  await addPerson(h.w.deps, "cli", { username: "ada" });
  const key = await h.newKey({ scopes: ["helpdesk"] });
  const ask = async (name: Name, body?: object) => {
    const { method, url, schema } = contract[name];
    const answer = await h.call(key, { method, target: url.replace(":username", "ada"), ...(body && { body }) });
    expect(answer.status).toBe(200);
    return schema.response[200].content["application/json"].schema.parse(answer.body) as Record<string, unknown>;
  };
  const { link } = (await ask("inviteAuthenticator", { reason })) as { link: string };
  const kept = await activate({ link }, { url: `http://127.0.0.1:${h.server.people!.port}`, name: "Phone" });
  const state = async () => await ask("listAuthenticators");
  expect(await state()).toMatchObject({
    devices: [{ id: kept.deviceId, name: "Phone", state: "active", push: "none" }],
  });
  await ask("blockAuthenticator", { device: "Phone", reason });
  expect(await state()).toMatchObject({ devices: [{ state: "blocked" }] });
  await ask("unblockAuthenticator", { device: kept.deviceId, reason });
  await ask("removeAuthenticator", { device: kept.deviceId, reason });
  expect(await state()).toEqual({ devices: [] });
  const log = h.w.deps.db.q.selectFrom("log").select("actor").where("result", "=", "DEVICE_BLOCKED");
  expect(await log.execute()).toEqual([{ actor: `key:${key.id}` }]);
});
