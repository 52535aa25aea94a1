import { afterEach, describe, expect, test } from "vitest";
import { deliverDue } from "#actions/deliver.ts";
import { sealed } from "#actions/sealed.ts";
import type { Message } from "#actions/deps.ts";
import { post } from "#store/outbox.ts";
import { kinds, world, type World } from "../support/world.ts";

const text: Message = { id: "msg_text", channel: "sms", to: "+46701234567", text: "Hej" };
const mail: Message = { id: "msg_mail", channel: "email", to: "ada@example.org", subject: "Hej", text: "Hej" };

describe.each(kinds)("on %s", (kind) => {
  let w: World;
  afterEach(async () => await w.close());

  const queue = async (...messages: Message[]) => {
    const whose = { challenge_id: null, user_id: "usr_ada", at: w.clock.at };
    await w.deps.db.transaction((run) =>
      post(
        run,
        messages.map((one) => ({ ...sealed(w.deps, one), ...whose })),
      ),
    );
  };
  const states = async () =>
    Object.fromEntries(
      (await w.deps.db.q.selectFrom("outbox").select(["id", "state"]).execute()).map((row) => [row.id, row.state]),
    );
  /** When each attempt came, in seconds after the first, while no carrier takes anything. */
  const attempts = async (hours: number) => {
    const at = w.clock.at;
    const seen: Record<string, number[]> = {};
    const refuse = ({ id }: { id: string }) => {
      seen[id] = [...(seen[id] ?? []), (w.clock.at - at) / 1000];
      throw new Error("not now");
    };
    w.deps.send = async (given) => refuse(given);
    w.deps.net = async ({ body = "" }) => refuse(JSON.parse(body) as { id: string });
    for (; w.clock.at < at + hours * 3_600_000; w.clock.at += 10_000) await deliverDue(w.deps);
    return seen;
  };

  test("a text and a mail are sent once, as they were written, and not kept", async () => {
    w = await world({ kind });
    await queue(text, mail);
    await deliverDue(w.deps);
    await deliverDue(w.deps);
    expect(w.sent.toSorted((a, b) => (a.id < b.id ? -1 : 1))).toEqual([mail, text]);
    expect(await states()).toEqual({ msg_text: "sent", msg_mail: "sent" });
    const kept = await w.deps.db.q.selectFrom("outbox").select("sealed_payload").execute();
    expect(kept.map((row) => row.sealed_payload.length)).toEqual([0, 0]);
  });

  test("a text is tried twice, a mail for half a day at growing distances", async () => {
    w = await world({ kind });
    await queue(text, mail);
    const seen = await attempts(12);
    expect(seen["msg_text"]).toEqual([0, 10]);
    expect(seen["msg_mail"]!.slice(0, 5)).toEqual([0, 60, 300, 840, 1800]);
    expect(seen["msg_mail"]!.length).toBe(12);
    expect(await states()).toEqual({ msg_text: "failed", msg_mail: "failed" });
  });

  test("what a node has taken and not sent when it died, another sends", async () => {
    w = await world({ kind });
    await queue(mail);
    const handed = new Promise<void>((resolve) => {
      w.deps.send = async () => await new Promise(() => resolve());
    });
    void deliverDue(w.deps);
    await handed;
    expect(await states()).toEqual({ msg_mail: "sending" });
    const sent: Message[] = [];
    w.deps.send = async (message) => void sent.push(message);
    await deliverDue(w.deps);
    expect(sent).toEqual([]);
    w.clock.at += 60_000;
    await deliverDue(w.deps);
    expect(sent).toEqual([mail]);
  });

  test("fifty that nodes left at their last attempt keep nothing else from going out", async () => {
    w = await world({ kind });
    await queue(...Array.from({ length: 50 }, (_, index) => ({ ...mail, id: `msg_${index}` })));
    await w.deps.db.q.updateTable("outbox").set({ state: "sending", attempts: 12 }).execute();
    w.clock.at += 60_000;
    await queue(text);
    await deliverDue(w.deps);
    expect(w.sent).toEqual([text]);
  });
});
