/**
 * What a person says on a device of theirs to a request: approve, deny, or "this wasn't me". Must stay true: every
 * word that counts was signed by this device's key over this very request; a "no" wins until somebody has been let in; and what comes
 * too late grants nothing and is on record.
 */

import { timingSafeEqual } from "node:crypto";
import type { ResultCode } from "#core/results.ts";
import { readChallenge } from "#store/challenges.ts";
import type { Device } from "#store/devices.ts";
import { findAsked, saveDeviceResult, type PushRequest } from "#store/push-requests.ts";
import { readJws } from "#wire/device/jws.ts";
import { decisionClaims, type Decided, type DecisionClaims, type ProblemCode } from "#wire/device/messages.ts";
import { answerByPhone, endByPhone, type SaidByPhone } from "./by-phone.ts";
import { tellOver } from "./carry-push.ts";
import { changed } from "./change.ts";
import type { Deps } from "./deps.ts";
import { shownRequest } from "./device-requests.ts";
import { isUnlocked } from "./device-unlock.ts";
import { reportFraud } from "./fraud.ts";
import { changePin, findOwnPinFault } from "./pins.ts";
import { noteRefusal } from "./push-clearing.ts";

type Deciding = { challengeId: string; decision: string; clientIp: string };
type Given = { device: Device; request: PushRequest; claims: DecisionClaims; clientIp: string };
export type DecisionRefused = {
  refused: Extract<ProblemCode, "bad_decision" | "unlock_needed" | "request_over" | "too_many_requests">;
};

export async function decideRequest(
  deps: Deps,
  device: Device,
  { challengeId, decision, clientIp }: Deciding,
): Promise<Decided | DecisionRefused> {
  const jws = readJws("decision", decision, decisionClaims);
  const request = await findAsked(deps.db, { deviceId: device.id, challengeId });
  if (!request) return { refused: "request_over" };
  const claims = jws?.payload;
  if (
    !claims ||
    jws.kid !== device.id ||
    !jws.isSignedBy(device.publicKey) ||
    !isAbout(deps, { device, request, claims })
  )
    return { refused: "bad_decision" };
  return await decide(deps, { device, request, claims, clientIp });
}

async function decide(deps: Deps, given: Given): Promise<Decided | DecisionRefused> {
  const { request, claims } = given;
  const reports = isReport(deps, claims);
  const known = decidedBefore(request, claims);
  // whoever died over the report has written none; a second one changes nothing
  if (known === "reported") return reports ? await report(deps, given) : { result: "denied" };
  if (known && !reports) return { result: known };
  if (!(await waits(deps, given))) return reports ? await reportLate(deps, given) : await tooLate(deps, given);
  if (!(await mayApprove(deps, given))) return { refused: "unlock_needed" };
  await saveResult(deps, given, claims.decision);
  return await finish(deps, given);
}

const asSaid: ReadonlySet<Decided["result"]> = new Set(["approved", "denied", "reported"]);
const last: ReadonlySet<Decided["result"]> = new Set([...asSaid, "wrong_number"]);

async function finish(deps: Deps, given: Given): Promise<Decided | DecisionRefused> {
  const decided = await carryOut(deps, given);
  if ("refused" in decided) return decided;
  // what was done as it was said is on record already, for whoever waits reads it at once
  if (!asSaid.has(decided.result)) await saveResult(deps, given, decided.result);
  if (last.has(decided.result)) void tellOver(deps, { challengeId: given.request.id, except: given.device.id });
  return decided;
}

/** A "no" needs no unlocking. */
const mayApprove = async (deps: Deps, { device, claims: { decision, nonce, uv } }: Given): Promise<boolean> =>
  decision !== "approve" || (await isUnlocked(deps, device, { nonce, uv }));

/** What this device was told, and asks again because that was lost on the way. */
function decidedBefore({ state, result }: PushRequest, { decision }: DecisionClaims): Decided["result"] | undefined {
  if (result === "wrong_number" || result === "wrong_number_or_pin" || result === "over") return result;
  // who has said yes may still say no
  if (result !== decision) return undefined;
  if (result === "approve") return state === "approved" || state === "consumed" ? "approved" : undefined;
  if (state !== "denied") return undefined;
  return result === "not_me" ? "reported" : "denied";
}

/** Each of them is what the person has seen. */
function isAbout(deps: Deps, { device, request, claims }: Pick<Given, "device" | "request" | "claims">): boolean {
  const shown = shownRequest(deps, device, request);
  const [nonce, signed] = [Buffer.from(shown.nonce), Buffer.from(claims.nonce)];
  return (
    claims.challenge === shown.id &&
    nonce.length === signed.length &&
    timingSafeEqual(nonce, signed) &&
    claims.user === shown.user &&
    claims.application === shown.application &&
    claims.exp === shown.expiresAt
  );
}

/** A "no" may also come after another device's "yes". */
async function waits(deps: Deps, { request, claims }: Given): Promise<boolean> {
  const now = await readChallenge(deps.db, request.id);
  if (!now || now.expiresAt <= deps.clock.now()) return false;
  return now.state === "pending" || (now.state === "approved" && claims.decision !== "approve");
}

const saveResult = async (deps: Deps, { device, request }: Given, result: string): Promise<void> =>
  await deps.db.transaction((run) => saveDeviceResult(run, { deviceId: device.id, challengeId: request.id, result }), {
    relaxed: true,
  });

async function tooLate(deps: Deps, { device, request, claims, clientIp }: Given): Promise<Decided> {
  await changed(deps, `person:${device.userId}`, async (run) => {
    await saveDeviceResult(run, { deviceId: device.id, challengeId: request.id, result: "over" });
    return {
      value: undefined,
      result: "DECISION_TOO_LATE",
      userId: device.userId,
      detail: { challenge: request.id, device: device.id, decision: claims.decision, state: request.state },
      personal: { username: request.username, clientIp },
    };
  });
  return { result: "over" };
}

async function carryOut(deps: Deps, given: Given): Promise<Decided | DecisionRefused> {
  const { claims } = given;
  if (claims.decision === "approve") return await approve(deps, given);
  const reports = isReport(deps, claims);
  const ended = await deny(deps, given, reports ? "FAILED_FRAUD_REPORTED" : "FAILED_PHONE_APP_DENIED");
  // a report counts also when somebody has been let in meanwhile
  if (reports) return await report(deps, given);
  if (!ended) return await tooLate(deps, given);
  const { userId, username, factorId } = given.request;
  await noteRefusal(deps, { userId, username, factorId });
  return { result: "denied" };
}

const isReport = (deps: Deps, { decision }: DecisionClaims): boolean =>
  decision === "not_me" && deps.settings.values()["fraud.report"];

/** Of a "yes" and a "no" at the same moment the "no" wins, unless somebody was let in between. */
async function deny(deps: Deps, { request, clientIp }: Given, result: ResultCode): Promise<boolean> {
  for (let tries = 0; tries < 3; tries++) {
    await endByPhone(deps, { challengeId: request.id, result, clientIp });
    const state = (await readChallenge(deps.db, request.id))?.state;
    if (state !== "pending" && state !== "approved") return state === "denied";
  }
  return false;
}

async function report(deps: Deps, { request, clientIp }: Given): Promise<Decided> {
  const { userId, id: challengeId } = request;
  return {
    result: "reported",
    ...(await reportFraud(deps, { userId, challengeId, by: "app", block: true, clientIp })),
  };
}

/** it ends nothing any more, but somebody has the password all the same. It may come for as long as the request is kept, a day. */
async function reportLate(deps: Deps, given: Given): Promise<Decided> {
  await saveResult(deps, given, given.claims.decision);
  return await report(deps, given);
}

async function approve(deps: Deps, given: Given): Promise<Decided | DecisionRefused> {
  const { request, claims, clientIp } = given;
  const { number = "", pin = "", newPin } = claims;
  const typed: Record<string, (pin: string) => string> = {
    number: () => number,
    "number-pin": (code) => `${number}\n${code}`,
    pin: (code) => code,
  };
  const answer = async (code: string) =>
    await answerByPhone(deps, { challengeId: request.id, answer: typed[request.mode]?.(code) ?? "", clientIp });
  const said = await answer(pin);
  if (said.kind !== "wrong" || said.code !== "pin_expired" || newPin === undefined) return decidedOf(given, said);
  const rule = await findOwnPinFault(deps, request.userId, newPin);
  if (rule) return { result: "pin_refused", rule };
  if (!(await changePin(deps, { userId: request.userId, pin: newPin }))) return { result: "over" };
  return decidedOf(given, await answer(newPin));
}

function decidedOf({ request }: Given, said: SaidByPhone): Decided | DecisionRefused {
  if (said.kind === "right") return { result: "approved" };
  if (said.kind === "over") return { result: "over" };
  if (said.code === "pin_expired") return { result: "pin_expired" };
  // a pause between tries: it was not looked at
  if (said.code === "throttled") return { refused: "too_many_requests" };
  if (said.code !== "wrong_code" && said.code !== "too_many_tries") return { result: "over" };
  return { result: wrong[request.mode] ?? "wrong_number" };
}

/** With number and PIN it is not told which of them. */
const wrong: Record<string, Decided["result"]> = { pin: "wrong_pin", "number-pin": "wrong_number_or_pin" };
