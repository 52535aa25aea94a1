import { timingSafeEqual } from "node:crypto";
import type { Ask, Case, Decision, Rules } from "#core/case.ts";
import { decide } from "#core/decide.ts";
import type { Challenge, Factor, Facts } from "#core/facts.ts";
import { methods } from "#core/methods/index.ts";
import type { Method, Seen } from "#core/methods/method.ts";
import type { NameRules } from "#core/names.ts";
import { isPinOver } from "#core/pin.ts";
import type { Settings } from "#core/settings/index.ts";
import type { Reach } from "#core/token-clock.ts";
import type { Deps } from "./deps.ts";
import { reachability } from "./gateways-open.ts";

/** The settings as core wants them, and everything impure that a decision may use, already taken. */

export const namesOf = (deps: Deps): NameRules => {
  const settings = deps.settings.values();
  return { strip: settings["names.strip"], domains: settings["names.domains"] };
};

export const rulesOf = (settings: Settings): Rules => ({
  tries: settings["challenge.tries"],
  locks: {
    lockAfter: settings["lockout.after"],
    lockMs: settings["lockout.minutes"] * 60_000,
    disableAfter: settings["lockout.disable-after"],
    perDay: settings["lockout.per-day"],
  },
});

export const reachOf = (settings: Settings): Reach => ({
  steps: settings["token.resync-steps"],
  counters: settings["token.resync-counters"],
});

/** passkeys are never among them. */
const switchable = ["push", "totp", "sms", "voice", "sms-reply", "recovery"] as const;
export const methodsOff = (settings: Settings): ReadonlySet<string> => {
  const off = switchable.filter((id) => !settings[`methods.${id}.enabled`]);
  // one switch for codes of apps and tokens, whether they go by time or count
  return new Set<string>(off.includes("totp") ? [...off, "hotp"] : off);
};

/** What an administrator says of methods, as a question to the engine carries it. */
export const methodRules = async (deps: Deps): Promise<MethodRules & Pick<Ask, "unreachable">> => {
  const unreachable = await reachability(deps);
  const settings = deps.settings.values();
  const rules = knownRules.get(settings) ?? rulesFrom(settings);
  return { ...rules, unreachable };
};
type MethodRules = Pick<Ask, "off" | "pinFor" | "coolOffMs">;
/** Made once for each time that settings are read, not for each question. */
const knownRules = new WeakMap<Settings, MethodRules>();
function rulesFrom(settings: Settings): MethodRules {
  const coolOffMs = settings["phone.cool-off-hours"] * 3_600_000;
  const rules = { off: methodsOff(settings), pinFor: new Set(settings["pin.methods"]), coolOffMs };
  knownRules.set(settings, rules);
  return rules;
}

/** seeds are unsealed for one decision and wiped after it. */
function momentOf(deps: Deps, { person }: Facts): { moment: Omit<Case, "facts" | "ask">; wipe: () => void } {
  const opened: Uint8Array[] = [];
  const seen = ({ id, method, sealedSecret, parameters, counter, drift, address }: Factor): Seen => {
    const secret =
      methods.get(method)?.sealed || sealedSecret ? unseal(deps, { id, method, sealedSecret }) : Buffer.alloc(0);
    opened.push(secret);
    return { secret, parameters, counter, drift, address };
  };
  const sent = ({ id, expected }: Challenge) =>
    expected ? { hash: expected, hashOf: (code: string) => codeHash(deps, id, code) } : undefined;
  const rules = rulesOf(deps.settings.values());
  const moment = { now: deps.clock.now(), randomInt: deps.random.int };
  return {
    moment: { rules, moment, seen, sent, pin: pinOf(deps, person) },
    wipe: () => opened.forEach((secret) => secret.fill(0)),
  };
}

/** A PIN is short, so it is kept under a key that the database does not hold. */
export const pinMac = (deps: Deps, userId: string, pin: string): Buffer => deps.keys.mac("pin", `${userId}\0${pin}`);

function pinOf(deps: Deps, person: Facts["person"]): Case["pin"] {
  const mac = person?.pinMac;
  if (!mac) return undefined;
  const rule = { days: deps.settings.values()["pin.expire-days"], now: deps.clock.now() };
  const expired = isPinOver({ changedAt: person.pinChangedAt, mustChange: person.pinMustChange }, rule);
  return { matches: (typed) => timingSafeEqual(mac, pinMac(deps, person.id, typed)), expired };
}

/** F-48: whoever can write the database can alter a secret, or put one where its code is known to them. */
class BrokenSecret extends Error {
  readonly method: Method | undefined;
  constructor(method: Method | undefined) {
    super("a secret does not open");
    this.method = method;
  }
}

function unseal(deps: Deps, { id, method, sealedSecret }: Pick<Factor, "id" | "method" | "sealedSecret">): Buffer {
  const place = { table: "factor", column: "sealed_secret", row: id };
  try {
    return deps.keys.unseal("factor", sealedSecret ?? Buffer.alloc(0), place);
  } catch {
    const alarm = "the secret of a method does not open: it was altered, or moved here from another";
    deps.log.error(alarm, { factor: id });
    throw new BrokenSecret(methods.get(method));
  }
}

/** The number that a page shows is its challenge's own: every node can show it again, and nobody else can make it. */
export const shownNumber = (deps: Deps, challengeId: string): string =>
  String(deps.keys.mac("code", `shown\0${challengeId}`).readUIntBE(0, 6) % 1_000_000).padStart(6, "0");

/** a code is remembered under a key of ours, for its one challenge. */
export const codeHash = (deps: Deps, challengeId: string, code: string): Buffer =>
  deps.keys.mac("code", `${challengeId}\0${code}`);

/** What would be decided now, and by which gate; nothing is taken and nothing written. */
export function judge(deps: Deps, ask: Ask, facts: Facts): Decision {
  const { moment, wipe } = momentOf(deps, facts);
  try {
    return decide({ facts, ask, ...moment });
  } catch (error) {
    if (!(error instanceof BrokenSecret)) throw error;
    const more = error.method ? { method: error.method } : {};
    const refusal = { kind: "deny", gate: "secret", code: "method_broken", free: true, retry: false } as const;
    return { ...refusal, result: "FAILED_SERVER_ERROR", ...more };
  } finally {
    wipe();
  }
}
