/** How well someone's sign-in is protected, in a word, and the one thing that would help most. Pure. */

import { isLasting } from "./registration.ts";

export type Protection = "strong" | "fine" | "weak";
export type Advice = "any" | "passkey" | "safer" | "backup" | "codes";

/** A sheet with so few codes left is soon none. */
const fewCodes = 3;

/** `kinds` are those that can be used now, one entry a method; `codesLeft` of the sheet of recovery codes. */
export function protectionOf({ kinds, codesLeft }: { kinds: readonly string[]; codesLeft: number }): {
  protection: Protection;
  advice: Advice | null;
} {
  const lasting = kinds.filter(isLasting);
  if (lasting.length === 0) return { protection: "weak", advice: "any" };
  // texts can be redirected, and whole numbers taken over
  if (lasting.every((kind) => kind === "sms")) return { protection: "weak", advice: "safer" };
  if (lasting.length === 1 && codesLeft === 0) return { protection: "fine", advice: "backup" };
  if (!lasting.includes("passkey")) return { protection: "fine", advice: "passkey" };
  const running = kinds.includes("recovery") && codesLeft <= fewCodes;
  return { protection: "strong", advice: running ? "codes" : null };
}
