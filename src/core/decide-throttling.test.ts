// What guesses cost over minutes, days and a month: the schedule, and the chance that luck is left with.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Ask } from "./case.ts";
import { nextAttempt, reservation, unseen } from "./decide.ts";
import { noFacts, type Factor, type Person } from "./facts.ts";
import { methods } from "./methods/index.ts";
import { decided } from "../../test/support/facts.ts";

const second = 1000;
const minute = 60 * second;
const day = 24 * 60 * minute;
const start = 1_800_000_000_000;
const rules = { lockAfter: 10, lockMs: 30 * minute, disableAfter: 100, perDay: 30 };
const fresh: Factor = {
  id: "fac_1",
  method: "totp",
  name: null,
  sealedSecret: null,
  parameters: "",
  address: null,
  counter: 0,
  drift: 0,
  fails: 0,
  attemptedAt: 0,
  lockedUntil: 0,
  dayCost: 0,
  dayStart: 0,
  expiresAt: null,
  createdAt: 0,
};
const vpn = { id: "app", name: "VPN", firstFactor: "none", canChallenge: true, allowWithoutMethodUntil: 0 } as const;
const person = { id: "usr_1", nameKey: "ada", state: "enabled" } as Person;
const verdict = (factor: Factor, now: number, all = [factor]) => {
  const taken = nextAttempt(factor, all, { now, rules });
  return typeof taken === "string" ? taken : "granted";
};
const failed = (factor: Factor, now: number, all = [factor]): Factor => {
  const taken = nextAttempt(factor, all, { now, rules });
  if (typeof taken === "string") throw new Error(taken);
  return { ...factor, ...taken };
};

//
describe("failures in a row", () => {
  test("pause from the third on for 1, 2, 4 … 64 s, and the tenth locks for half an hour", () => {
    let factor = fresh;
    let now = start;
    for (let failures = 0; failures < 3; failures++) factor = failed(factor, now);
    for (const pause of [1, 2, 4, 8, 16, 32, 64]) {
      expect(verdict(factor, now + pause * second - 1)).toBe("throttled");
      now += pause * second;
      factor = failed(factor, now);
    }
    expect(factor.fails).toBe(10);
    expect(verdict(factor, now + 30 * minute - 1)).toBe("locked_out");
    expect(verdict(factor, now + 30 * minute)).toBe("granted");
  });

  test("go on counting through locks and days, and a hundred end the method until it is bound anew", () => {
    let factor = fresh;
    let now = start;
    let locked = 0;
    while (factor.fails < 100) {
      if (verdict(factor, now) === "granted") {
        factor = failed(factor, now);
        if (factor.lockedUntil > now) locked += 1;
      } else now += minute;
    }
    expect(locked).toBe(10);
    expect(now - start).toBeGreaterThan(3 * day);
    expect(verdict(factor, now + 1000 * day)).toBe("locked_out");
  });

  test("a clock that steps back opens nothing early (R-011)", () => {
    const paused = { ...fresh, fails: 5, attemptedAt: start };
    expect(verdict(paused, start - 10 * minute)).toBe("throttled");
    expect(verdict({ ...fresh, fails: 10, lockedUntil: start + 30 * minute }, start - 10 * minute)).toBe("locked_out");
  });

  test("a clock that stood far ahead keeps nobody out once it is right again", () => {
    const ahead = start + 400 * day;
    expect(verdict({ ...fresh, fails: 1, attemptedAt: ahead }, start)).toBe("granted");
    expect(verdict({ ...fresh, fails: 5, attemptedAt: ahead }, start)).toBe("granted");
  });
});

//
describe("a day's guesses", () => {
  const spentDay = (changes: Partial<Factor> = {}) => ({ ...fresh, dayCost: 45, dayStart: start, ...changes });

  test("are thirty over all methods, however far apart", () => {
    let factor = fresh;
    let granted = 0;
    for (let now = start; now < start + day; now += 10 * minute)
      if (verdict(factor, now) === "granted") {
        // a right code in between forgets the row of failures, not the day
        factor = { ...failed(factor, now), fails: 0, attemptedAt: 0, lockedUntil: 0 };
        granted += 1;
      }
    expect(granted).toBeLessThanOrEqual(30);
    expect(granted).toBeGreaterThan(25);
  });

  test("at one factor are guesses at the person", () => {
    const other = { ...fresh, id: "fac_2" };
    expect(verdict(other, start + 1, [spentDay(), other])).toBe("locked_out");
    expect(verdict(other, start + 1, [spentDay({ dayCost: 42 }), other])).toBe("granted");
    expect(verdict(other, start + 1, [spentDay({ dayCost: 43 }), other])).toBe("locked_out");
    expect(verdict(other, start + day, [spentDay(), other])).toBe("granted");
  });

  test("cost more where more codes would be right: eighteen with a window of five", () => {
    const wide = { ...fresh, parameters: '{"window":2}' };
    expect(verdict({ ...wide, dayCost: 40, dayStart: start }, start + 1)).toBe("granted");
    expect(verdict({ ...wide, dayCost: 41, dayStart: start }, start + 1)).toBe("locked_out");
    expect(failed(wide, start)).toMatchObject({ cost: 5, dayCost: 5, dayStart: start });
  });

  test("drain: half of what may come at once is forgotten in half a day", () => {
    const full = spentDay();
    expect(failed(full, start + day)).toMatchObject({ dayCost: 3, dayStart: start + day });
    expect(failed(full, start + day / 2)).toMatchObject({ dayCost: 26, dayStart: start + day / 2 });
    expect(verdict(full, start - day)).toBe("locked_out"); // a clock that steps back drains nothing
  });

  test("at several tokens at once cost no more than what is left of the day", () => {
    const spent = { ...fresh, dayCost: 39, dayStart: start };
    const all = [spent, ...["b", "c", "d", "e"].map((id) => ({ ...fresh, id }))];
    const facts = { ...noFacts, person, factors: all };
    const ask = { application: vpn, nameKey: "ada", answer: "123456" };
    const { attempts } = reservation(facts, ask, { now: start + 1, locks: rules });
    expect(attempts.reduce((sum, { taken }) => sum + taken.cost, 0)).toBe(6);
  });

  test("are thirty in any 24 hours, wherever those begin", () => {
    const made: number[] = [];
    let factor = fresh;
    const guess = (now: number) => {
      if (verdict(factor, now) !== "granted") return false;
      factor = { ...failed(factor, now), fails: 0, attemptedAt: 0, lockedUntil: 0 };
      return made.push(now) > 0;
    };
    guess(start);
    while (guess(start + day - 1));
    while (guess(start + day));
    expect(made.filter((at) => at > start).length).toBeLessThanOrEqual(30);
  });

  test("a method that is not known any more costs as much as any", () => {
    expect(failed({ ...fresh, method: "carrier pigeon" }, start)).toMatchObject({ cost: 3 });
  });
});

//
test("no attempt is taken where the application may have none looked at, and it hears that it has to wait", () => {
  const facts = { ...noFacts, person, factors: [fresh], isSpent: true };
  const ask = { application: vpn, nameKey: "ada", answer: "123456" };
  expect(reservation(facts, ask, { now: start, locks: rules })).toEqual({ answer: false, attempts: [] });
  expect(decided(facts, ask)).toEqual({ ...unseen, method: methods.get("totp") });
});

/**
 * The attacker knows the password and guesses whenever a guess is granted, at all tokens at once and at texts in turn; the
 * victim signs in every hour it can, which forgets the failures in a row. Gives the chance of each guess with its time.
 */
function guesses(factors: Factor[], days: number): { at: number; chance: number }[] {
  const made: { at: number; chance: number }[] = [];
  let state = factors;
  let signedIn = start;
  const attack = (now: number, ask: Partial<Ask>, challenge?: { factorId: string }) => {
    const open = challenge && {
      ...challenge,
      id: "chl",
      userId: person.id,
      method: "sms",
      applicationId: vpn.id,
      nameKey: null,
      state: "pending" as const,
      round: 0,
      tries: 0,
      mode: "",
      result: null,
      holder: null,
      isFallback: false,
      expected: null,
      offered: [],
      correlationId: "",
      expiresAt: now + 1,
    };
    const facts = { ...noFacts, person, factors: state, challenge: open };
    const { attempts } = reservation(
      facts,
      { application: vpn, nameKey: "ada", answer: "123456", ...ask },
      { now, locks: rules },
    );
    const taken = new Map(attempts.map((one) => [one.factor.id, one.taken]));
    state = state.map((factor) => ({ ...factor, ...taken.get(factor.id) }));
    const width = attempts.reduce((sum, { factor }) => sum + methods.get(factor.method)!.width(factor.parameters), 0);
    if (width > 0) made.push({ at: now, chance: width / 1_000_000 });
    return width > 0;
  };
  for (let now = start; now < start + days * day; now += 30 * second) {
    if (now - signedIn >= 60 * minute && verdict(state[0]!, now, state) === "granted") {
      signedIn = now;
      state = state.map((factor) => ({ ...factor, fails: 0, attemptedAt: 0, lockedUntil: 0 }));
    }
    while (attack(now, {}));
    for (const { id, method } of state) if (method === "sms") attack(now, { challengeId: "chl" }, { factorId: id });
  }
  return made;
}
const total = (made: { chance: number }[]) => made.reduce((sum, { chance }) => sum + chance, 0);

//
describe("luck over thirty days of the best strategy", () => {
  const token = (id: number, window = 1): Factor => ({
    ...fresh,
    id: `fac_${id}`,
    parameters: JSON.stringify({ window }),
  });
  const phone = { ...fresh, id: "fac_phone", method: "sms", address: "+46701234567" };
  const tokens = (count: number, window: number) => Array.from({ length: count }, (_, id) => token(id, window));

  test.each([
    { count: 1, window: 0 },
    { count: 1, window: 1 },
    { count: 1, window: 2 },
    { count: 2, window: 1 },
    { count: 3, window: 2 },
    { count: 4, window: 1 },
    { count: 5, window: 1 },
  ])("is below one in ten thousand a day with $count tokens of window $window and a phone", ({ count, window }) => {
    const made = guesses([...tokens(count, window), phone], 30);
    expect(total(made) / 30).toBeLessThan(1e-4);
    // and the attack was one: it used what there is
    expect(total(made) / 30).toBeGreaterThan(1e-5);
  });
});

test("whatever the order of failures, their cost in a day never passes the budget by more than the last guess", () => {
  const moves = fc.array(fc.tuple(fc.nat(2), fc.integer({ min: 0, max: 2 * 60 * minute })), { maxLength: 200 });
  fc.assert(
    fc.property(moves, (list) => {
      let all = ["a", "b", "c"].map((id) => ({ ...fresh, id }));
      let now = start;
      for (const [which, wait] of list) {
        now += wait;
        const one = all[which]!;
        const taken = nextAttempt(one, all, { now, rules });
        if (typeof taken === "string") continue;
        all = all.map((factor) => (factor === one ? { ...factor, ...taken } : factor));
        const spent = all.reduce((sum, { dayStart, dayCost }) => sum + (dayStart > now - day ? dayCost : 0), 0);
        expect(spent).toBeLessThanOrEqual(90);
        expect(taken.fails).toBe(one.fails + 1);
      }
    }),
    { numRuns: 200 },
  );
});
