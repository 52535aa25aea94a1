/** What a decision is made of and what it may be: the words that core and actions share. */

import type { Application, Challenge, Factor, Facts } from "./facts.ts";
import type { Begun, Method, Moment, Pin, Proof, Seen, Sent } from "./methods/method.ts";
import type { DenyCode } from "./outcome.ts";
import type { ResultCode } from "./results.ts";

/** The verdict on a password; `unknown`: whose it would be, nobody knows. */
export type Primary = "right" | "wrong" | "unknown" | "throttled" | "unavailable";

/** What an edge asks. A first call has no `challengeId`; `password` is the verdict on it once it was looked at. */
export type Ask = {
  application: Application;
  nameKey: string | undefined;
  password?: Primary;
  answer?: string | undefined;
  proof?: Proof | undefined;
  /** methods that an administrator has switched off */
  off?: ReadonlySet<string> | undefined;
  /** whether nobody can carry a text or call to it now */
  unreachable?: ((factor: Factor) => boolean) | undefined;
  /** methods that want the PIN too, of people who have one */
  pinFor?: ReadonlySet<string> | undefined;
  method?: string | undefined;
  /** A factor that is being set up: it alone is asked for. No edge can say so. */
  newFactor?: string | undefined;
  /** for how long a number that was bound later than its person came here recovers nothing */
  coolOffMs?: number | undefined;
  challengeId?: string | undefined;
  round?: number | undefined;
  /** The answer comes from the person's phone, or this is what became of the call. No edge can say so. */
  byPhone?: "answer" | { ended: ResultCode } | undefined;
  /** the machine that the person sits at, as a RADIUS client names it */
  station?: string | undefined;
  /** who waits for the phone's answer, where several may */
  holder?: string | undefined;
};

export type LockRules = {
  /** consecutive failures that lock a factor, and for how long (ms) */
  lockAfter: number;
  lockMs: number;
  /** consecutive failures after which only a new binding helps */
  disableAfter: number;
  /** failed codes a person may enter in 24 hours, over all factors */
  perDay: number;
};
export type Rules = { locks: LockRules; tries: number };
export type Case = {
  facts: Facts;
  ask: Ask;
  rules: Rules;
  moment: Moment;
  /** unseals a factor for this decision */
  seen: (factor: Factor) => Seen;
  sent: (challenge: Challenge) => Sent | undefined;
  pin: Pin | undefined;
};

export type Accepted = { factor: Factor; counter: number; drift: number };
export type Decision =
  | { kind: "ask"; gate: "password" }
  | { kind: "allow"; gate: string; result: ResultCode; method?: Method; accepted: Accepted[] }
  | {
      kind: "deny";
      gate: string;
      code: DenyCode;
      result: ResultCode;
      method?: Method;
      free: boolean;
      retry: boolean;
      /** it is in the log already */
      recorded?: true;
    }
  | { kind: "challenge"; gate: string; factor: Factor; method: Method; begun: Begun; offered: Factor[] }
  | { kind: "join"; gate: string; challenge: Challenge };
