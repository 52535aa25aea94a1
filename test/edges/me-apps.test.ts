// A person's own authenticator apps, device by device, with devices that speak the protocol.
import { describe, expect, test } from "vitest";
import { inviteByName } from "#actions/activations.ts";
import { findSession } from "#actions/sessions.ts";
import { activate, look, type Kept } from "../../examples/device/device.ts";
import { kinds } from "../support/world.ts";
import { ownWorld, type Session } from "./own-world.ts";

describe.each(kinds)("one's own apps on %s", (kind) => {
  const h = ownWorld(kind);
  const { ask, call, idOf, mails, methods, remembered, signIn } = h;

  const device = async (name: string): Promise<Kept> => {
    const { link } = await inviteByName(h.w.deps, "cli", { username: "eva" });
    return await activate({ link }, { url: h.url(), name });
  };
  const apps = async (session: Session) => (await ask("GET", "/api/v1/me/apps", { session })).body["apps"];

  test("each device is told with what it can do, and named; its codes are no method beside it", async () => {
    const session = await signIn();
    const before = (await methods(session)).length;
    const { deviceId } = await device("phone");
    const told = { id: deviceId, name: "phone", kind: "other", push: "none", state: "ready" };
    expect(await apps(session)).toEqual([expect.objectContaining(told)]);
    expect((await call("renameApp", deviceId, { session })).status).toBe(204);
    expect(await apps(session)).toEqual([expect.objectContaining({ ...told, name: "Work phone" })]);
    const turned = { name: "abc\u202Edef" };
    expect((await call("renameApp", deviceId, { session, body: turned })).status).toBe(400);
    expect((await methods(session)).filter((one) => one.kind === "totp")).toHaveLength(1);
    expect(await methods(session)).toHaveLength(before + 1);
    for (const name of ["removeMethod", "loseMethod", "renameMethod"] as const)
      expect((await call(name, await idOf(session, "push"), { session })).status).toBe(404);
  });

  test("a device that is removed or was stolen counts no more, and its owner is told and signed out elsewhere", async () => {
    const [stolen, removed] = [await device("stolen"), await device("removed")];
    const [session, other] = [await signIn(), await signIn()];
    await remembered();
    await mails();
    expect((await call("blockApp", stolen.deviceId, { session })).status).toBe(204);
    await expect(look(stolen)).rejects.toMatchObject({ status: 401, code: "device_blocked" });
    expect((await call("removeApp", removed.deviceId, { session })).status).toBe(204);
    await expect(look(removed)).rejects.toMatchObject({ status: 401, code: "device_not_activated" });
    expect(await apps(session)).toEqual([expect.objectContaining({ name: "stolen", state: "blocked" })]);
    expect(await findSession(h.w.deps, other.token)).toBeUndefined();
    expect((await ask("GET", "/api/v1/me/devices", { session })).body["devices"]).toEqual([]);
    expect((await methods(session)).find((one) => one.kind === "push")).toMatchObject({ state: "lost" });
    // what counts no more may always go, and the last device takes the method along
    expect((await call("removeApp", stolen.deviceId, { session })).status).toBe(204);
    expect((await methods(session)).some((one) => one.kind === "push")).toBe(false);
  });

  test("the last device stays while it is the last way to verify, however it is tried", async () => {
    const [one, two] = [await device("one"), await device("two")];
    const session = await signIn();
    for (const { id } of await methods(session)) await call("removeMethod", id, { session });
    const answers = await Promise.all(
      [one, two].map(async ({ deviceId }) => await call("removeApp", deviceId, { session })),
    );
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([204, 409]);
    const [left] = (await apps(session)) as { id: string }[];
    for (const name of ["removeApp", "blockApp"] as const)
      expect((await call(name, left!.id, { session })).body["reason"]).toBe("last_method");
    expect(await methods(session)).toEqual([expect.objectContaining({ kind: "push", state: "ready" })]);
  });

  test("another person's devices are not there", async () => {
    const { deviceId } = await device("eva's");
    const bo = await h.w.person({ username: "bo", phone: "+46701234568" });
    const his = await signIn(bo.id);
    expect(await apps(his)).toEqual([]);
    for (const name of ["renameApp", "removeApp", "blockApp"] as const)
      expect((await call(name, deviceId, { session: his })).status).toBe(404);
  });
});
