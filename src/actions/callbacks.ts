/**
 * What carriers report. Must stay true: nothing is believed before the address, which nobody can guess, and the vendor's own
 * check held over the raw body; told once or five times, in any order, it leaves the same behind; and it decides
 * nothing: a reply is an answer that the engine checks like any other.
 */

import { timingSafeEqual } from "node:crypto";
import type { Line } from "#core/call.ts";
import type { Answered, Callback, CallEvent, TextEvent } from "#delivery/gateway.ts";
import { forgetEvent, noteEvent, saveReport } from "#store/deliveries.ts";
import { callEvent } from "./calls.ts";
import type { Deps } from "./deps.ts";
import { callbackToken, findGateways, reportUrlOf, vendors, type Opened } from "./gateways-open.ts";
import { spendMoney } from "./outgoing.ts";
import { takeReply } from "./replies.ts";

/** What became of a callback; `unknown`: it is about nothing that we have sent. */
export type Outcome = "taken" | "repeated" | "unknown" | "nothing" | "forbidden";
type Taken = { outcome: Outcome; answer: Answered };

const freshMs = 300_000;
const forbidden: Taken = { outcome: "forbidden", answer: { status: 403, type: "text/plain", body: "" } };
const done: Answered = { status: 204, type: "text/plain", body: "" };

export async function takeCallback(deps: Deps, name: string, request: Callback): Promise<Taken> {
  const gateway = await addressed(deps, name, request.url);
  if (!gateway) return forbidden;
  if (gateway.channel === "voice") return await takeFromCall(deps, gateway, request);
  const callback = vendors.sms.get(gateway.vendor)?.callback;
  if (!callback?.check(gateway.account(), request)) return forbidden;
  const event = callback.read(request);
  const answer = callback.answer ?? done;
  if (!event) return { outcome: "nothing", answer };
  if (event.at !== undefined && Math.abs(deps.clock.now() - event.at) > freshMs) return forbidden;
  return { outcome: await takeTextEvent(deps, { gateway, event, url: request.url }), answer };
}

/** What is heard next stands in the answer. */
async function takeFromCall(deps: Deps, gateway: Opened, request: Callback): Promise<Taken> {
  const callback = vendors.voice.get(gateway.vendor)?.callback;
  const account = gateway.account();
  if (!callback?.check(account, request)) return forbidden;
  const event = callback.read(request);
  if (!event) return { outcome: "nothing", answer: done };
  const line = await callEvent(deps, { gatewayId: gateway.id, event });
  if (!line) return { outcome: "unknown", answer: done };
  await countCost(deps, gateway, event);
  const own = { ...account, callbackUrl: reportUrlOf(account.callbackUrl, event.ref) };
  return { outcome: "taken", answer: callback.render(line, own) };
}

/** Once, however often the carrier tells what a call has cost. */
async function countCost(deps: Deps, { id: gatewayId }: Opened, event: CallEvent): Promise<void> {
  if (event.kind !== "ended" || event.costMicros === undefined) return;
  const noted = { gatewayId, id: event.id, at: deps.clock.now() };
  if (await deps.db.transaction((run) => noteEvent(run, noted))) await spendMoney(deps, event.costMicros);
}

/** The gateway that the address is of, if the address was ours to give. */
async function addressed(deps: Deps, name: string, url: string): Promise<Opened | undefined> {
  const gateway = (await findGateways(deps)).find((one) => one.name === name);
  if (!gateway) return undefined;
  const given = Buffer.from(new URL(url).searchParams.get("token") ?? "");
  const right = Buffer.from(callbackToken(deps, gateway.id));
  return given.length === right.length && timingSafeEqual(given, right) ? gateway : undefined;
}

type Told = { gateway: Opened; event: TextEvent; url: string };

async function takeTextEvent(deps: Deps, { gateway, event, url }: Told): Promise<Outcome> {
  const at = deps.clock.now();
  const noted = { gatewayId: gateway.id, id: event.id, at };
  if (event.kind === "reply") {
    if (!(await deps.db.transaction((run) => noteEvent(run, noted)))) return "repeated";
    try {
      return await takeReply(deps, { gateway, reply: event });
    } catch (error) {
      await deps.db.transaction((run) => forgetEvent(run, noted));
      throw error;
    }
  }
  const deliveryId = new URL(url).searchParams.get("delivery");
  return await deps.db.transaction(async (run) => {
    if (!(await saveReport(run, { ...event, gatewayId: gateway.id, deliveryId, at }))) return "unknown";
    return (await noteEvent(run, noted)) ? "taken" : "repeated";
  });
}

/** The simulated carrier reports without a network between; its addresses are those that it was given. */
export async function takeReport(deps: Deps, url: string, event: TextEvent): Promise<void> {
  const gateway = await addressed(deps, new URL(url).pathname.split("/").at(-1)!, url);
  if (gateway) await takeTextEvent(deps, { gateway, event, url });
}

/** As above, of a call; gives what is heard next. */
export async function takeCallReport(deps: Deps, url: string, event: CallEvent): Promise<Line | undefined> {
  const { pathname, searchParams } = new URL(url);
  const gateway = await addressed(deps, pathname.split("/").at(-1)!, url);
  const ref = searchParams.get("delivery");
  return gateway && ref !== null
    ? await callEvent(deps, { gatewayId: gateway.id, event: { ...event, ref } })
    : undefined;
}
