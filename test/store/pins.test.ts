// PINs: who sets them, what may be one, and that none is found anywhere.
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { changePin, expirePin, generatePin, pinOnCall, setPin } from "#actions/pins.ts";
import { listLog } from "#actions/records.ts";
import { pinMac } from "#actions/rules.ts";
import { readPin } from "#store/pins.ts";
import { kinds, world, type World } from "../support/world.ts";

describe.each(kinds)("PINs, on %s,", (kind) => {
  let w: World;
  let anna: { id: string };
  beforeEach(async () => {
    w = await world({ kind });
    anna = await w.person({ username: "anna", phone: "+46701740635" });
    await w.deps.db.q.updateTable("person").set({ email: "anna@example.org" }).where("id", "=", anna.id).execute();
  });
  afterEach(async () => await w.close());
  const state = async () => (await readPin(w.deps.db, anna.id))!;
  const set = async (pin: string) => await setPin(w.deps, "cli", { username: "anna", pin });
  const isPin = async (pin: string) => pinMac(w.deps, anna.id, pin).equals((await state()).mac!);

  test("one that somebody else chose or drew must be changed at the first use, and its person is told", async () => {
    await set("2955");
    expect(await isPin("2955")).toBe(true);
    expect(await state()).toMatchObject({ mustChange: true });
    const { pin } = await generatePin(w.deps, "cli", { username: "anna", reason: "forgotten" });
    expect(pin).toMatch(/^\d{6}$/);
    expect(await isPin(pin)).toBe(true);
    const { records } = await listLog(w.deps, { limit: 1 });
    expect(records[0]).toMatchObject({ result: "PIN_SET", actor: "cli" });
    const outbox = await w.deps.db.q.selectFrom("outbox").select("user_id").execute();
    expect(outbox).toHaveLength(2);
  });

  test("what breaks a rule is refused with the reason, and the value is not repeated", async () => {
    await expect(set("1111")).rejects.toThrow("pin: has three equal digits in a row");
    await expect(set("7406")).rejects.toThrow("pin: has four digits in a row of the person's number");
    await expect(setPin(w.deps, "cli", { username: "bo", pin: "2955" })).rejects.toThrow("nobody is named bo");
    w.set({ "pin.shortest": 6 });
    await expect(set("2955")).rejects.toThrow("pin: is too short or too long");
  });

  test("the last ones are refused, as many as the setting says", async () => {
    w.set({ "pin.history": 2 });
    for (const pin of ["2955", "8163", "4907"]) await set(pin);
    for (const pin of ["2955", "8163", "4907"]) await expect(set(pin)).rejects.toThrow("was used before");
    await set("5062");
    await set("2955");
    expect((await state()).history).toHaveLength(2);
  });

  test("its person changes it, once of two at the same time, and is not asked to again", async () => {
    await set("2955");
    // neither writes before both have read
    let reading = 2;
    const read = Promise.withResolvers<void>();
    const { audit } = w.deps.db;
    const write: typeof audit.write = async (work) => {
      if (--reading === 0) read.resolve();
      await read.promise;
      return await audit.write(work);
    };
    const deps = { ...w.deps, db: { ...w.deps.db, audit: { ...audit, write } } };
    const both = ["8163", "4907"].map((pin) => changePin(deps, { userId: anna.id, pin }));
    expect((await Promise.all(both)).filter(Boolean)).toHaveLength(1);
    expect(await state()).toMatchObject({ mustChange: false });
    expect(await changePin(w.deps, { userId: anna.id, pin: "2955" })).toBe(false);
    expect((await listLog(w.deps, { limit: 1 })).records[0]).toMatchObject({
      result: "PIN_CHANGED",
      actor: `person:${anna.id}`,
    });
  });

  test("a call judges it by the same rules, and keeps it as its hash", async () => {
    await set("2955");
    const onCall = await pinOnCall(w.deps, anna.id);
    expect(onCall.findFault("2955")).toBe("history");
    expect(onCall.findFault("8163")).toBeUndefined();
    expect(onCall.hash("8163")).toBe(pinMac(w.deps, anna.id, "8163").toString("base64url"));
    const other = await w.person({ username: "bo" });
    expect((await pinOnCall(w.deps, other.id)).hash("8163")).not.toBe(onCall.hash("8163"));
  });

  test("one that is over must be changed; who has none has none to end", async () => {
    await expect(expirePin(w.deps, "cli", { username: "anna" })).rejects.toThrow("anna has no PIN");
    await set("2955");
    await changePin(w.deps, { userId: anna.id, pin: "8163" });
    await expirePin(w.deps, "cli", { username: "anna" });
    expect(await state()).toMatchObject({ mustChange: true });
  });

  test("no PIN is found in the database, the log or the messages (R-049)", async () => {
    await set("295582");
    await changePin(w.deps, { userId: anna.id, pin: "816390" });
    await expect(set("816390")).rejects.toThrow("was used before");
    const rows = await Promise.all(
      (["person", "log", "personal", "outbox"] as const).map((table) =>
        w.deps.db.q.selectFrom(table).selectAll().execute(),
      ),
    );
    const all = JSON.stringify([rows, w.logged], (_, value: unknown) =>
      value instanceof Uint8Array ? Buffer.from(value).toString("latin1") : value,
    );
    for (const pin of ["295582", "816390"]) expect(all).not.toContain(pin);
  });
});
