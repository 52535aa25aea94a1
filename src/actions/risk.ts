/**
 * Whoever the organisation asks about a number before a text or call goes to it: whether its SIM was changed, the number ported,
 * calls forwarded. Must stay true: they can only say no; what they do not say in time is no for privileged groups.
 */

import { z } from "zod";
import { hmacKey } from "#core/crypto/hmac.ts";
import type { Deps } from "./deps.ts";

export type RiskQuestion = {
  number: string;
  userId: string;
  channel: "sms" | "voice";
  purpose: "sign_in" | "registration" | "trial";
};

const answered = z.object({ decision: z.enum(["allow", "veto"]) });

/** What whoever is asked checks that it is us by: HMAC-SHA-256 over `time.body`, in hexadecimal digits. */
export const riskKey = (deps: Deps): string => deps.keys.mac("number", "risk hook").toString("hex");

/** True: nothing may be sent. `isPrivileged`: silence is a no. */
export async function isVetoed(
  deps: Deps,
  question: RiskQuestion,
  { isPrivileged }: { isPrivileged: boolean },
): Promise<boolean> {
  const settings = deps.settings.values();
  const url = settings["phone.risk-url"];
  if (url === "") return false;
  const decision = await ask(deps, url, question).catch(() => undefined);
  if (decision !== undefined) return decision === "veto";
  deps.log.warn("the risk check of a number was not answered", { channel: question.channel });
  return isPrivileged || settings["phone.risk-silence"] === "veto";
}

async function ask(deps: Deps, url: string, question: RiskQuestion): Promise<"allow" | "veto"> {
  const body = JSON.stringify(question);
  const time = String(deps.clock.now());
  const key = hmacKey("sha256", Buffer.from(riskKey(deps), "hex"));
  const signature = key.digest(`${time}.${body}`).toString("hex");
  const over = new AbortController();
  const stopClock = deps.clock.after(deps.settings.values()["phone.risk-seconds"] * 1000, () => over.abort());
  try {
    const headers = {
      "content-type": "application/json",
      "countersign-time": time,
      "countersign-signature": signature,
    };
    const answer = await deps.net({ method: "POST", url, headers, body, signal: over.signal });
    if (answer.status !== 200) throw new Error("no answer");
    return answered.parse(JSON.parse(answer.body)).decision;
  } finally {
    stopClock();
  }
}
