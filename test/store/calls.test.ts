// Calls from the order to the end: what each leg does to the challenge, the backup phone, and events that come twice or late.
import { afterEach, describe, expect, test } from "vitest";
import { callEvent, finishCalls } from "#actions/calls.ts";
import { collect } from "#actions/collect.ts";
import { deliverDue } from "#actions/deliver.ts";
import { addGateway, removeGateway } from "#actions/gateways.ts";
import { setPin, changePin } from "#actions/pins.ts";
import { begin } from "#actions/verify.ts";
import type { CallEnd } from "#core/call.ts";
import type { Application } from "#core/facts.ts";
import type { CallEvent } from "#delivery/gateway.ts";
import { Unanswered } from "#store/open.ts";
import { kinds, world, type World } from "../support/world.ts";

const page: Application = {
  id: "app_portal",
  name: "Portal",
  firstFactor: "none",
  canChallenge: true,
  allowWithoutMethodUntil: 0,
};
const plain: Application = { ...page, canChallenge: false, plainApproval: true };
const source = { protocol: "rest" } as const;
const number = "+46701740635";
const other = "+46701740700";

describe.each(kinds)("on %s", (kind) => {
  let w: World;
  let placed: URLSearchParams[];
  afterEach(async () => await w.close());

  type Given = {
    application?: Application;
    parameters?: object;
    pin?: string;
    settings?: object;
    status?: number;
    address?: string;
  };
  async function called(given: Given = {}) {
    const asked = await begun(given);
    await rung(1);
    return { ...asked, ...(await leg(0)) };
  }
  async function begun({ application = page, parameters, pin, settings = {}, status = 201, address = number }: Given) {
    w = await world({ kind, settings });
    placed = [];
    w.deps.net = async ({ body = "" }) => {
      placed.push(new URLSearchParams(body));
      return { status, body: JSON.stringify({ sid: `CA${placed.length}` }) };
    };
    await removeGateway(w.deps, "cli", "simulated-calls");
    const options = { account: "AC1" };
    const gateway = {
      channel: "voice",
      vendor: "twilio",
      name: "tele",
      options,
      secret: "t",
      sender: "+46850000000",
    } as const;
    await addGateway(w.deps, "cli", gateway);
    const person = await w.person({ username: "ada", totp: false, voice: address });
    if (parameters)
      await w.deps.db.q
        .updateTable("factor")
        .set({ parameters: JSON.stringify(parameters) })
        .execute();
    if (pin !== undefined) {
      await setPin(w.deps, "cli", { username: "ada", pin: "5062" });
      await changePin(w.deps, { userId: person.id, pin });
    }
    const got = await begin(w.deps, { application, username: "ada", source });
    if (got.kind !== "challenge") throw new Error(`no challenge but ${JSON.stringify(got)}`);
    return got;
  }
  /** Until so many calls were ordered; waits for no time. */
  const rung = async (count: number) => {
    await deliverDue(w.deps);
    await expect.poll(() => placed.length).toBe(count);
  };
  /** Nobody can be asked any more, and what was to be done is done. */
  const untilRefused = async () => {
    const attempts = async () =>
      (await w.deps.db.q.selectFrom("delivery").select("state").execute()).map((row) => row.state);
    await expect.poll(attempts).toEqual(["refused"]);
    w.clock.at += 20_000;
    await deliverDue(w.deps);
    const state = async () => {
      await finishCalls(w.deps);
      return (await challenge()).state;
    };
    await expect.poll(state).toBe("denied");
  };
  const leg = async (at: number) => {
    const url = new URL(placed[at]!.get("Url")!);
    const ref = url.searchParams.get("delivery")!;
    const row = await w.deps.db.q
      .selectFrom("call")
      .select("gateway_id")
      .where("id", "=", ref)
      .executeTakeFirstOrThrow();
    const { gateway_id: gatewayId } = row;
    let turn = 0;
    const tell = async (event: Partial<CallEvent> & { kind: CallEvent["kind"] }) => {
      const line = await callEvent(w.deps, { gatewayId, event: { id: "x", ref, ...event } as CallEvent });
      if (line) turn = line.turn;
      return line;
    };
    const words = (line: Awaited<ReturnType<typeof tell>>) =>
      line?.say.map((one) => ("text" in one ? one.text : "")).join(" ");
    return {
      ref,
      gatewayId,
      answered: async (machine = false) => words(await tell({ kind: "answered", machine })),
      keys: async (text: string) => {
        const closed = text.endsWith("#");
        return words(await tell({ kind: "digits", turn, digits: closed ? text.slice(0, -1) : text, closed }));
      },
      ended: async (how: CallEnd) => words(await tell({ kind: "ended", how })),
      tell,
    };
  };
  const challenge = async () =>
    await w.deps.db.q.selectFrom("challenge").select(["state", "result"]).executeTakeFirstOrThrow();
  const details = async () =>
    (
      await w.deps.db.q
        .selectFrom("log")
        .select(["result", "detail"])
        .where("kind", "<>", "change")
        .orderBy("seq")
        .execute()
    )
      .filter(({ detail }) => detail !== null)
      .map(({ result, detail }) => [result, (JSON.parse(detail!) as { calls: unknown }).calls]);
  const denial = (result: string) => ({ state: "denied", result });

  test("the number shown is typed, and whoever waits is let in; the carrier was told nothing of it", async () => {
    const call = await called();
    const waiting = collect(w.deps, { application: page, challengeId: call.id, source, waitMs: 60_000 });
    // a page of our own speaks for the organisation
    expect(await call.answered()).toMatch(/sign-in to Countersign\. Type the number/);
    expect(await call.keys("000000#")).toMatch(/^That was not right\./);
    expect(await call.keys(`${call.prompt.number}#`)).toContain("You are verified");
    expect(await waiting).toMatchObject({ kind: "allow", methods: ["voice"] });
    await call.ended("hung_up");
    expect(placed).toHaveLength(1);
    expect(placed[0]!.toString()).not.toContain(call.prompt.number!);
    expect(await details()).toContainEqual([
      "SUCCESS_CALL_NUMBER_VERIFIED",
      { primary: { country: "SE", result: "SUCCESS_CALL_NUMBER_VERIFIED", authenticated: true } },
    ]);
  });

  test("keys that could not be checked are asked for once more", async () => {
    const call = await called();
    await call.answered();
    const { db } = w.deps;
    const { atOnce } = db;
    db.atOnce = async () => {
      db.atOnce = atOnce;
      throw new Unanswered("away");
    };
    expect(await call.keys(`${call.prompt.number}#`)).toContain("That was not right");
    expect(await call.keys(`${call.prompt.number}#`)).not.toBe("");
    expect(await challenge()).toMatchObject({ state: "approved" });
  });

  test("a PIN that must be changed is changed in the call, which then counts; hanging up denies", async () => {
    const application = { ...page, canChallenge: false };
    const call = await called({ application, pin: "2955" });
    await w.deps.db.q.updateTable("person").set({ pin_must_change: 1 }).execute();
    await call.answered();
    expect(await call.keys("2955#")).toContain("must be changed");
    expect(await call.keys("2955#")).toContain("used that PIN before");
    await call.keys("8163#");
    expect(await call.keys("8163#")).toContain("Your PIN is changed");
    expect(await challenge()).toEqual({ state: "approved", result: "SUCCESS_WITH_PIN" });
  });

  test("a PIN that an administrator sets meanwhile is not changed by whoever knew the old one", async () => {
    const call = await called({ application: { ...page, canChallenge: false }, pin: "2955" });
    await w.deps.db.q.updateTable("person").set({ pin_must_change: 1 }).execute();
    await call.answered();
    await call.keys("2955#");
    await call.keys("8163#");
    await setPin(w.deps, "cli", { username: "ada", pin: "7340" });
    const mac = async () =>
      (await w.deps.db.q.selectFrom("person").select("pin_mac").executeTakeFirstOrThrow()).pin_mac;
    const set = await mac();
    expect(await call.keys("8163#")).not.toContain("Your PIN is changed");
    expect(await mac()).toEqual(set);
    expect(await challenge()).toEqual({ state: "cancelled", result: null });
  });

  test("the backup phone is called when the first reaches nobody, and both are on the record", async () => {
    const call = await called({ parameters: { backup: other } });
    await call.ended("busy");
    expect(await challenge()).toEqual({ state: "pending", result: null });
    await rung(2);
    expect(placed.map((order) => order.get("To"))).toEqual([number, other]);
    const second = await leg(1);
    await second.answered();
    await second.keys(`${call.prompt.number}#`);
    expect(await challenge()).toMatchObject({ state: "approved" });
    await collect(w.deps, { application: page, challengeId: call.id, source, waitMs: 0 });
    expect((await details()).at(-1)).toEqual([
      "SUCCESS_CALL_NUMBER_VERIFIED",
      {
        primary: { country: "SE", result: "CONFIG_ISSUE", authenticated: false },
        backup: { country: "SE", result: "SUCCESS_CALL_NUMBER_VERIFIED", authenticated: true },
      },
    ]);
    const personal = await w.deps.db.q.selectFrom("personal").select("fields").execute();
    expect(personal.some(({ fields }) => fields.includes(other))).toBe(true);
  });

  test("the backup phone that reaches nobody either denies, and is called once however often that is told", async () => {
    const call = await called({ parameters: { backup: other } });
    await Promise.all([call.ended("no_answer"), call.ended("no_answer"), call.ended("busy")]);
    await rung(2);
    await (await leg(1)).ended("no_answer");
    expect(await challenge()).toEqual(denial("CONFIG_ISSUE"));
    expect((await details()).at(-1)).toEqual([
      "CONFIG_ISSUE",
      {
        primary: { country: "SE", result: "CONFIG_ISSUE", authenticated: false },
        backup: { country: "SE", result: "CONFIG_ISSUE", authenticated: false },
      },
    ]);
    expect(placed).toHaveLength(2);
  });

  test("told five times in any order, the events of a call do what they do once (R-052)", async () => {
    const call = await called();
    const { ref, gatewayId } = call;
    const events: CallEvent[] = [
      { kind: "answered", id: "1", ref },
      { kind: "digits", id: "2", ref, turn: 1, digits: "000000", closed: true },
      { kind: "digits", id: "3", ref, turn: 3, digits: call.prompt.number!, closed: true },
      { kind: "ended", id: "4", ref, how: "hung_up" },
    ];
    for (const event of events)
      await Promise.all(Array.from({ length: 5 }, () => callEvent(w.deps, { gatewayId, event })));
    for (const event of [...events, ...events.toReversed()]) await callEvent(w.deps, { gatewayId, event });
    expect(await challenge()).toEqual({ state: "approved", result: "SUCCESS_CALL_NUMBER_VERIFIED" });
    const records = await w.deps.db.q
      .selectFrom("log")
      .select("result")
      .where("challenge_id", "=", call.id)
      .orderBy("seq")
      .execute();
    expect(records.map(({ result }) => result)).toEqual([
      "SUCCESS_CALL_PLACED",
      "FAILED_CALL_NUMBER_INCORRECT",
      "SUCCESS_CALL_NUMBER_VERIFIED",
    ]);
  });

  test("a call that no carrier takes denies once nobody else can be asked", async () => {
    await called({ status: 500 });
    await finishCalls(w.deps);
    expect(await challenge()).toMatchObject({ state: "pending" });
    await untilRefused();
    expect(await challenge()).toEqual(denial("FAILED_SERVER_ERROR"));
  });

  test("no digit that was pressed is in the database or the log (R-049)", async () => {
    const call = await called({ application: { ...page, canChallenge: false }, pin: "295582" });
    await call.answered();
    await call.keys("738491#");
    await w.deps.db.q.updateTable("person").set({ pin_must_change: 1 }).execute();
    await call.keys("295582#");
    await call.keys("816390#");
    const tables = ["call", "log", "personal", "outbox", "delivery", "challenge", "person"] as const;
    const rows = await Promise.all(tables.map((table) => w.deps.db.q.selectFrom(table).selectAll().execute()));
    const all = JSON.stringify([rows, w.logged], (_, value: unknown) =>
      value instanceof Uint8Array ? Buffer.from(value).toString("latin1") : value,
    );
    for (const pin of ["738491", "295582", "816390"]) expect(all).not.toContain(pin);
  });

  // what else a call may come to is the script's, and takes no other statements
  if (kind === "postgres") return;

  test("the PIN is typed; # alone and a star are denied", async () => {
    const call = await called({ application: { ...page, canChallenge: false }, pin: "2955" });
    expect(await call.answered()).toContain("Enter your PIN");
    expect(await call.keys("2956#")).toContain("That was not right");
    expect(await call.keys("2955#")).toContain("You are verified");
    expect(await challenge()).toEqual({ state: "approved", result: "SUCCESS_WITH_PIN" });
  });

  test.each([
    ["#", "SUCCESS_NO_PIN"],
    ["2*5#", "SUCCESS_INVALID_INPUT"],
    ["2955", "SUCCESS_WITH_PIN_BUT_TIMEOUT"],
    ["", "SUCCESS_NO_PIN_BUT_TIMEOUT"],
  ])("keys %j where a PIN is wanted: %s", async (keys, result) => {
    const call = await called({ application: { ...page, canChallenge: false }, pin: "2955" });
    await call.answered();
    await call.keys(keys);
    await call.keys(keys);
    expect(await challenge()).toEqual(denial(result));
  });

  test("a PIN that has ended by its days and is not changed is denied for that", async () => {
    const call = await called({
      application: { ...page, canChallenge: false },
      pin: "2955",
      settings: { "pin.expire-days": 30 },
    });
    await w.deps.db.q
      .updateTable("person")
      .set({ pin_changed_at: w.clock.at - 31 * 86_400_000 })
      .execute();
    await call.answered();
    expect(await call.keys("2955#")).toContain("must be changed");
    await call.ended("hung_up");
    expect(await challenge()).toEqual(denial("SUCCESS_PIN_EXPIRED"));
  });

  test("# alone is enough where an administrator says so, and a PIN is denied there", async () => {
    const call = await called({ application: plain });
    await call.answered();
    expect(await call.keys("#")).toContain("You are verified");
    expect(await challenge()).toEqual({ state: "approved", result: "SUCCESS_NO_PIN" });
    await w.close();
    const second = await called({ application: plain });
    await second.answered();
    await second.keys("1234#");
    expect(await challenge()).toEqual(denial("SUCCESS_WITH_PIN"));
  });

  test.each<[CallEnd, string]>([
    ["busy", "CONFIG_ISSUE"],
    ["no_answer", "CONFIG_ISSUE"],
    ["hung_up", "FAILED_USER_HUNGUP_ON_US"],
    ["failed", "FAILED_SERVER_ERROR"],
  ])("a call that ends with %s: %s", async (how, result) => {
    const call = await called();
    await call.ended(how);
    expect(await challenge()).toEqual(denial(result));
  });

  test("a second sign-in while the phone rings is told so, and does not ring it again", async () => {
    await called();
    expect(await begin(w.deps, { application: page, username: "ada", source })).toMatchObject({
      kind: "deny",
      code: "busy",
    });
    const results = await w.deps.db.q.selectFrom("log").select("result").where("kind", "=", "authentication").execute();
    expect(results.map(({ result }) => result)).toEqual(["SUCCESS_CALL_PLACED", "FAILED_PHONE_BUSY"]);
    expect(placed).toHaveLength(1);
  });

  test("voicemail hears nothing and denies", async () => {
    const call = await called();
    expect(await call.answered(true)).toBe("");
    expect(await challenge()).toEqual(denial("SUCCESS_NO_PIN_BUT_TIMEOUT"));
  });

  test("fraud is denied, reported and blocks when that is confirmed", async () => {
    const call = await called();
    expect(await call.answered()).toContain("press 0, then the hash key");
    expect(await call.keys("0#")).toContain("press 1");
    expect(await challenge()).toEqual(denial("FAILED_FRAUD_CODE_ENTERED"));
    expect(await call.keys("1")).toContain("reported");
    const block = await w.deps.db.q.selectFrom("block").select(["cause", "blocks"]).executeTakeFirstOrThrow();
    expect(block).toEqual({ cause: "fraud", blocks: 1 });
  });

  test("a backup phone where nobody may be called is not called (R-039)", async () => {
    const settings = { "phone.allowed-countries": ["SE"] };
    const call = await called({ parameters: { backup: "+4915112345678" }, settings });
    await call.ended("busy");
    expect(await challenge()).toEqual(denial("CONFIG_ISSUE"));
    expect(placed).toHaveLength(1);
  });

  test("an extension is dialled, and one that cannot be is denied before anybody's phone rings", async () => {
    const call = await called({ parameters: { extension: ",890" } });
    expect(await call.tell({ kind: "answered" })).toMatchObject({ dial: ",890" });
    expect(await call.keys("#")).toContain("Type the number");
  });

  test("an extension that cannot be dialled, and a number that is none, are denied before anybody's phone rings", async () => {
    await begun({ parameters: { extension: "89w0" } });
    await untilRefused();
    expect(await challenge()).toEqual(denial("FAILED_INVALID_EXTENSION"));
    await w.close();
    await begun({ parameters: {}, address: "+461" });
    await untilRefused();
    expect(await challenge()).toEqual(denial("FAILED_INVALID_PHONENUMBER"));
    expect(placed).toEqual([]);
  });

  test("an operator is asked where the setting says so, or the extension", async () => {
    const call = await called({ parameters: { extension: "@890" } });
    expect(await call.answered()).toMatch(/transfer it to this extension: 8\s+9\s+0/);
  });

  test("an event of another gateway, or about no call of ours, is nothing (R-050)", async () => {
    const call = await called();
    const event: CallEvent = { kind: "answered", id: "1", ref: call.ref };
    expect(await callEvent(w.deps, { gatewayId: "gtw_other", event })).toBeUndefined();
    expect(
      await callEvent(w.deps, { gatewayId: call.gatewayId, event: { ...event, ref: "dlv_other" } }),
    ).toBeUndefined();
    const row = await w.deps.db.q.selectFrom("call").select(["version", "state"]).executeTakeFirstOrThrow();
    expect(row.version).toBe(0);
  });
});
