// Whose app says that it is not for an activated account: what devices ask, and what administrators see of it, on both databases.
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { inviteByName } from "#actions/activations.ts";
import { authenticateDevice } from "#actions/device-access.ts";
import { blockDevice, removeDevice, unblockDevice } from "#actions/devices.ts";
import { erasePerson, exportPerson } from "#actions/erase.ts";
import { removeMethod } from "#actions/factors.ts";
import { addPerson } from "#actions/people.ts";
import { retain } from "#actions/retention.ts";
import { listUnactivated } from "#actions/stray-devices.ts";
import { authenticatorsContract } from "#edges/http/authenticators-contract.ts";
import { writeJws } from "#wire/device/jws.ts";
import { activate, claim, look, send, type Kept } from "../../examples/device/device.ts";
import { kinds } from "../support/world.ts";
import { httpWorld } from "./http-caller.ts";

const hour = 3_600_000;
const day = 24 * hour;
const unknown = { status: 401, code: "device_not_activated" };
const anyId = () => `dev_${randomBytes(16).toString("base64url")}`;
const { privateKey: key } = generateKeyPairSync("ec", { namedCurve: "P-256" });

describe.each(kinds)("a device that counts no more, on %s,", (kind) => {
  const h = httpWorld(kind);
  const invite = async (username = "ada") => await inviteByName(h.w.deps, "cli", { username });
  const at = (name = "Phone") => ({ url: `http://127.0.0.1:${h.server.people!.port}`, name });
  const bind = async (name?: string) => await activate(await invite(), at(name));
  const ada = async () => {
    await addPerson(h.w.deps, "cli", { username: "ada" });
    return await bind();
  };
  const remove = async ({ deviceId: device }: Kept) =>
    await removeDevice(h.w.deps, "cli", { username: "ada", device, reason: "lost" });
  const asks = async (kept: Kept) => await expect(look(kept)).rejects.toMatchObject(unknown);
  const listed = async () => (await listUnactivated(h.w.deps, { limit: 100 })).devices;
  const rows = async () => await h.w.deps.db.q.selectFrom("stray_device").select(["id", "why"]).execute();
  const entries = async () =>
    await h.w.deps.db.q
      .selectFrom("log")
      .select(["user_id", "actor", "detail"])
      .where("result", "=", "DEVICE_NOT_ACTIVATED")
      .orderBy("seq")
      .execute();
  const later = (kept: Kept, ms: number): Kept => {
    h.w.clock.at += ms;
    return { ...kept, skewMs: kept.skewMs + ms };
  };

  test("is listed with its person when it asks, and not before; the first time is on record", async () => {
    let kept = await ada();
    await remove(kept);
    expect(await listed()).toEqual([]);
    const since = h.w.clock.at;
    await asks(kept);
    kept = later(kept, hour - 1);
    await asks(kept);
    const entry = { id: kept.deviceId, username: "ada", name: "Phone", why: "removed", claims: null, others: 0, since };
    expect(await listed()).toEqual([{ ...entry, askedAt: since }]);
    kept = later(kept, 1);
    await asks(kept);
    expect(await listed()).toEqual([{ ...entry, askedAt: since + hour }]);
    // which mends nothing, as long as its owner has no other
    await expect(send(kept, "/", { method: "DELETE" })).rejects.toMatchObject(unknown);
    expect(await listed()).toHaveLength(1);
    const { id: user_id } = (await h.w.deps.db.q.selectFrom("person").select("id").executeTakeFirst())!;
    const detail = JSON.stringify({ device: kept.deviceId, why: "removed" });
    expect(await entries()).toEqual([{ user_id, actor: "system", detail }]);
    expect(await exportPerson(h.w.deps, "cli", user_id)).toMatchObject({
      former_authenticators: [{ name: "Phone", why: "removed", since }],
    });
    await erasePerson(h.w.deps, "cli", { userId: user_id, reason: "asked for it" });
    expect(await rows()).toEqual([]);
  });

  test("is listed for nothing that its own key has not signed", async () => {
    const kept = await ada();
    const other = await bind("Tablet");
    await remove(kept);
    await expect(look({ ...kept, key: other.key })).rejects.toMatchObject({ status: 401, code: "bad_signature" });
    await asks({ ...kept, deviceId: "dev_odd" });
    // PostgreSQL has no such text
    await expect(look({ ...kept, deviceId: "dev_\0" })).rejects.toMatchObject({ status: 401, code: "bad_signature" });
    expect(await listed()).toEqual([]);
  });

  test("goes from the list with the next device that its person binds; asking again it was replaced", async () => {
    const [kept, other] = [await ada(), await bind("Tablet")];
    await remove(kept);
    await asks(kept);
    await asks({ ...other, deviceId: anyId() });
    expect((await listed()).map(({ why, claims }) => `${why} ${claims}`).toSorted()).toEqual([
      "removed null",
      "unknown ada",
    ]);
    await bind("New phone");
    expect(await listed()).toEqual([]);
    await asks(kept);
    expect(await listed()).toMatchObject([{ username: "ada", name: "Phone", why: "replaced", others: 2 }]);
    expect(await entries()).toHaveLength(3);
    // its owner removes the account there, and has another
    await expect(send(kept, "/", { method: "DELETE" })).rejects.toMatchObject(unknown);
    expect(await listed()).toEqual([]);
  });

  test("is listed however it went: with its method, never finished, blocked until it is let in again", async () => {
    const kept = await ada();
    const wanted = { username: "ada", device: kept.deviceId, reason: "lost" };
    await blockDevice(h.w.deps, "cli", wanted);
    await expect(look(kept)).rejects.toMatchObject({ code: "device_blocked" });
    expect(await listed()).toMatchObject([{ username: "ada", why: "blocked" }]);
    await unblockDevice(h.w.deps, "cli", wanted);
    expect(await rows()).toEqual([]);
    await look(kept);
    const begun = await claim(await invite(), at("Tablet"));
    await removeMethod(h.w.deps, "cli", { username: "ada", method: "push", reason: "lost" });
    await asks(begun);
    await asks(kept);
    expect((await listed()).map(({ name, why }) => `${name} ${why}`).toSorted()).toEqual([
      "Phone removed",
      "Tablet unfinished",
    ]);
  });

  test("that nobody knows is listed by what it says, which is for nobody's account", async () => {
    const kept = await ada();
    const { account } = kept;
    await asks({ ...kept, deviceId: anyId(), account: { ...account, username: "CORP\\Bo" } });
    expect(await listed()).toMatchObject([{ username: null, name: null, why: "unknown", claims: "bo" }]);
    expect(await entries()).toMatchObject([{ user_id: null }]);
    // the person that it names is erased with what it says
    const { id: userId } = await addPerson(h.w.deps, "cli", { username: "bo" });
    await erasePerson(h.w.deps, "cli", { userId, reason: "asked for it" });
    expect(await listed()).toEqual([]);
    const beside = await h.w.deps.db.q.selectFrom("personal").select("fields").execute();
    expect(beside.filter(({ fields }) => fields.includes('"bo"'))).toEqual([]);
  });

  test("whoever makes ids up fills nothing: so many in an hour, and those that were bound are listed all the same", async () => {
    const kept = await ada();
    await remove(kept);
    const authorization = (id: string) => {
      const payload = { htm: "GET", htu: "", iat: 0, jti: "A".repeat(22), bh: "", user: "ada" };
      return `Device ${writeJws("request", { key, kid: id, payload })}`;
    };
    const flood = async (clientIp: string, times: number) => {
      for (let time = 0; time < times; time++) {
        const signed = { authorization: authorization(anyId()), method: "GET", path: "/", body: Buffer.alloc(0) };
        expect(await authenticateDevice(h.w.deps, { ...signed, clientIp })).toEqual({ refused: unknown.code });
      }
    };
    await flood("203.0.113.1", 65);
    expect(await rows()).toHaveLength(61);
    await h.w.deps.db.q.updateTable("throttle").set({ count: 299 }).where("id", "=", "stray").execute();
    await flood("203.0.113.2", 3);
    expect(await rows()).toHaveLength(62);
    const many = Array.from({ length: 939 }, (_, index) => ({ id: `dev_${index}`, why: "unknown" }));
    await h.w.deps.db.q
      .insertInto("stray_device")
      .values(many as never)
      .execute();
    h.w.clock.at += hour;
    await flood("203.0.113.9", 1);
    expect(await rows()).toHaveLength(1001);
    await asks(later(kept, hour));
    expect((await listed())[0]).toMatchObject({ username: "ada", why: "removed" });
  });

  test("is forgotten after its time, and sooner where nobody knew it", async () => {
    let kept = await ada();
    await remove(kept);
    await retain(h.w.deps);
    await asks({ ...kept, deviceId: anyId() });
    kept = later(kept, 8 * day);
    await retain(h.w.deps);
    expect(await rows()).toEqual([{ id: kept.deviceId, why: "removed" }]);
    await asks(kept);
    kept = later(kept, 179 * day);
    await retain(h.w.deps);
    expect(await listed()).toHaveLength(1);
    kept = later(kept, 2 * day);
    await retain(h.w.deps);
    expect(await rows()).toEqual([]);
  });

  test("is told to the program that the help desk works in", async () => {
    const kept = await ada();
    await remove(kept);
    await asks(kept);
    const { method, url, schema } = authenticatorsContract.listUnactivatedAuthenticators;
    const helpDesk = await h.newKey({ scopes: ["helpdesk"] });
    const answer = await h.call(helpDesk, { method, target: `${url}?limit=10` });
    const body = schema.response[200].content["application/json"].schema.parse(answer.body);
    expect(body).toMatchObject({ total: 1, devices: [{ username: "ada", name: "Phone", why: "removed" }] });
    expect(await h.call(helpDesk, { method, target: `${url}?limit=0` })).toMatchObject({ status: 400 });
    expect(await h.call(await h.newKey(), { method, target: url })).toMatchObject({ status: 403 });
  });
});
