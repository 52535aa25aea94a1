import { expect, test } from "vitest";
import { eachCli } from "./cli-setup.ts";

// Whoever carries texts and calls, by command.
const cli = eachCli();
const http = ["--option", "url=https://sms.example/send", "--secret-file", "-"];
const add = (name: string, ...more: string[]) => ["gateway", "add", "sms", "http", "--name", name, ...more];
const stdin = "the vendor's secret";

test("a gateway is added, listed, disabled, enabled and removed; its secret is shown nowhere", async () => {
  const { run, json } = cli();
  const added = await run(
    add("main", "--place", "1", "--sender", "Example", "--sender-for", "+1=+15005550006", ...http),
    { stdin },
  );
  expect([added.exit, added.stderr]).toEqual([0, ""]);
  expect(added.stdout).toMatch(/https:\/\/mfa\.example\.org\/callbacks\/main\?token=[\w-]{43}\n/);
  expect(await json(["gateway", "list"])).toMatchObject({
    gateways: [
      { name: "main", vendor: "http", sender: "Example", senders: { "+1": "+15005550006" }, enabled: true },
      { vendor: "simulator" },
      { vendor: "simulator" },
    ],
  });
  expect((await run(add("main", "--sender", "Example", ...http), { stdin })).stderr).toContain("exists already");
  expect((await run(["gateway", "disable", "main"])).stdout).toBe("main is disabled.\n");
  expect(await json(["gateway", "list"])).toMatchObject({ gateways: [{ name: "main", enabled: false }, {}, {}] });
  expect((await run(["gateway", "enable", "main"])).exit).toBe(0);
  expect((await run(["gateway", "remove", "main"])).stdout).toBe("main is removed.\n");
  expect((await run(["gateway", "remove", "main"])).stderr).toContain("no gateway is named main");
  expect((await run(["log", "list", "--json"])).stdout).not.toContain(stdin);
});

test.each([
  ["name", ["--name", "a b"]],
  ["sender", ["--sender", "a name that is too long"]],
  ["prefixes.0", ["--prefix", "46"]],
  ["senders.46", ["--sender-for", "46=Example"]],
  ["url", ["--option", "url=http://sms.example"]],
  ["other", ["--option", "other=1"]],
  ["secret", ["--option", "secret=1"]],
])("%s: is refused when it cannot be meant: %s", async (field, more) => {
  const refused = await cli().run(add("main", "--sender", "Example", ...http, ...more), { stdin });
  expect([refused.exit, refused.stderr.split(":")[0], refused.stderr.includes(stdin)]).toEqual([1, field, false]);
});

test("nobody sets up the evaluation's phones, or a vendor that nobody knows", async () => {
  for (const vendor of ["simulator", "nobody"]) {
    const refused = await cli().run(["gateway", "add", "sms", vendor, "--name", "x", "--sender", "Example"]);
    expect([refused.exit, refused.stderr]).toEqual([1, `vendor: none for sms is named ${vendor}\n`]);
  }
  expect((await cli().run(["gateway", "add", "fax", "http", "--name", "x", "--sender", "Example"])).exit).toBe(2);
});

test("a test text says each step, what the vendor answered and how long it took, and neither number nor secret", async () => {
  const { run, here } = cli();
  await run(add("first", "--sender", "Example", "--place", "1", ...http), { stdin });
  const tested = await run(["gateway", "test", "sms", "+46701234567"]);
  expect(tested.exit).toBe(0);
  expect(tested.stdout).toBe(
    [
      "STEP    GATEWAY          TOOK (MS)  RESULT",
      "number                   0          •• 67, SE",
      "route                    0          first as Example, then simulated-texts as Countersign",
      "send    first            0          nobody is there",
      "send    simulated-texts  0          taken, its id is ",
    ].join("\n") + tested.stdout.slice(tested.stdout.indexOf("msg_")),
  );
  expect(here.sent).toMatchObject([{ to: "+46701234567", text: expect.stringContaining("test") as unknown }]);
  const refused = await run(["gateway", "test", "sms", "+46701234567", "--gateway", "first"]);
  expect([refused.exit, refused.stdout.includes("nobody is there")]).toEqual([1, true]);
  await run(["gateway", "disable", "simulated-calls"]);
  const calls = ["gateway", "test", "voice", "+46701234567", "--wait", "0"];
  expect((await run(calls)).stdout).toContain("no gateway for voice");
  await run(["gateway", "enable", "simulated-calls"]);
  expect((await run(calls)).exit).toBe(0);
  expect(here.placed).toMatchObject([{ to: "+46701234567", from: "+46846500499" }]);
});

test("figures say what became of texts, by gateway and country", async () => {
  const { run, json, here } = cli();
  expect((await run(["gateway", "figures"])).stdout).toBe("none\n");
  for (const number of ["+46701234567", "+46701234568", "+4915112345678"])
    await run(["gateway", "test", "sms", number]);
  const took = [4000, 9000];
  const rows = await here.deps.db.q.selectFrom("delivery").select(["id", "country"]).execute();
  for (const [index, { id }] of rows.filter((row) => row.country === "SE").entries())
    await here.deps.db.q
      .updateTable("delivery")
      .set({ state: "delivered", delivered_at: here.clock.at + took[index]!, cost_micros: 350_000, currency: "SEK" })
      .where("id", "=", id)
      .execute();
  const common = { gateway: "simulated-texts", channel: "sms", used: 0 };
  const germany = { country: "DE", attempts: 1, sent: 1, delivered: 0, p50: null, p95: null, costMicros: null };
  const sweden = { country: "SE", attempts: 2, sent: 2, delivered: 2, p50: 4000, p95: 9000, costMicros: 700_000 };
  expect(await json(["gateway", "figures"])).toEqual({
    figures: [
      { ...common, ...germany, currency: null },
      { ...common, ...sweden, currency: "SEK" },
    ],
  });
  expect((await run(["gateway", "figures"])).stdout).toContain("0.70 SEK");
});

test("a destination that was closed is listed and opened again", async () => {
  const { run, json, here } = cli();
  const closed = { id: "NO", sent: 30, answered: 2, blocked_at: 1_800_000_000_000, released_at: null };
  await here.deps.db.q.insertInto("blocked_destination").values(closed).execute();
  expect(await json(["gateway", "destinations"])).toEqual({
    destinations: [{ id: "NO", sent: 30, answered: 2, blockedAt: closed.blocked_at }],
  });
  const opened = await run(["gateway", "release", "NO", "--reason", "texts were late"]);
  expect([opened.exit, opened.stdout]).toEqual([0, "Texts and calls go to NO again.\n"]);
  expect(await json(["gateway", "destinations"])).toEqual({ destinations: [] });
  expect((await run(["gateway", "release", "NO", "--reason", "again"])).stderr).toContain("no such destination");
});
