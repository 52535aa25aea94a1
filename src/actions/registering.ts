/**
 * Registering a method within a sign-in: one choice, what it needs, a test, and it counts. Must stay true: a method counts
 * only after its owner has proven it here, the seed is shown to that one page and never kept readable, and each try
 * is made over the version of the page it came from, so that guesses cannot be made side by side.
 */

import { timingSafeEqual } from "node:crypto";
import { base32 } from "#core/crypto/base32.ts";
import { methods } from "#core/methods/index.ts";
import { readCode } from "#core/methods/same.ts";
import { phoneReader } from "#core/phone.ts";
import { isEnough, isLasting, isRestricted } from "#core/registration.ts";
import type { Proof } from "#core/strength.ts";
import { endActivation } from "#store/activations.ts";
import { countSends } from "#store/destinations.ts";
import { insertFactors, methodsOf, raiseCounter, type NewFactorRow } from "#store/factors.ts";
import type { Run } from "#store/open.ts";
import { cancelChallenge } from "#store/challenges.ts";
import type { Channel } from "#store/gateways.ts";
import { post } from "#store/outbox.ts";
import { saveRegistered } from "#store/registrations.ts";
import { deleteDevices } from "#store/sessions.ts";
import { dropOtherSetUps } from "#store/sign-ins.ts";
import { takeEach } from "#store/throttle.ts";
import { changed } from "./change.ts";
import { tellNumbers } from "./number-notices.ts";
import { isNumberBlocked } from "./blocked-numbers.ts";
import { deliverDue } from "./deliver.ts";
import type { Deps } from "./deps.ts";
import { otpauthUri } from "./factors.ts";
import { findGateways } from "./gateways-open.ts";
import { clear, countAnswer } from "./outgoing.ts";
import { addPasskey, finishPasskeyRegistration } from "./passkeys.ts";
import { newSheet, saveSheet } from "./recovery-sheet.ts";
import { hasAllDevices } from "./registering-app.ts";
import { loadRegistrant } from "./registrant.ts";
import { methodsOff } from "./rules.ts";
import { sealed } from "./sealed.ts";
import { mayClaim } from "./token-claim.ts";
import { next, type From, type Step } from "./sign-in.ts";
import { holdFlow, saveFlow, saveFlowIn, type Flow, type Registering } from "./sign-in-flow.ts";
import { textFor } from "./texts.ts";

const kinds = ["passkey", "push", "totp", "token", "sms", "voice", "sms-reply", "recovery"] as const;
export type Kind = (typeof kinds)[number];
const triesAllowed = 5;
/** a seed that was shown and not proven is given up; so is it for a newer one. */
const appMs = 10 * 60_000;
const smsDigits = 6;

/** What this person may register now, best first; recovery codes only beside something that lasts. */
export async function choices(deps: Deps, { person, registering }: Flow): Promise<Kind[]> {
  const off = methodsOff(deps.settings.values());
  const { methods: has, groups } = await loadRegistrant(deps, person!.id);
  const forbidden = deps.settings.values()["phone.forbidden-groups"];
  const withoutPhone = registering!.reason === "phone_only" || groups.some((group) => forbidden.includes(group));
  const lasting = has.some(isLasting) || registering!.done.some(isLasting);
  const carried = new Set((await findGateways(deps)).flatMap(({ channel, enabled }) => (enabled ? channel : [])));
  const unoffered = new Set<string>(registering!.done);
  if (!lasting) unoffered.add("recovery");
  if (!(await mayClaim(deps, person!.id))) unoffered.add("token");
  if (await hasAllDevices(deps, person!.id)) unoffered.add("push");
  return kinds.filter((kind) => {
    const method = kind === "token" ? "totp" : kind;
    if (unoffered.has(kind) || !methods.has(method) || off.has(method)) return false;
    if (withoutPhone && isRestricted(kind)) return false;
    return !(kind in channels) || carried.has(channels[kind]!);
  });
}

/** What a kind cannot do without a gateway for. */
const channels: Partial<Record<Kind, Channel>> = { sms: "sms", voice: "voice", "sms-reply": "sms" };

const place = (flow: Flow) => ({ table: "sign_in", column: "state", row: flow.id });
const seal = (deps: Deps, flow: Flow, secret: Uint8Array) =>
  deps.keys.seal("factor", secret, place(flow)).toString("base64url");
const unseal = (deps: Deps, flow: Flow, sealed: string) =>
  deps.keys.unseal("factor", Buffer.from(sealed, "base64url"), place(flow));

const fresh = ({ reason, done, push }: Registering): Registering => ({
  reason,
  done,
  tries: 0,
  ...(push && { push }),
});

/** Begins one kind; `undefined` goes back to the choice. */
export async function chooseKind(deps: Deps, flow: Flow, kind: string | undefined): Promise<Flow> {
  const registering = fresh(flow.registering!);
  const chosen = (await choices(deps, flow)).find((one) => one === kind);
  if (chosen === "recovery") return await giveRecoveryCodes(deps, { ...flow, registering });
  if (chosen) registering.kind = chosen;
  if (chosen === "totp") {
    registering.sealed = seal(deps, flow, deps.random.bytes(20));
    registering.until = deps.clock.now() + appMs;
  }
  return await deps.db.transaction(async (run) => {
    // a phone or an app that is to prove itself does so no more
    if (flow.open) await cancelChallenge(run, flow.open.id);
    if (flow.registering?.activation) await endActivation(run, flow.registering.activation);
    const saved = await saveFlowIn(run, { ...flow, open: undefined, registering, problem: undefined });
    if (chosen === "totp") {
      // of two at once the second waits here, and then finds the first
      await holdFlow(run, flow);
      await dropOtherSetUps(run, { appOf: flow.person!.id, but: flow.id });
    }
    return saved;
  });
}

const isOver = (deps: Deps, { until = Number.POSITIVE_INFINITY }: Registering) => deps.clock.now() >= until;

/** The seed of the app that is being set up, for its owner's page alone, and while it is good for anything. */
export function appKey(deps: Deps, flow: Flow): { secretBase32: string; uri: string } | undefined {
  if (isOver(deps, flow.registering!)) return undefined;
  const seed = unseal(deps, flow, flow.registering!.sealed!);
  const account = flow.person!.username.replaceAll(":", "_");
  const uri = otpauthUri({ account, seed, digits: 6, period: 30, algorithm: "sha1" });
  const secretBase32 = base32(seed);
  seed.fill(0);
  return { secretBase32, uri };
}

const codeHash = (deps: Deps, flow: Flow, code: string) => deps.keys.mac("code", `${flow.id}\0${code}`);

type Given = { number: string; clientIp: string | undefined };

/** Sends a code to the number, where that is allowed and within all budgets. */
export async function giveNumber(deps: Deps, flow: Flow, { number: written, clientIp }: Given): Promise<Flow> {
  const settings = deps.settings.values();
  const read = (await phoneReader())(written, settings["phone.default-country"]);
  const registering = flow.registering!;
  if (!read.ok) return await saveFlow(deps, { ...flow, problem: read.unusable ? "number_refused" : "number" });
  const person = await loadRegistrant(deps, flow.person!.id);
  const cleared = await clear(deps, {
    channel: "sms",
    to: read.number,
    userId: person.id,
    source: clientIp,
    purpose: "registration",
  });
  if ("veto" in cleared)
    return await saveFlow(deps, { ...flow, problem: cleared.veto === "budget" ? "throttled" : "number_refused" });
  const at = deps.clock.now();
  const until = at + settings["sms.code-life-seconds"] * 1000;
  const code = String(deps.random.int(10 ** smsDigits)).padStart(smsDigits, "0");
  const text = textFor({ person, application: flow.application.name, code });
  const message = sealed(deps, { id: deps.random.id("msg_"), channel: "sms", to: read.number, text });
  const asked = {
    ...flow,
    problem: undefined,
    registering: { ...registering, tries: 0, number: read.number, sent: message.id, until },
  };
  asked.registering.sealed = codeHash(deps, flow, code).toString("base64url");
  const saved = await deps.db.transaction(async (run) => {
    if (await isNumberBlocked(deps, run, read.number))
      return await saveFlowIn(run, { ...flow, problem: "number_blocked" });
    const [full] = await takeEach(run, [{ at, budgets: cleared.spend }]);
    if (full) return await saveFlowIn(run, { ...flow, problem: "throttled" });
    await countSends(run, [{ id: message.id, ...cleared.to, at, answer_by: until }]);
    const kept = await saveFlowIn(run, asked);
    await post(run, [{ at, ...message, challenge_id: null, user_id: person.id }]);
    return kept;
  });
  void deliverDue(deps);
  return saved;
}

/** The test: the code that the new method shows, or that was sent to it. */
export async function confirmKind(
  deps: Deps,
  flow: Flow,
  { code: answer, clientIp }: { code: string; clientIp: string | undefined },
): Promise<Flow> {
  const registering = flow.registering!;
  if (isOver(deps, registering))
    return await saveFlow(deps, { ...flow, registering: fresh(registering), problem: "ended" });
  const proven = registering.kind === "totp" ? checkApp(deps, flow, answer) : checkText(deps, flow, answer);
  if (!proven) return await wrong(deps, flow);
  const id = deps.random.id("fac_");
  const secret = registering.kind === "totp" ? unseal(deps, flow, registering.sealed!) : undefined;
  const row: NewFactorRow = {
    id,
    user_id: flow.person!.id,
    method: registering.kind!,
    name: null,
    sealed_secret: secret
      ? deps.keys.seal("factor", secret, { table: "factor", column: "sealed_secret", row: id })
      : null,
    parameters: "",
    address: registering.number ?? null,
    import_id: null,
    created_at: deps.clock.now(),
  };
  secret?.fill(0);
  const { number: to, sent } = registering;
  if (to !== undefined && sent !== undefined) await countAnswer(deps, { id: sent, to, source: clientIp });
  return await registered(deps, flow, { row, counter: proven.counter });
}

function checkApp(deps: Deps, flow: Flow, answer: string): { counter: number } | undefined {
  const secret = unseal(deps, flow, flow.registering!.sealed!);
  const factor = { secret, parameters: "", counter: 0, drift: 0, address: null };
  const moment = { now: deps.clock.now(), randomInt: deps.random.int };
  const checked = methods.get("totp")!.check({ factor, sent: undefined, answer }, moment);
  secret.fill(0);
  return checked.ok ? { counter: checked.counter } : undefined;
}

function checkText(deps: Deps, flow: Flow, answer: string): { counter: number } | undefined {
  const { sealed } = flow.registering!;
  const given = codeHash(deps, flow, readCode(answer, smsDigits) ?? "");
  return sealed !== undefined && timingSafeEqual(Buffer.from(sealed, "base64url"), given) ? { counter: 0 } : undefined;
}

async function wrong(deps: Deps, flow: Flow): Promise<Flow> {
  const registering = { ...flow.registering!, tries: flow.registering!.tries + 1 };
  if (registering.tries < triesAllowed) return await saveFlow(deps, { ...flow, registering, problem: "wrong_code" });
  return await saveFlow(deps, { ...flow, registering: fresh(registering), problem: "ended" });
}

/** The browser's answer to the page that makes a passkey. */
export async function givePasskeyMade(deps: Deps, flow: Flow, response: string): Promise<Flow> {
  const userId = flow.person!.id;
  const passkey = await finishPasskeyRegistration(deps, { userId, boundTo: flow.id, response });
  if (!passkey) return await saveFlow(deps, { ...flow, problem: "passkey" });
  return await kept(deps, flow, {
    id: passkey.id,
    method: "passkey",
    add: async (run) => await addPasskey(run, passkey),
  });
}

type New = { row: NewFactorRow; counter: number; codes?: string };

/** It counts from here on, with the code that proved it used. */
async function registered(deps: Deps, flow: Flow, { row, counter, codes }: New): Promise<Flow> {
  const { id, method } = row;
  const add = async (run: Run) => {
    if (method === "recovery") await saveSheet(run, row);
    else await insertFactors(run, [row]);
    await raiseCounter(run, { id, counter });
  };
  // a passkey is proven by its first use, which follows; a code was one
  const proof = isLasting(method) ? { method, at: deps.clock.now(), userVerified: false } : undefined;
  return await kept(deps, flow, { id, method, codes, add, proof });
}

type Kept = {
  id: string;
  method: string;
  /** what was chosen, when that may be one of several methods */
  kind?: "token";
  /** which one it is */
  token?: string;
  codes?: string | undefined;
  add: (run: Run) => Promise<void>;
  proof?: Proof | undefined;
};

/** Somebody has registered since this sign-in was allowed to with the password alone. */
class Late extends Error {}

/** It counts from now on: the method, the page's next version, the record and the notice commit together. */
export async function kept(deps: Deps, flow: Flow, now: Kept): Promise<Flow> {
  const { id, method, kind = method, token, codes, add, proof } = now;
  const { reason, done } = flow.registering!;
  const { id: userId, username } = flow.person!;
  const registering = { ...fresh(flow.registering!), done: [...done, kind], ...(codes !== undefined && { codes }) };
  const proofs = proof ? [...flow.proofs, proof] : flow.proofs;
  const byPassword = flow.proofs.length === 0 && done.length === 0;
  try {
    return await changed(deps, `person:${userId}`, async (run) => {
      const value = await saveFlowIn(run, { ...flow, proofs, problem: undefined, registering });
      await holdFlow(run, flow);
      if (byPassword && (await methodsOf(run, userId)).some(isLasting)) throw new Late();
      await add(run);
      if (isRestricted(method)) await tellNumbers(deps, run, { userId, factor: id, method });
      if (isLasting(method)) {
        await saveRegistered(run, { userId, at: deps.clock.now() });
        await deleteDevices(run, { userId });
      }
      return {
        value,
        result: "METHOD_REGISTERED",
        userId,
        detail: { factor: id, method, ...(token !== undefined && { token }), reason },
        personal: { username },
        notice: method === "recovery" ? { kind: "recovery_codes_made" } : { kind: "method_added", method },
      };
    });
  } catch (error) {
    if (!(error instanceof Late)) throw error;
    // that method is asked for now
    return await saveFlow(deps, { ...flow, problem: undefined, registering: undefined });
  }
}

async function giveRecoveryCodes(deps: Deps, flow: Flow): Promise<Flow> {
  const { codes, row } = newSheet(deps, flow.person!.id);
  return await registered(deps, flow, { row, counter: 0, codes: seal(deps, flow, Buffer.from(codes.join(" "))) });
}

/** The sheet, for the page that shows it once. */
export const shownCodes = (deps: Deps, flow: Flow): string[] =>
  unseal(deps, flow, flow.registering!.codes!).toString().split(" ");

/** Enough is registered: on with the sign-in. */
export async function finishRegistering(deps: Deps, flow: Flow, from: From): Promise<Step> {
  const { done, reason } = flow.registering!;
  if (!isEnough({ reason, done }) && reason !== "added") return { flow };
  const { registering: _done, adding: _adding, ...rest } = flow;
  return await next(deps, { ...rest, problem: undefined, trial: done.includes("passkey") }, from);
}
