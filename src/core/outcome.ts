/** What every edge gets back from a verification, and all it gets back. Stored as JSON, so that any node can render it. */

export type Outcome =
  | {
      kind: "allow";
      correlationId: string;
      userId: string;
      username: string;
      methods: string[];
      gate: string;
    }
  | ({ kind: "challenge"; correlationId: string; userId: string } & Open)
  /** `userId`: who it is, once the password was right and no method could be asked for */
  | { kind: "deny"; correlationId: string; code: DenyCode; retry?: Open; userId?: string };

/** A challenge that waits for an answer. `round` rises with each answer: an edge may insist on the newest. */
export type Open = { id: string; round: number; prompt: Prompt; expiresAt: number };

/**
 * `code`: it is typed where it was asked for. `wait`: the answer comes by phone; `number` is what is typed there, if anything.
 * `others` are the methods that may be asked for instead, in the order of their digits.
 */
export type Prompt = {
  kind: "code" | "wait";
  number?: string;
  /** the PIN is asked for, after the code where there is one */
  pin?: true;
  method: string;
  /** the person's, for the edges that speak to them */
  language: string | null;
  length: number;
  sentTo?: string;
  /** what its owner calls the hardware token whose code is asked for */
  token?: string;
  digit: number;
  others: { digit: number; method: string; sentTo?: string; token?: string }[];
};

/** Why, for the record and the administrator. An unauthenticated caller cannot tell these apart. */
export const denyCodes = [
  "unknown_person",
  "person_disabled",
  "person_blocked",
  "number_blocked",
  "wrong_password",
  "password_expired",
  "no_method",
  "wrong_code",
  "code_duplicate",
  "code_old",
  "pin_expired",
  "declined",
  "no_answer",
  "unreachable",
  "busy",
  "too_many_tries",
  "expired",
  "superseded",
  "cancelled",
  "foreign_challenge",
  "locked_out",
  "throttled",
  "method_broken",
  "unavailable",
] as const;
export type DenyCode = (typeof denyCodes)[number];
