// Phones that an administrator hands out: what may be one, and that it counts at once.
import { afterEach, beforeEach, expect, test } from "vitest";
import { addPhone } from "#actions/phone-methods.ts";
import { begin } from "#actions/verify.ts";
import { world, type World } from "../support/world.ts";

let w: World;
beforeEach(async () => {
  w = await world({ settings: { "phone.default-country": "SE" } });
  await w.person({ username: "ada", totp: false });
});
afterEach(async () => await w.close());
const add = async (input: Omit<Parameters<typeof addPhone>[2], "username">) =>
  await addPhone(w.deps, "cli", { username: "ada", ...input });

test("a phone to be called counts at once, and its number is told masked", async () => {
  expect(await add({ by: "call", number: "070-174 06 06 x@12,3", backupNumber: "08-465 004 99" })).toMatchObject({
    method: "voice",
    sentTo: "•• 06",
  });
  const application = {
    id: "app",
    name: "App",
    firstFactor: "none",
    canChallenge: true,
    allowWithoutMethodUntil: 0,
  } as const;
  expect(await begin(w.deps, { application, username: "ada", source: { protocol: "rest" } })).toMatchObject({
    kind: "challenge",
    prompt: { method: "voice", sentTo: "•• 06" },
  });
  const [factor] = await w.deps.db.q.selectFrom("factor").select(["address", "parameters"]).execute();
  expect(factor).toEqual({ address: "+46701740606", parameters: '{"extension":"@12,3","backup":"+46846500499"}' });
  const log = JSON.stringify(await w.deps.db.q.selectFrom("log").selectAll().execute());
  expect(log).not.toContain("1740606");
});

test.each([
  [{ by: "call", number: "12" }, "number: is too short or too long for its country"],
  [{ by: "call", number: "+4690012345" }, "number: is a premium-rate number"],
  [{ by: "text", number: "+12025550123" }, "number: is in a country that phone.allowed-countries does not name"],
  [{ by: "call", number: "0701740606", backupNumber: "+44" }, "backupNumber: is not a phone number"],
  [{ by: "call", number: "0701740606 x12p" }, "number: has an extension"],
  [{ by: "text", number: "0701740606", backupNumber: "0701740607" }, "backupNumber: is for calls alone"],
] as const)("%j is refused, and nothing is kept", async (input, sentence) => {
  await expect(add(input)).rejects.toMatchObject({
    code: "invalid",
    detail: expect.stringContaining(sentence) as unknown,
  });
  expect(await w.deps.db.q.selectFrom("factor").select("id").execute()).toEqual([]);
});
