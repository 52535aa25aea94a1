/**
 * Verification calls as carriers tell of them. Must stay true: an event moves the leg it is about by one conditional statement,
 * and nothing else; digits are answers that the engine checks like any other; what is not about a leg of ours is
 * nothing; no key that was pressed is kept or logged.
 */

import {
  advance,
  isUnreached,
  type Act,
  type CallState,
  type Line,
  type Move,
  type ScriptEvent,
  type Verdict,
} from "#core/call.ts";
import { AppError } from "#core/errors.ts";
import type { CallEvent } from "#delivery/gateway.ts";
import { listSilent, listStranded, moveCall, readCall, readCallee, type Callee, type CallRow } from "#store/calls.ts";
import { readChallenge } from "#store/challenges.ts";
import { saveReport } from "#store/deliveries.ts";
import { post } from "#store/outbox.ts";
import { takeEach } from "#store/throttle.ts";
import { countSends } from "#store/destinations.ts";
import { isNumberBlocked } from "./blocked-numbers.ts";
import { answerByPhone, endByPhone } from "./by-phone.ts";
import { codeOf, lineOf, onCall, parametersOf, type OnCall } from "./call-lines.ts";
import { sealed } from "./sealed.ts";
import { deliverDue } from "./deliver.ts";
import type { Deps } from "./deps.ts";
import { reportFraud } from "./fraud.ts";
import { clear, type Cleared } from "./outgoing.ts";
import { changePin, pinOnCall } from "./pins.ts";

type Live = { id: string; callee: Callee; call: OnCall };

/** What is heard next; nothing where the event is about no call of this gateway. */
export async function callEvent(
  deps: Deps,
  { gatewayId, event }: { gatewayId: string; event: CallEvent },
): Promise<Line | undefined> {
  const row = await readCall(deps.db, event.ref);
  if (!row || row.gatewayId !== gatewayId) return undefined;
  const callee = await readCallee(deps.db, row);
  if (!callee) return undefined;
  const { leg, application } = row;
  const pin = callee.mode === "pin" ? { pin: await pinOnCall(deps, callee.userId) } : {};
  const call = onCall(deps, { callee, leg, application, code: codeOf(deps, row), ...pin });
  await report(deps, { gatewayId, event });
  const state = await move(deps, { id: row.id, callee, call }, scripted(event));
  return await lineOf(deps, state, call);
}

/** For the figures: answered is delivered, and an end tells what it cost. */
async function report(deps: Deps, { gatewayId, event }: { gatewayId: string; event: CallEvent }): Promise<void> {
  if (event.kind === "digits") return;
  const told = { gatewayId, deliveryId: event.ref, ref: event.ref, at: deps.clock.now() };
  const reached = event.kind === "answered" || event.how === "hung_up";
  const cost = event.kind === "ended" && event.costMicros !== undefined ? { costMicros: event.costMicros } : {};
  const why = event.kind === "ended" && !reached ? { reason: event.how } : {};
  await deps.db.transaction((run) =>
    saveReport(run, { ...told, state: reached ? "delivered" : "failed", ...cost, ...why }),
  );
}

function scripted(event: CallEvent): ScriptEvent {
  switch (event.kind) {
    case "answered":
      return { kind: "answered", machine: event.machine === true };
    case "digits":
      return { kind: "digits", turn: event.turn, digits: event.digits, closed: event.closed };
    case "ended":
      return { kind: "ended", how: event.how };
  }
}

/** Looks again when somebody else has moved the leg meanwhile. */
async function move(deps: Deps, live: Live, event: ScriptEvent): Promise<CallState> {
  for (;;) {
    const row = (await readCall(deps.db, live.id))!;
    const state = JSON.parse(row.state) as CallState;
    const moved = advance(state, event, live.call.context);
    if (!moved) return state;
    const backup = await backupOf(deps, { row, callee: live.callee, moved });
    const saved = await save(deps, { row, event, moved, backup });
    if (saved === "lost") continue;
    if (saved === "ordered") void deliverDue(deps);
    for (const act of moved.acts) {
      if (act.do === "end" && saved === "ordered") continue;
      const verdict = await follow(deps, row, act);
      if (verdict) return await move(deps, live, verdict);
    }
    return moved.state;
  }
}

const endOf = ({ acts }: Move) => acts.find((act) => act.do === "end")?.result;

type Backup = Cleared & { number: string; challengeId: string };

/** The other phone, where the first has reached nobody and the other may be called. */
async function backupOf(
  deps: Deps,
  { row, callee, moved }: { row: CallRow; callee: Callee; moved: Move },
): Promise<Backup | undefined> {
  const { leg, challengeId, userId } = row;
  const result = endOf(moved);
  const { backup: number = "" } = parametersOf(callee);
  if (leg === "backup" || challengeId === null || number === "" || number === callee.address) return undefined;
  if (!result || !isUnreached(moved.state, result)) return undefined;
  const cleared = await clear(deps, { channel: "voice", to: number, userId });
  return "veto" in cleared ? undefined : { ...cleared, number, challengeId };
}

type Saving = { row: CallRow; event: ScriptEvent; moved: Move; backup: Backup | undefined };
/** `ordered`: the leg has ended, and the other phone is to be called in its place. */
async function save(deps: Deps, { row, event, moved, backup }: Saving): Promise<"lost" | "moved" | "ordered"> {
  const at = deps.clock.now();
  const { id, version, userId } = row;
  return await deps.db.transaction(async (run) => {
    const won = await moveCall(run, {
      id,
      version,
      state: JSON.stringify(moved.state),
      result: endOf(moved),
      answered: event.kind === "answered",
      ended: event.kind === "ended",
      at,
    });
    if (!won) return "lost";
    if (!backup || (await isNumberBlocked(deps, run, backup.number))) return "moved";
    const [full] = await takeEach(run, [{ at, budgets: backup.spend }]);
    if (full) return "moved";
    const { number: to, challengeId } = backup;
    const message = sealed(deps, { id: deps.random.id("msg_"), channel: "voice", to, challengeId });
    const lifeMs = deps.settings.values()["voice.life-seconds"] * 1000;
    await countSends(run, [{ id: message.id, ...backup.to, at, answer_by: at + lifeMs }]);
    await post(run, [{ ...message, challenge_id: challengeId, user_id: userId, at }]);
    return "ordered";
  });
}

/** Does what the script asks for; an answer brings the engine's verdict. */
async function follow(deps: Deps, { challengeId, userId }: CallRow, act: Act): Promise<ScriptEvent | undefined> {
  if (challengeId === null) return undefined;
  switch (act.do) {
    case "answer":
      return await judged(deps, async () => await answerByPhone(deps, { challengeId, answer: act.answer }));
    case "change_pin":
      return await judged(deps, async () => await withNewPin(deps, { challengeId, userId, pin: act.pin }));
    case "end":
      await endByPhone(deps, { challengeId, result: act.result });
      return undefined;
    case "report_fraud":
      await reportFraud(deps, { userId, challengeId, by: "call", block: act.block });
      return undefined;
  }
}

/** What could not be decided is asked for once more: whoever waits for a verdict hears nothing. */
async function judged(deps: Deps, judge: () => Promise<Verdict>): Promise<ScriptEvent> {
  try {
    return { kind: "verdict", verdict: await judge() };
  } catch (error) {
    deps.log.warn("what was keyed in a call could not be checked", {
      reason: error instanceof AppError ? error.code : "failed",
    });
    return { kind: "verdict", verdict: { kind: "wrong", retry: true, code: "unavailable" } };
  }
}

type Changing = { challengeId: string; userId: string; pin: string };
/** The new PIN is the answer that approves. */
async function withNewPin(deps: Deps, { challengeId, userId, pin }: Changing) {
  // blocked, or given another PIN, since the old one was right
  if ((await readChallenge(deps.db, challengeId))?.state !== "pending") return { kind: "over" } as const;
  if (await changePin(deps, { userId, pin })) return await answerByPhone(deps, { challengeId, answer: pin });
  return { kind: "wrong", retry: true, code: "wrong_code" } as const;
}

/** Longer than any call may last, rings and all. */
const longestMs = 480_000;

/** What nobody will report: phones that no gateway has reached, and calls that fell silent. */
export async function finishCalls(deps: Deps): Promise<void> {
  const now = deps.clock.now();
  for (const { challengeId, method, result } of await listStranded(deps.db, now)) {
    const unsent = method === "voice" ? "FAILED_SERVER_ERROR" : "FAILED_SMS_NOT_SENT";
    await endByPhone(deps, { challengeId, result: result ?? unsent });
  }
  for (const { id, gatewayId } of await listSilent(deps.db, now - longestMs))
    await callEvent(deps, { gatewayId, event: { kind: "ended", id: `${id} silent`, ref: id, how: "hung_up" } });
}
