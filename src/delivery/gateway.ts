/**
 * The contract of a gateway: whoever carries texts or calls for an organisation. Must stay true: a gateway sends and reports,
 * and decides nothing; what it throws is `Undelivered`, so that nobody tries a second carrier while the first may have sent.
 */

import type { z } from "zod";
import type { CallEnd, Line } from "#core/call.ts";

/**
 * An exchange with the vendor over HTTPS; `signal` ends it after the ten seconds of R-053. Where there is no answer it throws
 * `Undelivered`.
 */
export type Ask = (request: {
  method: "GET" | "POST";
  url: string;
  headers?: Record<string, string>;
  body?: string;
  /** a body that is no text */
  octets?: Uint8Array;
  /** the address is not an administrator's own words: never one of the own network */
  publicOnly?: boolean;
  /** the connection is kept for what goes there next; repeating it must do no harm */
  keep?: boolean;
  signal: AbortSignal;
}) => Promise<{ status: number; body: string; retryAfter?: string | undefined }>;

/**
 * `sure`: the vendor said no, or was never reached, so that another may be tried at once; else it may have sent, and nobody
 * knows. `messageOnly`: it was about this message alone, and says nothing about the next. The reason is for administrators and
 * holds neither number nor text nor secret.
 */
export class Undelivered extends Error {
  readonly sure: boolean;
  readonly messageOnly: boolean;
  constructor(reason: string, { sure, messageOnly = false }: { sure: boolean; messageOnly?: boolean }) {
    super(reason);
    this.sure = sure;
    this.messageOnly = messageOnly;
  }
}

/** `options` are as the vendor's schema says, secrets among them; `callbackUrl` is public, ours, and names this gateway. */
export type Account<Options> = { options: Options; ask: Ask; callbackUrl: string; now: number };

/** `ref` is the vendor's own name for what was sent; `costMicros` what it says it costs, in millionths of `currency`. */
export type Sent = { ref: string; costMicros?: number; currency?: string };

/**
 * `id` is ours, and the same for the same message however often it is handed over. `reportUrl` is the callback address
 * that names this attempt: what is told there is known to be about it even if its `ref` never reached us.
 */
type Out = { id: string; to: string; from: string; reportUrl: string; signal: AbortSignal };
export type OutText = Out & { text: string };
export type OutCall = Out & { ringSeconds: number };

/** A request to /callbacks/<gateway> as it came; `url` is our public address of it with its query. */
export type Callback = {
  method: "GET" | "POST";
  url: string;
  headers: Record<string, string | undefined>;
  body: Buffer;
  clientIp: string;
};

/**
 * What a carrier tells about a text. `id` names the event itself, for telling repetitions; `at` is when it happened,
 * where the carrier says so of a reply: an old one is not believed.
 */
export type TextEvent = { id: string; at?: number } & (
  | { kind: "status"; ref: string; state: "delivered" | "failed"; reason?: string; costMicros?: number }
  | { kind: "reply"; from: string; to: string; text: string; inReplyTo?: string }
);

/**
 * What happens on a call; `ref` is the delivery that its `reportUrl` names. `digits`: the keys pressed until `#` (`closed`) or until the time was over, and the turn of the line
 * they answer; `machine`: voicemail has answered, as far as the carrier can tell.
 */
export type CallEvent =
  | { kind: "answered"; id: string; ref: string; machine?: boolean }
  | { kind: "digits"; id: string; ref: string; turn: number; digits: string; closed: boolean }
  | {
      kind: "ended";
      id: string;
      ref: string;
      how: CallEnd;
      costMicros?: number;
    };

export type Answered = { status: number; type: string; body: string };

/**
 * `options` has one zod field an option with title and help; a secret's `meta` says `secret: true`. `check` authenticates a
 * callback on its raw body and our public address before `read` looks at it.
 */
type Vendor<Options> = {
  id: string;
  title: string;
  options: z.ZodType<Options> & { shape: Record<string, z.ZodType> };
};

export type TextGateway<Options = unknown> = Vendor<Options> & {
  send(account: Account<Options>, text: OutText): Promise<Sent>;
  callback?: {
    check(account: Account<Options>, request: Callback): boolean;
    read(request: Callback): TextEvent | undefined;
    /** what the vendor wants to hear; 204 and nothing where it does not say */
    answer?: Answered;
  };
};

export type VoiceGateway<Options = unknown> = Vendor<Options> & {
  /** whether it can speak text; otherwise every line must be a recording */
  speaks: boolean;
  place(account: Account<Options>, call: OutCall): Promise<Sent>;
  callback: {
    check(account: Account<Options>, request: Callback): boolean;
    read(request: Callback): CallEvent | undefined;
    /** What is heard next, and whether we listen then; `account.callbackUrl` is this call's own, as its `reportUrl` was. */
    render(line: Line, account: Account<Options>): Answered;
  };
};
