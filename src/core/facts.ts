import type { FirstFactor } from "./first-factor.ts";

/** What is known when a decision is made: plain data, read in one commit by store/facts.ts. */

import type { ResultCode } from "./results.ts";

export type Person = {
  id: string;
  nameKey: string;
  username: string;
  displayName: string | null;
  firstName: string | null;
  lastName: string | null;
  email: string | null;
  language: string | null;
  state: "disabled" | "enabled" | "enforced";
  /** epoch ms; of the past: not blocked */
  blockedUntil: number;
  passwordHash: string | null;
  /** the directory that the person is at home in */
  directoryId: string | null;
  /** somebody else chose the password */
  passwordExpired: boolean;
  /** owes a registration or has once registered, so that having no method is no excuse */
  mustRegister: boolean;
  defaultMethod: string | null;
  /** a keyed hash; null: has none */
  pinMac: Uint8Array | null;
  /** epoch ms */
  pinChangedAt: number;
  pinMustChange: boolean;
  createdAt: number;
};

/**
 * `counter` is the newest step (or code) accepted and only rises; `drift` is the method's own: an app's clock in steps, a
 * passkey's signature counter; `fails` counts attempts not given back.
 */
export type Factor = {
  id: string;
  method: string;
  name: string | null;
  sealedSecret: Uint8Array | null;
  parameters: string;
  address: string | null;
  counter: number;
  drift: number;
  fails: number;
  attemptedAt: number;
  lockedUntil: number;
  dayCost: number;
  dayStart: number;
  /** epoch ms; null: does not end by itself */
  expiresAt: number | null;
  createdAt: number;
  /** being set up: it is there for the challenge that proves it, and for nothing else */
  isNew?: boolean;
  /** its codes come from a hardware token, which its owner knows by this name */
  token?: string;
};

export type Challenge = {
  id: string;
  userId: string;
  factorId: string;
  method: string;
  applicationId: string;
  /** the name by which it was asked for; a person of a directory has several */
  nameKey: string | null;
  /** an approval that came by phone is consumed by whoever waits for it, once */
  state: "pending" | "approved" | "consumed" | "denied" | "superseded" | "cancelled";
  mode: string;
  /** how it ended */
  result: ResultCode | null;
  /** the RADIUS request that its answer is for: the newest of those that joined */
  holder: string | null;
  /** it is asked for because the phone was not answered */
  isFallback: boolean;
  round: number;
  tries: number;
  expected: Uint8Array | null;
  /** Ids of the factors that digits 1, 2, … stand for. */
  offered: string[];
  correlationId: string;
  expiresAt: number;
};

/**
 * `taken` are the factors for which an attempt was granted; `answered` says that this answer won its round; `isSpent`, that its
 * application has given so many wrong ones that none is looked at now.
 */
export type Facts = {
  person: Person | undefined;
  factors: Factor[];
  challenge: Challenge | undefined;
  taken: ReadonlyMap<string, Taken>;
  answered: boolean;
  isSpent?: boolean;
};

/** What taking an attempt writes, and whether it locks the factor until the attempt is given back. */
export type Taken = {
  fails: number;
  attemptedAt: number;
  lockedUntil: number;
  cost: number;
  dayCost: number;
  dayStart: number;
};

export const noFacts: Facts = {
  person: undefined,
  factors: [],
  challenge: undefined,
  taken: new Map(),
  answered: false,
};

/**
 * Who asks: a RADIUS client or an integration. `firstFactor` is where the password is checked; with `none` the
 * application's word is the primary credential.
 */
export type Application = {
  id: string;
  name: string;
  firstFactor: FirstFactor;
  canChallenge: boolean;
  /** The right password is enough here, and is recorded so. */
  passwordSuffices?: ResultCode;
  /** An approval that transfers no secret is good enough here. */
  plainApproval?: true;
  /** After a phone that was not answered it asks for a code of the app or token (fact sheet 2.11). */
  fallback?: true;
  /** It leads to a new password, so a number that was bound of late is not enough. */
  recovers?: true;
  /** It shows pages of ours, on which the methods that need one work. */
  pages?: true;
  /** Whom nobody can verify: refused, or let through until this time (epoch ms; R-130). */
  allowWithoutMethodUntil: number;
};

/** the password was seen by the application alone, not by a page of ours, so its word is the primary credential. */
export const vouches = ({ firstFactor, pages }: Application): boolean => firstFactor === "none" && !pages;
