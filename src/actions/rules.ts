import type { Ask, Case, Decision, Rules } from "#core/case.ts";
import { decide } from "#core/decide.ts";
import type { Challenge, Factor, Facts } from "#core/facts.ts";
import type { Seen } from "#core/methods/method.ts";
import type { NameRules } from "#core/names.ts";
import type { Settings } from "#core/settings/index.ts";
import type { Deps } from "./deps.ts";

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

/** seeds are unsealed for one decision and wiped after it. */
function momentOf(deps: Deps): { moment: Omit<Case, "facts" | "ask">; wipe: () => void } {
  const opened: Uint8Array[] = [];
  const seen = ({ id, sealedSecret, parameters, counter, drift, address }: Factor): Seen => {
    const place = { table: "factor", column: "sealed_secret", row: id };
    const secret = sealedSecret ? deps.keys.unseal("factor", sealedSecret, place) : Buffer.alloc(0);
    opened.push(secret);
    return { secret, parameters, counter, drift, address };
  };
  const sent = ({ id, expected }: Challenge) =>
    expected ? { hash: expected, hashOf: (code: string) => codeHash(deps, id, code) } : undefined;
  const rules = rulesOf(deps.settings.values());
  const moment = { now: deps.clock.now(), randomInt: deps.random.int };
  return { moment: { rules, moment, seen, sent }, wipe: () => opened.forEach((secret) => secret.fill(0)) };
}

/** a code is remembered under a key of ours, for its one challenge. */
export const codeHash = (deps: Deps, challengeId: string, code: string): Buffer =>
  deps.keys.mac("code", `${challengeId}\0${code}`);

/** What would be decided now, and by which gate; nothing is taken and nothing written. */
export function judge(deps: Deps, ask: Ask, facts: Facts): Decision {
  const { moment, wipe } = momentOf(deps);
  try {
    return decide({ facts, ask, ...moment });
  } finally {
    wipe();
  }
}
