// An application that verifies people over REST: requests signed beforehand, so that many can leave at one moment.
import { authorization, importKeys } from "../../sdk/src/signing.ts";
import { totp, userName } from "../../bench/people.ts";
import type { Node } from "./node.ts";
import type { Verdict, Witness } from "./witness.ts";

const target = "/api/v1/verifications";
const verdicts: Record<number, Verdict> = { 200: "accept", 202: "challenge", 403: "reject" };

export type RestAnswer = {
  status: number;
  verdict: Verdict;
  body: Record<string, unknown>;
  sentAt: number;
  repliedAt: number;
};
export type Caller = Awaited<ReturnType<typeof makeCaller>>;

type Key = { id: string; secret: string };
type Call = { path?: string; body: object; user?: number; step?: number };

export async function addApiKey(node: Node, more: readonly string[] = ["--first-factor", "none"]): Promise<Key> {
  return await node.ask<Key>(["api-key", "add", "--name", "shop", "--scope", "verify", ...more]);
}

export async function makeCaller({ id, secret }: Key, witness?: Witness) {
  const keys = await importKeys(secret);

  /** Signed and ready; gives what sends it. Status 0 is no HTTP answer at all. */
  async function sign({ path = target, body, user, step }: Call) {
    const text = JSON.stringify(body);
    const header = await authorization(keys, { keyId: id, method: "POST", target: path, body: text });
    const headers = { authorization: header, "content-type": "application/json" };
    return async (url: string): Promise<RestAnswer> => {
      const seen = user === undefined ? undefined : witness?.sent(user, step ?? 0);
      const sentAt = performance.now();
      const response = await fetch(url + path, { method: "POST", headers, body: text }).catch(() => undefined);
      const answer = (await response?.json().catch(() => ({}))) as Record<string, unknown> | undefined;
      const status = response?.status ?? 0;
      const verdict = verdicts[status] ?? "unavailable";
      if (seen !== undefined) witness?.answered(seen, verdict);
      return { status, verdict, body: answer ?? {}, sentAt, repliedAt: performance.now() };
    };
  }
  return {
    sign,
    /** A person and the code of a step. */
    signLogin: async (user: number, step: number) =>
      await sign({ body: { username: userName(user), code: totp(user, step) }, user, step }),
  };
}
