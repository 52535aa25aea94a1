/** The contract of a way of verifying a person. A method is pure: from what is known to what to do. */

import type { DenyCode } from "../outcome.ts";
import type { ResultCode } from "../results.ts";

/** The moment a method is asked to act: everything impure it may use, already taken. */
export type Moment = { now: number; randomInt: (below: number) => number };

/** A person's factor as a method sees it: its seed unsealed for the moment, its counter a number that only rises. */
export type Seen = {
  secret: Uint8Array;
  parameters: string;
  counter: number;
  drift: number;
  address: string | null;
};

/**
 * `code` is remembered only as a keyed hash bound to the challenge; `shown`: the code is one that the page shows, made from
 * the challenge itself, and typed on the phone.
 */
export type Begun = { code?: string; shown?: true; message?: "sms" | "voice" | "push"; mode?: string };

/**
 * What a method can build on where it is asked for. `screen`: a page or a client's window that shows a text; `plain`: an
 * administrator allows an approval that transfers no secret (mission G1); `pin`: the person has one; `pinWanted`: and an
 * administrator wants it with this method.
 */
export type Circumstances = { screen: boolean; plain: boolean; pin: boolean; pinWanted: boolean };

/** The person's PIN for one check; `expired`: it counts no more until it is changed. */
export type Pin = { matches: (typed: string) => boolean; expired: boolean };

/** What was sent for the challenge at hand, as its hash, and how an answer hashes (keyed and bound to the challenge). */
export type Sent = { hash: Uint8Array; hashOf: (answer: string) => Uint8Array };

/**
 * The verdict on what only an action can look at, a passkey's signature: for this factor, and this answer, alone. No edge can
 * give one.
 */
export type Proof = { factorId: string; ok: boolean; userVerified: boolean; signCount: number };

/** `final`: there is no other try at this challenge. */
export type Checked =
  | { ok: true; counter: number; drift: number; result?: ResultCode }
  | { ok: false; code: WrongCode; result?: ResultCode; final?: true };
export type WrongCode = Extract<DenyCode, "wrong_code" | "code_duplicate" | "code_old" | "pin_expired">;

/** How the record names what happened with this method. */
export type MethodResults = Record<
  "asked" | "verified" | Exclude<WrongCode, "pin_expired"> | "expired" | "too_many_tries" | "not_sent",
  ResultCode
> & {
  /** verified after another method was not answered: it may be asked for then */
  fallback?: ResultCode;
};

export type Checking = {
  factor: Seen;
  sent: Sent | undefined;
  answer: string;
  proof?: Proof | undefined;
  /** as the challenge was begun */
  mode?: string;
  pin?: Pin | undefined;
};

export type Method = {
  id: string;
  /** RFC 8176 value that this method alone may claim; undefined: it proves nothing to others (mission B). */
  amr: string | undefined;
  /** The code exists before anyone asks for it, so it may come with the first packet. */
  standing: boolean;
  results: MethodResults;
  /** Its factors hold a sealed secret: one without was altered. */
  sealed?: true;
  /** Works where a page of ours is shown and nowhere else. */
  pages?: true;
  /** Answered on the person's phone; whoever asked waits for it, and answers nothing. */
  outOfBand?: true;
  /** How it is done in these circumstances; undefined: it cannot be. Without this there is one way. */
  mode?(here: Circumstances): string | undefined;
  /** Used up, so that it is not offered any more. */
  over?(factor: { counter: number }): boolean;
  /** How many different codes would be right at one moment: what a guess is worth. */
  width(parameters: string): number;
  /** How many digits are asked for. */
  length(parameters: string): number;
  begin(moment: Moment, mode?: string): Begun;
  check(input: Checking, moment: Moment): Checked;
};
