/**
 * The client of Countersign's REST API. Must stay true: `allowed` is true only for a verdict that the server signed for
 * this very question, now. Whatever else happens (no connection, a stranger's answer, an old one, a broken one) is a no:
 * an attacker who redirects or cuts the line gains nothing.
 */

import type { components } from "./openapi.d.ts";
import { exchange, type Line, type Sent } from "./line.ts";
import { requestOn, type Request } from "./requests.ts";
import { importKeys, randomText, readVerdict, type Keys, type Verdict } from "./signing.ts";

export { RequestError } from "./requests.ts";

type Schemas = components["schemas"];
export type Prompt = Schemas["Prompt"];

/** Who is to be verified. `code` is one that the person has entered already; without it a challenge may follow. */
export type VerifyInput = Omit<Schemas["VerificationRequest"], "nonce">;

/** A question that waits for the person's answer: show what `prompt` asks for, then call `answer`. */
export type Challenge = { id: string; prompt?: Prompt; expiresAt?: number };

export type Result =
  | { allowed: true; correlationId: string }
  | {
      allowed: false;
      /** `unavailable`: no answer that can be believed, for the `problem` named. It is a no like any other. */
      reason: "challenge" | "denied" | "unavailable";
      /** with `challenge`: ask the person; with `denied`: they may try again */
      challenge?: Challenge;
      /** for the person to quote to support */
      correlationId?: string;
      /** for your log, not for the person */
      problem?: string;
    };

export type ClientOptions = {
  /** where the API is, such as `https://mfa.example.org` */
  url: string;
  keyId: string;
  secret: string;
  fetch?: typeof fetch;
};

export type Client = {
  /** Starts a verification; ends it at once when `code` is right. */
  verify(input: VerifyInput): Promise<Result>;
  /**
   * Answers a challenge: with the code, or with the digit of another method. `username` is whom you are signing in, from
   * your own session, so that nobody gets in by a challenge of their own.
   */
  answer(challenge: Challenge, answer: { username: string; response: string }): Promise<Result>;
  /**
   * Waits until the person has answered on the phone, or the challenge has ended. An approval is told once, so whoever waits
   * first is let in; one that was typed is told to `answer` alone.
   */
  wait(challenge: Challenge, options: { username: string; signal?: AbortSignal }): Promise<Result>;
  /**
   * Anything else that the API describes and the key may do: `request("post", "/api/v1/registrations", { body: … })`. Throws
   * a `RequestError` when the server refuses. No answer to it means that somebody may go on: only `verify` says that.
   */
  request: Request;
};

const waitSeconds = 25;
/** How old a verdict may be, in seconds: no more than the clocks of both sides may differ. */
const verdictAge = 300;

const collection = "/api/v1/verifications";
const pathOf = ({ id }: Challenge) => `${collection}/${encodeURIComponent(id)}`;

export function createClient({ url, keyId, secret, fetch: send = fetch }: ClientOptions): Client {
  let keys: Promise<Keys> | undefined;
  const line = async (): Promise<Line> => ({
    base: url.replace(/\/+$/, ""),
    keyId,
    keys: await (keys ??= importKeys(secret)),
    send,
  });
  async function settle(question: Question, isAbout: (verdict: Verdict) => boolean): Promise<Result> {
    try {
      return resultOf(await ask(await line(), question), isAbout);
    } catch (error) {
      return unavailable(error instanceof Error ? error.message : "unknown");
    }
  }
  return {
    request: requestOn(line),
    async verify(input) {
      const nonce = randomText();
      const question: Question = { method: "POST", path: collection, body: { ...input, nonce }, nonce };
      return await settle(question, ({ sub, challenge }) => sub === input.username && challenge === null);
    },
    async answer(challenge, { username, response }) {
      const nonce = randomText();
      const path = `${pathOf(challenge)}/answers`;
      const question: Question = { method: "POST", path, body: { username, response, nonce }, nonce };
      return await settle(question, concerns(challenge, username));
    },
    async wait(challenge, { username, signal }) {
      for (;;) {
        const nonce = randomText();
        const query = `wait=${waitSeconds}s&username=${encodeURIComponent(username)}&nonce=${nonce}`;
        const path = `${pathOf(challenge)}?${query}`;
        const question: Question = { method: "GET", path, nonce, ...(signal && { signal }) };
        const result = await settle(question, concerns(challenge, username));
        if (result.allowed || result.reason !== "challenge") return result;
      }
    },
  };
}

const unavailable = (problem: string): Result => ({ allowed: false, reason: "unavailable", problem });

const concerns =
  ({ id }: Challenge, username: string) =>
  ({ challenge, sub }: Verdict) =>
    challenge === id && sub === username;

type Question = Sent & { nonce: string };
type Answer = { verdict: Verdict; body: Schemas["Verification"] };

/** The server's answer, once it is proved to be the server's, to this question and of now. Throws otherwise. */
async function ask(line: Line, { nonce, ...sent }: Question): Promise<Answer> {
  const response = await exchange(line, sent);
  const answer = (await response.json()) as Schemas["Verification"];
  if (typeof answer.verdict !== "string") throw new Error(`the server answered ${response.status}, no verdict`);
  const verdict = await readVerdict(line.keys, answer.verdict);
  if (verdict.aud !== line.keyId || verdict.nonce !== nonce) throw new Error("the verdict answers another request");
  // not `>`: a time that is no number must not pass
  if (!(Math.abs(Date.now() / 1000 - verdict.iat) <= verdictAge)) throw new Error("the verdict is not of now");
  return { verdict, body: answer };
}

/** Only what was signed decides; the body's other fields are for showing. */
function resultOf({ verdict, body }: Answer, isAbout: (verdict: Verdict) => boolean): Result {
  const { result, cid: correlationId } = verdict;
  if (result === "allowed")
    return isAbout(verdict) ? { allowed: true, correlationId } : unavailable("the verdict is about another");
  if (result === "challenge") return { allowed: false, reason: result, correlationId, ...challengeOf(verdict, body) };
  if (result !== "denied") return { ...unavailable("the server could not decide"), correlationId };
  return { allowed: false, reason: result, correlationId, ...(body.retry && challengeOf(verdict, body)) };
}

function challengeOf({ challenge: id }: Verdict, { prompt, expiresAt }: Answer["body"]): { challenge?: Challenge } {
  if (id === null) return {};
  return { challenge: { id, ...(prompt && { prompt }), ...(expiresAt !== undefined && { expiresAt }) } };
}
