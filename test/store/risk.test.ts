// whose phone gets nothing, and whoever is asked before a number gets something.
import { createHmac } from "node:crypto";
import { afterEach, expect, test } from "vitest";
import { clear } from "#actions/outgoing.ts";
import { listPersons } from "#actions/people.ts";
import { riskKey } from "#actions/risk.ts";
import type { Ask } from "#delivery/gateway.ts";
import { world, type World } from "../support/world.ts";

const url = "https://risk.example.org/check";
let w: World;
afterEach(async () => await w.close());

async function person(username: string, groups: string[], more: { totp?: boolean } = {}) {
  const { id } = await w.person({ username, phone: "+46701234567", ...more });
  await w.deps.db.q
    .updateTable("person")
    .set({ groups: JSON.stringify(groups) })
    .where("id", "=", id)
    .execute();
  return id;
}
const answering = (answer: Ask) => (w.deps.net = answer);
const vetoed = async (userId: string) => {
  const cleared = await clear(w.deps, { channel: "sms", to: "+46701234567", userId });
  return "veto" in cleared ? cleared.veto : undefined;
};

test("the risk check is asked with a signature, and can say no", async () => {
  w = await world({ settings: { "phone.risk-url": url } });
  const id = await person("ada", []);
  const asked: Parameters<Ask>[0][] = [];
  let decision = "allow";
  answering(async (request) => {
    asked.push(request);
    return { status: 200, body: JSON.stringify({ decision }) };
  });
  expect(await vetoed(id)).toBeUndefined();
  decision = "veto";
  expect(await vetoed(id)).toBe("risk");
  const { headers, body, ...request } = asked[0]!;
  expect(request).toMatchObject({ method: "POST", url });
  expect(JSON.parse(body!)).toEqual({ number: "+46701234567", userId: id, channel: "sms", purpose: "sign_in" });
  const key = Buffer.from(riskKey(w.deps), "hex");
  const signature = createHmac("sha256", key).update(`${headers!["countersign-time"]}.${body}`).digest("hex");
  expect(headers).toMatchObject({ "countersign-signature": signature });
  expect(key).toHaveLength(32);
});

test("its silence is what the setting says, and always a no for privileged groups", async () => {
  w = await world({ settings: { "phone.risk-url": url, "phone.privileged-groups": ["administrators"] } });
  const [ada, bob] = [await person("ada", ["staff", "administrators"]), await person("bob", ["staff"])];
  const silences: Ask[] = [
    async () => Promise.reject(new Error("nobody there")),
    async () => ({ status: 500, body: JSON.stringify({ decision: "allow" }) }),
    async () => ({ status: 200, body: "yes" }),
    async ({ signal }) =>
      await new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("no answer in time")))),
  ];
  w.set({ "phone.risk-seconds": 1 });
  for (const silence of silences) {
    answering(silence);
    w.set({ "phone.risk-silence": "allow" });
    expect([await vetoed(ada), await vetoed(bob)]).toEqual(["risk", undefined]);
    w.set({ "phone.risk-silence": "veto" });
    expect(await vetoed(bob)).toBe("risk");
  }
});

test("nothing is sent to people in forbidden groups", async () => {
  w = await world({ settings: { "phone.forbidden-groups": ["administrators"] } });
  expect(await vetoed(await person("ada", ["administrators"]))).toBe("group");
  expect(await vetoed(await person("bob", ["staff"]))).toBeUndefined();
});

test("people who have a phone and nothing besides are listed", async () => {
  w = await world();
  await person("ada", []);
  await person("bob", [], { totp: false });
  await w.person({ username: "cleo" });
  const { people } = await listPersons(w.deps, { limit: 10, phoneOnly: true });
  expect(people.map(({ username }) => username)).toEqual(["bob"]);
  expect((await listPersons(w.deps, { limit: 10 })).people).toHaveLength(3);
});
