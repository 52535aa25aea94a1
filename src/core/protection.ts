/** How well someone's sign-in is protected, in a word, and the one thing that would help most. Pure. */

import { recoveryCodes } from "./methods/recovery.ts";
import { isLasting } from "./registration.ts";

export type Protection = "strong" | "fine" | "weak";
export type Advice = "any" | "passkey" | "safer" | "backup" | "codes";

/** texts and calls can be redirected, and whole numbers taken over. */
const restricted: ReadonlySet<string> = new Set(["sms", "voice", "sms-reply"]);

/** `kinds` are those that can be used now, one entry a method; `codesLeft` of the sheet of recovery codes. */
export function protectionOf({ kinds, codesLeft }: { kinds: readonly string[]; codesLeft: number }): {
  protection: Protection;
  advice: Advice | null;
} {
  const lasting = kinds.filter(isLasting);
  if (lasting.length === 0) return { protection: "weak", advice: "any" };
  if (lasting.every((kind) => restricted.has(kind))) return { protection: "weak", advice: "safer" };
  if (lasting.length === 1 && codesLeft === 0) return { protection: "fine", advice: "backup" };
  if (!lasting.includes("passkey")) return { protection: "fine", advice: "passkey" };
  // a sheet of which a code was used is replaced
  const running = kinds.includes("recovery") && codesLeft < recoveryCodes;
  return { protection: "strong", advice: running ? "codes" : null };
}
